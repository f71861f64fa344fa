-- What must hold in every state of the database, seen in one snapshot of an owner: `obligor check`.
--
-- Each statement gives what contradicts one invariant (src/domain/invariants.c says it in words): the first few
-- ids, and with each of them how many there are. All of an owner's rows are read; that is what they are for. A
-- statement with a name in _walk goes through its table page by page, and the one that ends in _match says how
-- many counterparts of the id are there: the queue is joined with nothing (Citus).

-- name: invariant_owner_has
-- Of which tables the owner has rows, in the order of OwnerRows (src/store/invariant_store.c).
SELECT EXISTS (SELECT 1 FROM annual_predictions WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM quarterly_predictions WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM prediction_counts WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM companies WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM bulk_upload_jobs WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM bulk_upload_errors WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM bulk_upload_files WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM deletions WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM idempotency_keys WHERE owner_id = $1),
  EXISTS (SELECT 1 FROM job_row_marks WHERE owner_id = $1);

-- name: invariant_owner_ends
-- Is it an organization whose purge is under way? Its deletion is the system's: $2.
SELECT EXISTS (SELECT 1 FROM organizations g JOIN deletions d ON d.owner_id = $2 AND d.id = g.deletion_id
               WHERE g.id = $1 AND d.phase = 'purge' AND d.state <> 'done');

-- name: invariant_owner_has_task
SELECT EXISTS (SELECT 1 FROM work_queue WHERE owner_id = $1);

-- --- predictions -------------------------------------------------------------------------------------

-- name: invariant_prediction_job
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1 AND p.job_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j
                    WHERE j.owner_id = $1 AND j.id = p.job_id AND j.job_type = '{kind}')) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_root
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1
    AND ((p.root_job_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = p.root_job_id))
         OR (p.job_id IS NOT NULL AND p.source = 0 AND p.root_job_id IS NULL)
         OR (p.job_id IS NOT NULL AND p.source = 0 AND p.root_job_id <> p.job_id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_company
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM companies c WHERE c.owner_id = $1 AND c.id = p.company_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_model
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM models m WHERE m.id = p.model_id AND m.kind = '{kind}')) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_user
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1 AND p.created_by <> {nil}
    AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p.created_by)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_words
-- each kind
-- Of `source` 0 is an upload, 2 an edit and 3 a new score.
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1
    AND (p.risk_level NOT BETWEEN 0 AND 3 OR p.source NOT BETWEEN 0 AND 4 OR p.job_link NOT BETWEEN 0 AND 1
         OR NOT ({headline} BETWEEN 0 AND 1) OR NOT (p.confidence BETWEEN 0 AND 1)
         OR (p.job_id IS NULL) <> (p.job_row IS NULL) OR (p.job_id IS NULL AND p.job_link = 1)
         OR (p.source = 0 AND p.job_id IS NULL) OR (p.source IN (2, 3)) <> (p.derived_from IS NOT NULL))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_derived
