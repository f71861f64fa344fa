#!/usr/bin/env python3
"""Turns sql/queries/*.sql and sql/migrations/*.sql into store/statements.{h,c}.

A query file holds named statements:

    -- name: job_set_status
    -- what it is for (kept as documentation, not read)
    UPDATE … WHERE owner_id = $1 …;

Directives, each a comment line under the name:
    -- each kind          one statement for each kind of prediction, numbered side by side:
                          SQL_X is that of the first kind and SQL_X + kind that of the others
    -- scans TABLE: why   the plan may read all of TABLE, for this reason
    -- postgres / sqlite  this engine's text; the statement stands twice under one name
    -- postgres only      the other engine does without: its text is empty and is never run

{words} are replaced, in queries and migrations alike, by the tables below: an engine's word for a type, or
what differs between the kinds. {owner} is the parameter that a statement compares owner_id with: every table in
it is told the owner outright, because Citus takes it from no join. Nothing else is ever put into SQL.
"""
import hashlib
import pathlib
import re
import sys

ENGINES = ("sqlite", "postgres")

ENGINE_WORDS = {
    "sqlite": {
        "uuid": "BLOB", "time": "INTEGER", "real": "REAL", "bool": "INTEGER", "int": "INTEGER",
        "small": "INTEGER", "text": "TEXT", "bytes": "BLOB", "strict": "STRICT", "nil": "zeroblob(16)",
        "ordered_text": "TEXT", "no_digest": "zeroblob(32)", "epoch": "0",
        "for_update": "", "for_share": "", "skip_locked": "", "hex_of": "hex(", "hex_end": ")",
    },
    "postgres": {
        "uuid": "uuid", "time": "timestamptz", "real": "double precision", "bool": "boolean",
        "int": "bigint", "small": "smallint", "bytes": "bytea", "strict": "",
        "nil": "'00000000-0000-0000-0000-000000000000'",
        # Ordered by its bytes, and upper and lower change ASCII alone: as on SQLite and in C, whatever the
        # database's locale is.
        "text": 'text COLLATE "C"', "ordered_text": 'text COLLATE "C"',
        "no_digest": "decode(repeat('00', 32), 'hex')", "epoch": "'1970-01-01 00:00:00+00'",
        # Rows that refer to the locked one may still come: no key is ever changed.
        "for_update": "FOR NO KEY UPDATE", "for_share": "FOR SHARE",
        "skip_locked": "FOR UPDATE OF q SKIP LOCKED",
        "hex_of": "upper(encode(uuid_send(", "hex_end": "), 'hex'))",
    },
}

# The columns of an entry of the audit trail, and whether each of them holds what the program can have written: what
# was put there past it is reported, never stumbled over.
AUDIT_TEXTS = ("actor", "via", "address", "request_id", "action", "object_kind", "reason", "details", "token", "key_id")
AUDIT_COLUMNS = ("owner_id, seq, at, {user_id}, actor, via, address, request_id, action, object_kind, {object_id}, "
                 "row_count, reason, details, token, key_id, digest, {sound}")


def audit_words():
    def sixteen(name):
        return f"CASE WHEN length({name}) = 16 THEN {name} ELSE zeroblob(16) END AS {name}"
    texts = " || ".join(f"ifnull({name}, '')" for name in AUDIT_TEXTS)
    shared = "length(digest) = 32 AND (row_count IS NULL OR row_count >= 0)"
    sound = (f"({shared} AND length(user_id) = 16 AND length(object_id) = 16 "
             f"AND instr(CAST({texts} AS BLOB), x'00') = 0)")
    ENGINE_WORDS["sqlite"]["audit_columns"] = AUDIT_COLUMNS.format(
        user_id=sixteen("user_id"), object_id=sixteen("object_id"), sound=sound)
    ENGINE_WORDS["sqlite"]["whole_owner"] = "AND length(owner_id) = 16"
    ENGINE_WORDS["postgres"]["audit_columns"] = AUDIT_COLUMNS.format(
        user_id="user_id", object_id="object_id", sound=f"({shared})")
    ENGINE_WORDS["postgres"]["whole_owner"] = ""


