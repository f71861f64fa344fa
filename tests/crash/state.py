"""The state of a database as something that can be compared: without ids and times, by what a person
would recognise a row by. And what must hold in every state."""
import hashlib
import json
import subprocess

import harness
from engines import raw

JOB = """(SELECT j.original_filename FROM bulk_upload_jobs j
          WHERE j.owner_id = {0}.owner_id AND j.id = {0}.{1})"""

PREDICTIONS = f"""
SELECT {JOB.format("p", "job_id")}, p.job_row, c.symbol, p.reporting_year, p.reporting_quarter, p.job_link,
  p.source, p.derived_from IS NULL, {JOB.format("p", "root_job_id")}, p.sector, p.market_cap, p.risk_level,
  p.confidence, p.model_id, p.is_current, p.created_by, p.long_term_debt_to_total_capital,
  p.total_debt_to_ebitda, p.net_income_margin, p.ebit_to_interest_expense, p.return_on_assets, p.probability
FROM annual_predictions p JOIN companies c ON c.owner_id = p.owner_id AND c.id = p.company_id
ORDER BY p.owner_id, 1, p.job_row, c.symbol, p.reporting_year, p.created_at"""

COMPANIES = f"""
SELECT c.owner_id, c.symbol, c.name, c.sector, {JOB.format("c", "job_id")}, c.job_row, c.created_by,
  c.deleted_at IS NULL FROM companies c ORDER BY c.owner_id, c.symbol"""

PROBLEMS = f"""
SELECT {JOB.format("e", "job_id")}, e.severity, e.job_row, e.seq, e.column_name, e.code, e.message, e.value,
  e.raw FROM bulk_upload_errors e ORDER BY e.owner_id, 1, e.severity, e.job_row, e.seq"""

JOBS = """
SELECT original_filename, status, status_before, hides_rows, hides_inferred, cancel_requested, options,
  file_size, file_sha256, total_rows, processed_rows, successful_rows, failed_rows, skipped_rows,
  unchanged_rows, replaced_rows, warning_count, companies_created, resume_row, bytes_done, error_message,
  first_id IS NULL, last_id IS NULL, started_at IS NULL, completed_at IS NULL, deleted_at IS NULL
FROM bulk_upload_jobs ORDER BY owner_id, created_at"""

COUNTS = f"""
SELECT n.kind, {JOB.format("n", "job_id")}, n.reporting_year, n.risk_level, n.sector, sum(n.delta)
FROM prediction_counts n GROUP BY n.owner_id, n.kind, n.job_id, n.reporting_year, n.risk_level, n.sector
HAVING sum(n.delta) <> 0 ORDER BY n.owner_id, 1, 2, 3, 4, 5"""

DELETIONS = f"""
SELECT {JOB.format("d", "job_id")}, d.kind, d.reason, d.record_only, d.state, d.expected_rows, d.deleted_rows,
  d.edits_kept, d.inferred_kept, d.already_deleted, d.companies_empty, d.companies_deleted,
  d.completed_at IS NULL FROM deletions d ORDER BY d.owner_id, d.created_at"""

AUDIT = """
SELECT owner_id, actor, via, action, object_kind, row_count, reason, details IS NULL
FROM audit_events WHERE action <> 'user.signed_in' ORDER BY owner_id, seq"""

PARTS = {"annual_predictions": PREDICTIONS, "companies": COMPANIES, "bulk_upload_errors": PROBLEMS,
         "bulk_upload_jobs": JOBS, "prediction_counts": COUNTS, "deletions": DELETIONS,
         "audit_events": AUDIT, "work_queue": "SELECT task, position FROM work_queue"}


def dump(session):
    return {part: session.execute(query).fetchall() for part, query in PARTS.items()}


def differences(is_, should):
    """The first few rows that differ, part by part, as text; empty when there are none."""
    found = []
    for part, rows in should.items():
        if is_[part] == rows:
            continue
        here, there = set(is_[part]), set(rows)
        extra = [row for row in is_[part] if row not in there]
        missing = [row for row in rows if row not in here]
        found.append(f"{part}: {len(is_[part])} rows instead of {len(rows)}; "
                     f"{len(extra)} too many or other, such as {extra[:3]}; "
                     f"{len(missing)} missing or other, such as {missing[:3]}")
    return "\n".join(found)