-- each kind
-- Only where the upload at the bottom lost rows, or something was deleted by its key, may the version that this one was
-- made of be gone.
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1 AND p.derived_from IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {table} f WHERE f.owner_id = $1 AND f.id = p.derived_from
                    AND f.company_id = p.company_id AND f.reporting_year = p.reporting_year
                    AND f.reporting_quarter = p.reporting_quarter
                    AND (f.created_at, f.id) < (p.created_at, p.id))
    AND (EXISTS (SELECT 1 FROM {table} o WHERE o.owner_id = $1 AND o.id = p.derived_from)
         OR NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j
                        WHERE j.owner_id = $1 AND j.id = p.root_job_id AND j.removed_rows > 0)
            AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.owner_id = $1 AND d.job_id IS NULL))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_version_twice
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1 AND p.is_current
    AND EXISTS (SELECT 1 FROM {table} o WHERE o.owner_id = $1 AND o.company_id = p.company_id
                AND o.reporting_year = p.reporting_year AND o.reporting_quarter = p.reporting_quarter
                AND o.is_current AND o.id < p.id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_version_order
-- each kind
-- A version that can be seen is former only because of a newer one that can be seen; but for those whose current
-- one was deleted alone, and while an owner's versions are on their way back.
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p WHERE p.owner_id = $1 AND NOT p.is_current AND {visible}
    AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs s WHERE s.owner_id = $1 AND s.settling)
    AND NOT EXISTS (
      SELECT 1 FROM {table} n WHERE n.owner_id = $1 AND n.company_id = p.company_id
        AND n.reporting_year = p.reporting_year AND n.reporting_quarter = p.reporting_quarter AND n.is_current
        AND (n.created_at, n.id) > (p.created_at, p.id)
        AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs g WHERE g.owner_id = $1 AND g.id = n.job_id
                        AND g.hides_rows AND (n.job_link = 0 OR g.hides_inferred)))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_row_order
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT a.id FROM (
    SELECT p.id, p.created_at, p.job_id, lag(p.created_at) OVER w AS former_at, lag(p.id) OVER w AS former_id,
      lag(p.job_id) OVER w AS former_job
    FROM {table} p WHERE p.owner_id = $1 AND p.job_id IS NOT NULL AND p.job_link = 0
    WINDOW w AS (ORDER BY p.job_id, p.job_row)) a
  WHERE a.former_job = a.job_id AND (a.created_at, a.id) <= (a.former_at, a.former_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_row_span
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p JOIN bulk_upload_jobs j ON j.owner_id = $1 AND j.id = p.job_id
  WHERE p.owner_id = $1 AND (j.first_id IS NULL OR j.last_id IS NULL
    OR (p.created_at, p.id) < (j.first_created_at, j.first_id)
    OR (p.created_at, p.id) > (j.last_created_at, j.last_id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_row_number
-- each kind
-- Row 1 is the header; what lies behind the position was not committed with it.
SELECT v.id, count(*) OVER () FROM (
  SELECT p.id FROM {table} p JOIN bulk_upload_jobs j ON j.owner_id = $1 AND j.id = p.job_id
  WHERE p.owner_id = $1 AND p.job_link = 0 AND (p.job_row < 2 OR p.job_row > j.resume_row)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_prediction_counts
-- each kind
-- By job, nil for work by hand. Rows of a hidden job are counted as any other.
SELECT v.id, count(*) OVER () FROM (
  SELECT b.id FROM (
    SELECT coalesce(p.job_id, {nil}) AS id, p.reporting_year AS year, p.risk_level AS level, p.sector AS sector,
      count(*) AS n
    FROM {table} p WHERE p.owner_id = $1 AND p.is_current
    GROUP BY coalesce(p.job_id, {nil}), p.reporting_year, p.risk_level, p.sector
    UNION ALL
    SELECT c.job_id, c.reporting_year, c.risk_level, c.sector, -sum(c.delta)
    FROM prediction_counts c WHERE c.owner_id = $1 AND c.kind = {kind_number}
    GROUP BY c.job_id, c.reporting_year, c.risk_level, c.sector) b
  GROUP BY b.id, b.year, b.level, b.sector HAVING sum(b.n) <> 0) v
ORDER BY v.id LIMIT 5;

-- name: invariant_count_words
SELECT v.id, count(*) OVER () FROM (
  SELECT c.job_id AS id FROM prediction_counts c
  WHERE c.owner_id = $1 AND (c.kind NOT BETWEEN 0 AND 1 OR (c.job_id <> {nil}
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = c.job_id)))) v
ORDER BY v.id LIMIT 5;

-- --- companies ---------------------------------------------------------------------------------------

-- name: invariant_company_symbol
SELECT v.id, count(*) OVER () FROM (
  SELECT c.id FROM companies c
  WHERE c.owner_id = $1 AND (c.symbol = '' OR c.symbol <> upper(trim(c.symbol)))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_company_job
SELECT v.id, count(*) OVER () FROM (
  SELECT c.id FROM companies c
  WHERE c.owner_id = $1 AND ((c.job_id IS NULL) <> (c.job_row IS NULL) OR (c.job_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = c.job_id)))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_company_user
SELECT v.id, count(*) OVER () FROM (
  SELECT c.id FROM companies c WHERE c.owner_id = $1 AND c.created_by <> {nil}
    AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = c.created_by)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_company_deleted
-- each kind
SELECT v.id, count(*) OVER () FROM (
  SELECT c.id FROM companies c WHERE c.owner_id = $1 AND c.deleted_at IS NOT NULL
    AND EXISTS (SELECT 1 FROM {table} p
                WHERE p.owner_id = $1 AND p.company_id = c.id AND p.is_current AND {visible})) v
ORDER BY v.id LIMIT 5;

-- --- jobs --------------------------------------------------------------------------------------------

-- name: invariant_job_user
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.user_id <> {nil}
    AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = j.user_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_model
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM models m WHERE m.id = j.model_id AND m.kind = j.job_type)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_counters
-- An import that was undone says that no row was good, and how many it had read.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND (j.successful_rows < 0 OR j.failed_rows < 0 OR j.skipped_rows < 0 OR j.unchanged_rows < 0
      OR j.replaced_rows < 0 OR j.removed_rows < 0 OR j.warning_count < 0 OR j.companies_created < 0
      OR (j.successful_rows > 0 AND j.replaced_rows > j.successful_rows) OR j.removed_rows > j.successful_rows + j.inferred_rows
      OR j.processed_rows > j.resume_row OR j.bytes_done < 0 OR j.bytes_done > j.file_size
      OR j.total_rows <> j.processed_rows
      OR (j.processed_rows <> j.successful_rows + j.failed_rows + j.skipped_rows + j.unchanged_rows
          AND NOT (j.successful_rows = 0
                   AND j.processed_rows > j.failed_rows + j.skipped_rows + j.unchanged_rows
                   AND coalesce(j.status_before, j.status) IN ('undoing', 'failed', 'cancelled'))))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_retry
-- A job is younger than the one it mends: so there is no circle.
SELECT v.id, count(*) OVER () FROM (
  SELECT r.id FROM bulk_upload_jobs r WHERE r.owner_id = $1 AND r.retry_of IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j
                    WHERE j.owner_id = $1 AND j.id = r.retry_of AND j.job_type = r.job_type
                      AND (j.created_at, j.id) < (r.created_at, r.id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_rows
-- each kind
-- While rows are taken back or brought back the job does not know how many are there.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j
  WHERE j.owner_id = $1 AND j.job_type = '{kind}' AND j.status NOT IN ('undoing', 'restoring')
    AND NOT EXISTS (SELECT 1 FROM deletions d
                    WHERE d.owner_id = $1 AND d.job_id = j.id AND d.include_inferred)
    AND CASE WHEN j.dry_run THEN 0 ELSE j.successful_rows - j.removed_rows END <>
      (SELECT count(*) FROM {table} p WHERE p.owner_id = $1 AND p.job_id = j.id AND p.job_link = 0)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_states
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND ((j.status IN ('deleting', 'deleted', 'restoring')) <> (j.deleted_at IS NOT NULL)
      OR (j.status IN ('deleting', 'deleted', 'restoring')) <> (j.status_before IS NOT NULL)
      OR (j.status IN ('completed', 'failed', 'cancelled') AND j.completed_at IS NULL)
      OR (j.status IN ('receiving', 'pending', 'processing', 'undoing') AND j.completed_at IS NOT NULL)
      OR (j.status IN ('receiving', 'pending') AND j.started_at IS NOT NULL)
      OR (j.status IN ('processing', 'undoing', 'completed') AND j.started_at IS NULL)
      OR (j.status IN ('receiving', 'pending') AND j.processed_rows > 0))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_hides
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND ((j.hides_rows AND j.status NOT IN ('undoing', 'deleting', 'restoring'))
      OR (NOT j.hides_rows AND j.status IN ('undoing', 'deleting'))
      OR (j.hides_inferred AND NOT j.hides_rows))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_errors
-- With the archive of a deleted job its errors and its file go.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND j.failed_rows <> (SELECT count(DISTINCT e.job_row) FROM bulk_upload_errors e
                          WHERE e.owner_id = $1 AND e.job_id = j.id AND e.severity = 0
                            AND coalesce(e.column_name, '') <> 'file')
    AND NOT (j.status = 'deleted' AND EXISTS (SELECT 1 FROM deletions g WHERE g.owner_id = $1 AND g.job_id = j.id
                                              AND g.subject = 'job' AND g.phase = 'purge'))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_warnings
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND j.warning_count <> (SELECT count(*) FROM bulk_upload_errors e
                            WHERE e.owner_id = $1 AND e.job_id = j.id AND e.severity = 1)
    AND NOT (j.status = 'deleted' AND EXISTS (SELECT 1 FROM deletions g WHERE g.owner_id = $1 AND g.job_id = j.id
                                              AND g.subject = 'job' AND g.phase = 'purge'))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_job_marks
-- Jobs of before there was a place for it are left out.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.rows_marked
    AND (j.skipped_rows <> (SELECT coalesce(sum(m.row_count), 0) FROM job_row_marks m
                            WHERE m.owner_id = $1 AND m.job_id = j.id AND m.outcome = 2)
      OR j.unchanged_rows <> (SELECT coalesce(sum(m.row_count), 0) FROM job_row_marks m
                              WHERE m.owner_id = $1 AND m.job_id = j.id AND m.outcome = 3))
    AND NOT (j.status = 'deleted' AND EXISTS (SELECT 1 FROM deletions g WHERE g.owner_id = $1 AND g.job_id = j.id
                                              AND g.subject = 'job' AND g.phase = 'purge'))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_mark_job
SELECT v.id, count(*) OVER () FROM (
  SELECT m.job_id AS id FROM job_row_marks m WHERE m.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = m.job_id
                    AND m.first_row > 1 AND m.row_count > 0 AND m.first_row + m.row_count - 1 <= j.resume_row)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_error_row
-- What is wrong with the file itself stands at the row behind the last one read.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND EXISTS (SELECT 1 FROM bulk_upload_errors e WHERE e.owner_id = $1 AND e.job_id = j.id
                AND e.severity IN (0, 1) AND coalesce(e.column_name, '') <> 'file'
                AND (e.job_row < 1 OR e.job_row > j.resume_row))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_error_job
SELECT v.id, count(*) OVER () FROM (
  SELECT e.job_id AS id FROM bulk_upload_errors e WHERE e.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = e.job_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_file_job
SELECT v.id, count(*) OVER () FROM (
  SELECT f.job_id AS id FROM bulk_upload_files f WHERE f.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = f.job_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_file_chunks
-- Of a job that still receives, the chunks that are there.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND ((j.status <> 'receiving'
          AND j.file_size <> (SELECT coalesce(sum(s.size), 0) FROM bulk_upload_files s
                              WHERE s.owner_id = $1 AND s.job_id = j.id)
          AND NOT (j.status = 'deleted' AND EXISTS (SELECT 1 FROM deletions g WHERE g.owner_id = $1 AND g.job_id = j.id
                                              AND g.subject = 'job' AND g.phase = 'purge')))
      OR EXISTS (SELECT 1 FROM (
                   SELECT f.seq, f.byte_offset, f.size, row_number() OVER w - 1 AS place,
                     lag(f.byte_offset + f.size) OVER w AS former_end
                   FROM bulk_upload_files f WHERE f.owner_id = $1 AND f.job_id = j.id
                   WINDOW w AS (ORDER BY f.seq)) c
                 WHERE c.seq <> c.place OR c.byte_offset <> coalesce(c.former_end, 0) OR c.size <= 0))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_file_walk
-- Jobs whose file is whole, for whoever reads it.
SELECT j.id, j.file_sha256 FROM bulk_upload_jobs j
WHERE j.owner_id = $1 AND j.id > $2 AND j.status <> 'receiving'
  AND NOT (j.status = 'deleted' AND EXISTS (SELECT 1 FROM deletions g WHERE g.owner_id = $1 AND g.job_id = j.id
                                              AND g.subject = 'job' AND g.phase = 'purge'))
ORDER BY j.id LIMIT 1;

-- --- deletions ---------------------------------------------------------------------------------------

-- name: invariant_job_deletion
-- A job that is deleting has one removal that is not over, one that is restoring one restore; no other has either.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND ((j.status = 'deleting') <> (1 = (SELECT count(*) FROM deletions o WHERE o.owner_id = $1 AND o.job_id = j.id
                                          AND o.subject = 'job' AND o.phase = 'removal' AND o.state <> 'done'))
      OR (j.status = 'restoring') <> (1 = (SELECT count(*) FROM deletions o WHERE o.owner_id = $1
                                           AND o.job_id = j.id AND o.subject = 'job' AND o.phase = 'restore'
                                           AND o.state <> 'done'))
      OR (j.status = 'deleted' AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.owner_id = $1 AND d.job_id = j.id
                                               AND d.subject = 'job')))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_deletion_facts
SELECT v.id, count(*) OVER () FROM (
  SELECT d.id FROM deletions d WHERE d.owner_id = $1
    AND ((d.user_id <> {nil} AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = d.user_id))
      OR (d.job_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1
                                               AND j.id = d.job_id AND j.job_type = d.kind))
      OR (d.phase = 'removal' AND (d.state = 'done') <> (d.completed_at IS NOT NULL))
      OR (d.phase <> 'removal' AND d.completed_at IS NULL)
      OR (d.record_only AND d.deleted_rows <> 0)
      OR d.deleted_rows < 0 OR (d.subject = 'job' AND d.deleted_rows - d.edits_deleted > d.expected_rows)
      OR d.companies_deleted < 0 OR d.companies_deleted > d.companies_empty)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_deletion_rows
-- What deletions removed is counted off at the job, and added again where they are taken back; edits are of no
-- job, and single deletions may have removed more.
SELECT v.id, count(*) OVER () FROM (
  SELECT j.id FROM bulk_upload_jobs j WHERE j.owner_id = $1
    AND j.removed_rows < (SELECT coalesce(sum(d.deleted_rows - d.edits_deleted), 0) FROM deletions d
                          WHERE d.owner_id = $1 AND d.job_id = j.id AND d.subject = 'job'
                            AND d.phase <> 'restore'
                            AND NOT (d.phase = 'purge' AND d.restored_at IS NOT NULL))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_chunk_order
SELECT v.id, count(*) OVER () FROM (
  SELECT c.deletion_id AS id FROM (
    SELECT k.deletion_id, k.seq, k.row_count, k.rows_before, k.lowest_id, k.highest_id,
      row_number() OVER (PARTITION BY k.deletion_id ORDER BY k.seq) - 1 AS place,
      sum(k.row_count) OVER (PARTITION BY k.deletion_id, k.part ORDER BY k.seq) - k.row_count AS before
    FROM deletion_chunks k WHERE k.owner_id = $1) c
  WHERE c.seq <> c.place OR c.rows_before <> c.before OR c.row_count <= 0 OR c.lowest_id > c.highest_id
  GROUP BY c.deletion_id) v
ORDER BY v.id LIMIT 5;

-- name: invariant_chunk_rows
-- While a restore or a purge is under way, the archive becomes less.
SELECT v.id, count(*) OVER () FROM (
  SELECT d.id FROM deletions d WHERE d.owner_id = $1 AND (d.phase = 'removal' OR d.state = 'done')
    AND d.archived_rows <> (SELECT coalesce(sum(k.row_count), 0) FROM deletion_chunks k
                            WHERE k.owner_id = $1 AND k.deletion_id = d.id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_archive_company
SELECT v.id, count(*) OVER () FROM (
  SELECT a.company_id AS id FROM archived_companies a WHERE a.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM companies c WHERE c.owner_id = $1 AND c.id = a.company_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_company_name
SELECT v.id, count(*) OVER () FROM (
  SELECT n.company_id AS id FROM company_changes n WHERE n.owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM companies c WHERE c.owner_id = $1 AND c.id = n.company_id)) v
ORDER BY v.id LIMIT 5;

-- --- the queue ---------------------------------------------------------------------------------------

-- name: invariant_job_task_walk
-- Jobs that a worker must come for, and what its task is about: the undo of an import is the import's own task. A
-- stalled deletion waits for a person.
SELECT j.id, coalesce((SELECT d.id FROM deletions d WHERE d.owner_id = $1 AND d.job_id = j.id
                       AND d.subject = 'job' AND d.state IN ('pending', 'running') ORDER BY d.created_at DESC, d.id DESC LIMIT 1), j.id)
FROM bulk_upload_jobs j
WHERE j.owner_id = $1 AND j.id > $2
  AND j.status IN ('pending', 'processing', 'undoing', 'deleting', 'restoring')
  AND NOT EXISTS (SELECT 1 FROM deletions s WHERE s.owner_id = $1 AND s.job_id = j.id AND s.state = 'stalled')
ORDER BY j.id LIMIT 100;

-- name: invariant_task_match
SELECT count(*) FROM work_queue WHERE owner_id = $1 AND object_id = $2;

-- name: invariant_import_task_walk
SELECT id, object_id FROM work_queue WHERE owner_id = $1 AND id > $2 AND task = 'import' ORDER BY id LIMIT 100;

-- name: invariant_import_match
SELECT count(*) FROM bulk_upload_jobs
WHERE owner_id = $1 AND id = $2 AND status IN ('pending', 'processing', 'undoing');

-- name: invariant_deletion_task_walk
SELECT id, object_id FROM work_queue WHERE owner_id = $1 AND id > $2 AND task IN ('deletion', 'restore', 'purge') ORDER BY id LIMIT 100;

-- name: invariant_chunk_walk
-- The next piece of an archive, for whoever unpacks it.
SELECT deletion_id, seq, kind, row_count, lowest_id, highest_id, data FROM deletion_chunks
WHERE owner_id = $1 AND (deletion_id > $2 OR (deletion_id = $2 AND seq > $3))
ORDER BY deletion_id, seq LIMIT 1;

-- name: invariant_deletion_match
SELECT count(*) FROM deletions WHERE owner_id = $1 AND id = $2 AND state IN ('pending', 'running');

-- name: invariant_organization_task_walk
SELECT id, object_id FROM work_queue WHERE owner_id = $1 AND id > $2 AND task = 'purge_organization' ORDER BY id LIMIT 100;

-- name: invariant_organization_match
SELECT count(*) FROM organizations g WHERE g.id = $1 AND g.deletion_id = $2;

-- name: invariant_task_twice
SELECT v.id, count(*) OVER () FROM (
  SELECT q.object_id AS id FROM work_queue q WHERE q.owner_id = $1
  GROUP BY q.object_id HAVING count(*) > 1) v
ORDER BY v.id LIMIT 5;

-- name: invariant_task_words
SELECT v.id, count(*) OVER () FROM (
  SELECT q.id FROM work_queue q WHERE q.owner_id = $1
    AND (q.task NOT IN ('import', 'deletion', 'restore', 'purge', 'purge_organization') OR (q.lease_until IS NOT NULL AND q.worker IS NULL)
      OR q.token < 0 OR q.attempts < 0 OR q.position < 0)) v
ORDER BY v.id LIMIT 5;

-- --- keys and the audit trail ------------------------------------------------------------------------

-- name: invariant_idempotency
SELECT v.id, count(*) OVER () FROM (
  SELECT k.object_id AS id FROM idempotency_keys k WHERE k.owner_id = $1
    AND (length(k.request) <> 32 OR k.key = ''
      OR (k.user_id <> {nil} AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = k.user_id)))) v
ORDER BY v.id LIMIT 5;

-- --- what belongs to nobody --------------------------------------------------------------------------

-- name: invariant_owner_walk
SELECT id FROM owners WHERE id >= $1 ORDER BY id LIMIT $2;

-- name: invariant_owner_kind
-- scans owners: each of them is looked at
SELECT v.id, count(*) OVER () FROM (
  SELECT o.id FROM owners o
  WHERE (o.kind = 'system') <> (o.id = {nil}) OR o.data_revision < 0
    OR (o.kind = 'personal' AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.id))
    OR (o.kind = 'organization' AND NOT EXISTS (SELECT 1 FROM organizations g WHERE g.id = o.id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_user_owner
-- scans users: each of them is looked at
SELECT v.id, count(*) OVER () FROM (
  SELECT u.id FROM users u WHERE u.email = '' OR u.email <> trim(u.email)
    OR NOT EXISTS (SELECT 1 FROM owners o WHERE o.id = u.id AND o.kind = 'personal')) v
ORDER BY v.id LIMIT 5;

-- name: invariant_user_place
-- scans users: each of them is looked at
SELECT v.id, count(*) OVER () FROM (
  SELECT u.id FROM users u WHERE (u.role IN ('user', 'super_admin')) <> (u.organization_id IS NULL)
    OR (u.organization_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM organizations g WHERE g.id = u.organization_id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_organization_facts
-- scans organizations: each of them is looked at
SELECT v.id, count(*) OVER () FROM (
  SELECT g.id FROM organizations g WHERE g.name = '' OR g.slug = '' OR g.slug <> lower(g.slug) OR g.revision < 0
    OR length(g.join_digest) <> 32 OR (g.deleted_at IS NULL) <> (g.deletion_id IS NULL)
    OR NOT EXISTS (SELECT 1 FROM owners o WHERE o.id = g.id AND o.kind = 'organization')
    OR NOT EXISTS (SELECT 1 FROM audit_heads h WHERE h.owner_id = g.id)
    OR (g.created_by <> {nil} AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = g.created_by))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_whitelist_place
-- scans organization_whitelist: each of them is looked at
SELECT v.id, count(*) OVER () FROM (
  SELECT w.organization_id AS id FROM organization_whitelist w WHERE w.pattern <> lower(w.pattern)
    OR NOT EXISTS (SELECT 1 FROM organizations g WHERE g.id = w.organization_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_token_user
-- scans tokens: each of them is looked at
-- The one-time link to the first administrator is nobody's.
SELECT v.id, count(*) OVER () FROM (
  SELECT t.user_id AS id FROM tokens t WHERE length(t.digest) <> 32 OR (t.kind = 'setup') <> (t.user_id = {nil})
    OR (t.kind <> 'setup' AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.user_id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_model_facts
-- scans models: the registry is small
SELECT v.id, count(*) OVER () FROM (
  SELECT m.id FROM models m WHERE (m.created_by IS NOT NULL AND m.created_by <> {nil}
      AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = m.created_by))
    OR (m.active AND EXISTS (SELECT 1 FROM models o WHERE o.kind = m.kind AND o.active AND o.id < m.id))) v
ORDER BY v.id LIMIT 5;

-- name: invariant_model_walk
SELECT m.id, m.digest, m.file FROM models m WHERE m.id > $1 ORDER BY m.id LIMIT 1;

-- name: invariant_owner_missing
-- scans annual_predictions: all owners
-- scans audit_events: all owners
-- scans audit_heads: all owners
-- scans bulk_upload_errors: all owners
-- scans bulk_upload_files: all owners
-- scans bulk_upload_jobs: all owners
-- scans companies: all owners
-- scans deletions: all owners
-- scans idempotency_keys: all owners
-- scans job_row_marks: all owners
-- scans prediction_counts: all owners
-- scans quarterly_predictions: all owners
SELECT v.id, count(*) OVER () FROM (
  SELECT r.owner_id AS id FROM (
    SELECT DISTINCT owner_id FROM annual_predictions
    UNION SELECT DISTINCT owner_id FROM audit_events
    UNION SELECT DISTINCT owner_id FROM audit_heads
    UNION SELECT DISTINCT owner_id FROM bulk_upload_errors
    UNION SELECT DISTINCT owner_id FROM bulk_upload_files
    UNION SELECT DISTINCT owner_id FROM bulk_upload_jobs
    UNION SELECT DISTINCT owner_id FROM companies
    UNION SELECT DISTINCT owner_id FROM deletions
    UNION SELECT DISTINCT owner_id FROM idempotency_keys
    UNION SELECT DISTINCT owner_id FROM job_row_marks
    UNION SELECT DISTINCT owner_id FROM prediction_counts
    UNION SELECT DISTINCT owner_id FROM quarterly_predictions) r
  WHERE NOT EXISTS (SELECT 1 FROM owners o WHERE o.id = r.owner_id)) v
ORDER BY v.id LIMIT 5;

-- name: invariant_task_owner
-- scans work_queue: the small table of open tasks
SELECT v.id, count(*) OVER () FROM (
  SELECT q.owner_id AS id FROM work_queue q
  WHERE NOT EXISTS (SELECT 1 FROM owners o WHERE o.id = q.owner_id)) v
ORDER BY v.id LIMIT 5;