audit_words()

# The same names as in src/model/kind.c; a test compares them.
KINDS = (
    ("annual",
     ("long_term_debt_to_total_capital", "total_debt_to_ebitda", "net_income_margin",
      "ebit_to_interest_expense", "return_on_assets"),
     ("probability",)),
    ("quarterly",
     ("total_debt_to_ebitda", "sga_margin", "long_term_debt_to_total_capital", "return_on_capital"),
     ("logistic_probability", "gbm_probability", "ensemble_probability")),
)
RATIO_MAX, SCORE_MAX = 5, 3

# Columns that every prediction has, in the order of prediction_store.c.
COMMON = ("owner_id", "id", "company_id", "reporting_year", "reporting_quarter", "job_id", "job_row",
          "job_link", "source", "derived_from", "root_job_id", "sector", "market_cap", "risk_level",
          "confidence", "model_id", "is_current", "created_by", "created_at")


# What deletion_store.c reads of a deletion, with who asked for it.
DELETION = tuple(f"d.{name}" for name in (
    "id", "owner_id", "job_id", "kind", "user_id")) + ("u.email",) + tuple(f"d.{name}" for name in (
        "reason", "record_only", "include_inferred", "orphaned_companies", "state", "expected_rows", "deleted_rows",
        "edits_kept", "inferred_kept", "already_deleted", "companies_empty", "companies_deleted", "created_at",
        "completed_at", "subject", "phase", "object_id", "filter", "include_edited", "annual_rows", "edits_deleted",
        "held_rows", "versions_restored", "names_restored", "names_kept", "archived_rows", "settled_row",
        "cursor_kind", "cursor_at", "cursor_id", "restorable_until", "restored_rows", "restored_former",
        "restored_at", "restored_by", "purged_at", "purged_by", "purge_reason", "own_edits", "others_kept",
        "with_deletion"))


# What account_store.c reads of a user: the row, and the organization while it lets its members in.
USER = ("u.id, u.email, u.username, u.full_name, u.password_hash, u.role, u.is_active, u.verified_at, u.created_at, "
        "u.is_service, u.deleted_at, u.organization_id, o.id, o.name, o.allow_global_data_access")
USER_FROM = "LEFT JOIN organizations o ON o.id = u.organization_id AND o.is_active AND o.deleted_at IS NULL"

# What organization_store.c reads of an organization.
ORGANIZATION = ("g.id, g.slug, g.name, g.is_active, g.join_digest IS NOT NULL, g.join_enabled, g.default_role, "
                "g.max_users, g.allow_global_data_access, g.revision, g.created_by, g.created_at, g.updated_at, "
                "g.deleted_at, g.deletion_id, "
                "(SELECT count(*) FROM users m WHERE m.organization_id = g.id AND m.deleted_at IS NULL)")


def hidden(alias):
    """A row is hidden iff a job with its (owner_id, job_id) exists that hides it."""
    return ("EXISTS (SELECT 1 FROM bulk_upload_jobs h WHERE h.owner_id = {owner} "
            f"AND h.id = {alias}.job_id AND h.hides_rows AND ({alias}.job_link = 0 OR h.hides_inferred))")


# Words of a table's alias: {visible:a}; {visible} is of p. An id as text is looked for in a list of ids that are text.
ALIAS_WORDS = {"hidden": hidden, "visible": lambda alias: "NOT " + hidden(alias),
               "job_hex": lambda alias: f"{{hex_of}}{alias}.job_id{{hex_end}}",
               "root_job_hex": lambda alias: f"{{hex_of}}{alias}.root_job_id{{hex_end}}"}