# What must give no row while nothing is at work. What must hold in every state, at work or not, `obligor check`
# says; each query here is about more than that.
WRONG = {
    "a row of a job twice":
        """SELECT owner_id, job_id, job_row FROM {table} WHERE job_id IS NOT NULL
           GROUP BY owner_id, job_id, job_row HAVING count(*) > 1""",
    "a current prediction of a deleted company, seen or not":
        """SELECT p.id FROM {table} p JOIN companies c ON c.owner_id = p.owner_id AND c.id = p.company_id
           WHERE p.is_current AND c.deleted_at IS NOT NULL""",
}
WRONG_ONCE = {
    "a job whose counters do not add up, whatever became of it":
        """SELECT id FROM bulk_upload_jobs WHERE status <> 'receiving' AND processed_rows <>
           successful_rows + failed_rows + skipped_rows + unchanged_rows""",
    "a row that is hidden while nothing is at work":
        "SELECT id FROM bulk_upload_jobs WHERE hides_rows OR hides_inferred",
    "a task that is left over": "SELECT id FROM work_queue",
}


def violated(session):
    """What `obligor check` finds, files too."""
    done = subprocess.run([harness.BINARY, "check", "--files", "--json", "--db", session.url],
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return [f"obligor check gave {done.returncode}: {done.stderr}"]
    return [f"{i['name']}: {i['holds']} {i['violations']} times not, such as {i['first']}"
            for i in json.loads(done.stdout)["invariants"] if i["violations"] > 0]


def wrong(session):
    """What does not hold, as text; empty when all does."""
    found = violated(session)
    for word in ("annual", "quarterly"):
        table = word + "_predictions"
        for what, query in WRONG.items():
            rows = session.execute(query, table=table).fetchall()
            if rows:
                found.append(f"{table}: {what}: {len(rows)}, such as {rows[:3]}")
    for what, query in WRONG_ONCE.items():
        rows = session.execute(query).fetchall()
        if rows:
            found.append(f"{what}: {len(rows)}, such as {rows[:3]}")
    found += session.troubles()
    return "\n".join(found + broken_chains(session))


# --- the audit trail: the digests are computed here once more, from what audit.c says of them -----------

def number(value):
    return value.to_bytes(8, "big", signed=True)


def text(value):
    if value is None:
        return number(-1)
    return number(len(value.encode())) + value.encode()


def entry_digest(before, row):
    owner, seq, at, user, actor, via, address, request, action, kind, thing, count, reason, details, token = row
    return hashlib.sha256(
        before + raw(owner) + number(seq) + number(at) + raw(user) + text(actor) + text(via) + text(address) +
        text(request) + text(action) + text(kind) + raw(thing) + number(-1 if count is None else count) +
        text(reason) + text(details) + (b"" if token is None else text(token))).digest()


def broken_chains(session):
    found = []
    heads = {owner: (seq, raw(digest)) for owner, seq, digest in
             session.execute("SELECT owner_id, seq, digest FROM audit_heads")}
    ends = {owner: (0, bytes(32)) for owner, (seq, _) in heads.items() if seq == 0}
    for *row, digest in session.execute(
            "SELECT owner_id, seq, {at_micros}, user_id, actor, via, address, request_id, action, object_kind, "
            "object_id, row_count, reason, details, token, digest FROM audit_events ORDER BY owner_id, seq"):
        owner, seq = row[0], row[1]
        last, before = ends.get(owner, (0, bytes(32)))
        if seq != last + 1:
            found.append(f"audit chain of {raw(owner).hex()}: {seq} follows {last}")
        if entry_digest(before, row) != raw(digest):
            found.append(f"audit chain of {raw(owner).hex()}: entry {seq} does not fit its digest")
        ends[owner] = (seq, raw(digest))
    if ends != heads:
        found.append("audit: a head does not fit its chain")
    return found