def kind_words(index):
    word, ratios, scores = KINDS[index]
    columns = COMMON + ratios + scores

    def padded(names, to):
        return [f"p.{name}" for name in names] + ["NULL"] * (to - len(names))

    return {
        "kind": word,
        "kind_number": str(index),
        "table": f"{word}_predictions",
        "columns": ", ".join(columns),
        "placeholders": ", ".join(f"${n + 1}" for n in range(len(columns))),
        "headline": scores[-1],
        # What prediction_store.c reads: the row, then what is looked up with it.
        "selected": ", ".join([f"p.{name}" for name in COMMON] + padded(ratios, RATIO_MAX) +
                              padded(scores, SCORE_MAX) +
                              ["c.symbol", "c.name", "j.original_filename", "j.status", "m.name",
                               "m.version", "u.email"]),
        # The same without what is looked up: a whole row.
        "stored": ", ".join(list(COMMON) + padded(ratios, RATIO_MAX) + padded(scores, SCORE_MAX))
                  .replace("p.", ""),
        "looked_up": (
            "JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id "
            "JOIN models m ON m.id = p.model_id "
            "LEFT JOIN bulk_upload_jobs j ON j.owner_id = {owner} AND j.id = p.job_id "
            "LEFT JOIN users u ON u.id = p.created_by"),
        # The thirteen filters of a list, $1 to $13, in the order of prediction_store.c.
        "filters": (
            "($1 = 0 OR (($1 >> p.risk_level) & 1) = 1) AND ($2 = 0 OR (($2 >> p.source) & 1) = 1) "
            "AND ($3 = 0 OR (($3 >> p.reporting_quarter) & 1) = 1) "
            "AND ($4 = '' OR strpos($4, ',' || p.reporting_year || ',') > 0) "
            "AND ($5 = '' OR strpos($5, $6 || p.sector || $6) > 0) "
            "AND ($7 = '' OR strpos(c.symbol, $7) > 0) AND ($8 IS NULL OR p.created_by = $8) "
            "AND p.created_at >= $9 AND p.created_at < $10 "
            f"AND p.{scores[-1]} >= $11 AND p.{scores[-1]} <= $12 "
            "AND ($13 IS NULL OR p.company_id = $13)"),
    }


class Statement:
    def __init__(self, name, where):
        self.name, self.where = name, where
        self.each_kind, self.scans, self.engine, self.lines = False, "", None, []
        self.alone = False  # the other engine has none

    def text(self, engine, kind=None):
        words = dict(ENGINE_WORDS[engine], deletion=", ".join(DELETION), user=USER, their_organization=USER_FROM,
                     organization=ORGANIZATION)
        if match := re.search(r"owner_id = (\$\d+)", " ".join(self.lines)):
            words["owner"] = match.group(1)
        if kind is not None:
            words.update(kind_words(kind))
        return expand(" ".join(" ".join(self.lines).split()).rstrip("; "), words, self.where)


def fail(where, message):
    sys.exit(f"{where}: {message}")


def expand(text, words, where):
    def word(match):
        name, alias = match.groups()
        if name in ALIAS_WORDS:
            return ALIAS_WORDS[name](alias or "p")
        if name not in words or alias:
            fail(where, f"unknown word {match.group(0)}")
        return words[name]
    for _ in range(2):  # a word may hold words
        text = re.sub(r"\{(\w+)(?::(\w+))?\}", word, text)
    return text


def read_queries(path):
    statement, found = None, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path}:{number}"
        if match := re.fullmatch(r"-- name: (\w+)", line):
            statement = Statement(match.group(1), where)
            found.append(statement)
        elif line.startswith("--"):
            directive = line[2:].strip()
            if statement is None:
                continue
            if directive == "each kind":
                statement.each_kind = True
            elif directive in ENGINES:
                statement.engine = directive
            elif directive.removesuffix(" only") in ENGINES:
                statement.engine = directive.removesuffix(" only")
                statement.alone = True
            elif match := re.fullmatch(r"scans (\w+: .+)", directive):
                statement.scans += ("; " if statement.scans else "") + match.group(1)
        elif line.strip():
            if statement is None:
                fail(where, "text before the first name")
            statement.lines.append(line)
    return found


def parameter_count(text, where):
    numbers = {int(n) for n in re.findall(r"\$(\d+)", text)}
    if numbers != set(range(1, len(numbers) + 1)):
        fail(where, f"parameters are not $1..${len(numbers)} without a gap: {sorted(numbers)}")
    return len(numbers)


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", '\\n"\n    "') + '"'


def main(out_h, out_c, *sources):
    by_name, migrations = {}, []
    for source in sorted(map(pathlib.Path, sources)):
        if source.parent.name == "migrations":
            migrations.append(source)
            continue
        for statement in read_queries(source):
            variants = by_name.setdefault(statement.name, [])
            if any(v.engine is None or v.engine == statement.engine for v in variants):
                fail(statement.where, f"{statement.name} is there twice")
            variants.append(statement)

    rows, names = [], []
    for name, variants in by_name.items():
        for kind in range(len(KINDS)) if variants[0].each_kind else [None]:
            texts = {}
            for engine in ENGINES:
                chosen = [v for v in variants if v.engine in (None, engine)]
                if not chosen and variants[0].alone:
                    texts[engine] = ""
                    continue
                if len(chosen) != 1:
                    fail(variants[0].where, f"{name} has no text for {engine}")
                texts[engine] = chosen[0].text(engine, kind)
            count = parameter_count(texts["sqlite"] or texts["postgres"], variants[0].where)
            label = f"{name}.{KINDS[kind][0]}" if kind is not None else name
            names.append(f"SQL_{name.upper()}" + (f" + {kind}" if kind else ""))
            rows.append(f'    {{"{label}", {c_string(texts["sqlite"])},\n     '
                        f'{c_string(texts["postgres"])},\n     {count}, {c_string(variants[0].scans)}}},')

    lines, number = [], 0
    for name, variants in by_name.items():
        lines.append(f"    SQL_{name.upper()} = {number},")
        number += len(KINDS) if variants[0].each_kind else 1
    header = ["/* Made from sql/ by tools/make_statements.py. */",
              "#ifndef OBLIGOR_STORE_STATEMENTS_H", "#define OBLIGOR_STORE_STATEMENTS_H", "",
              "typedef struct Statement {", "    const char *name;", "    const char *sqlite;",
              "    const char *postgres;", "    int parameters;",
              "    const char *scans; /* why its plan may read a whole table; empty: it may not */",
              "} Statement;", "", "typedef struct Migration {", "    const char *name;",
              "    const char *sqlite;", "    const char *postgres;", "    const char *sha256;",
              "} Migration;", "", "enum {", *lines, f"    SQL_COUNT = {number}", "};", "",
              "enum { MIGRATION_COUNT = %d };" % len(migrations), "",
              "extern const Statement STATEMENTS[SQL_COUNT];",
              "extern const Migration MIGRATIONS[MIGRATION_COUNT]; /* version 1 first */", "", "#endif"]
    pathlib.Path(out_h).write_text("\n".join(header) + "\n")

    body = ["/* Made from sql/ by tools/make_statements.py. */", '#include "store/statements.h"', "",
            "const Statement STATEMENTS[SQL_COUNT] = {", *rows, "};", "",
            "const Migration MIGRATIONS[MIGRATION_COUNT] = {"]
    for index, path in enumerate(sorted(migrations), 1):
        if not path.name.startswith(f"{index:04d}_"):
            fail(path, f"the next migration must begin with {index:04d}_")
        text = "\n".join(line for line in path.read_text().splitlines()
                         if line.strip() and not line.strip().startswith("--"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        body.append(f'    {{"{path.stem}",\n    {c_string(expand(text, ENGINE_WORDS["sqlite"], path))},\n'
                    f'    {c_string(expand(text, ENGINE_WORDS["postgres"], path))},\n    "{digest}"}},')
    pathlib.Path(out_c).write_text("\n".join(body + ["};"]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
