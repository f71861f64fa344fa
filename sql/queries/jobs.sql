-- Jobs, their files and their errors.

-- name: job_insert
INSERT INTO bulk_upload_jobs (owner_id, id, user_id, job_type, status, hides_rows, hides_inferred,
  cancel_requested, revision, options, dry_run, original_filename, file_size, file_sha256, model_id,
  processed_rows, successful_rows, failed_rows, skipped_rows, unchanged_rows, replaced_rows, removed_rows, inferred_rows,
  warning_count, companies_created, resume_row, bytes_done, created_at, updated_at, retry_of)
VALUES ($1, $2, $3, $4, $5, FALSE, FALSE, FALSE, 0, $6, $12, $7, $8, $9, $10,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $11, $11, $13);

-- name: job_select
SELECT j.owner_id, j.id, j.user_id, j.job_type, j.status, j.status_before, j.hides_rows, j.hides_inferred,
  j.cancel_requested, j.revision, j.options, j.original_filename, j.file_size, j.file_sha256, j.model_id,
  j.total_rows, j.processed_rows, j.successful_rows, j.failed_rows, j.skipped_rows, j.unchanged_rows,
  j.warning_count, j.companies_created, j.resume_row, j.bytes_done, j.error_message, j.created_at,
  j.started_at, j.completed_at, j.updated_at, j.deleted_at, u.email, u.username, u.full_name, m.name, m.version,
  j.removed_rows, j.last_created_at, j.settling, j.replaced_rows, j.note, j.legal_hold, j.legal_hold_by,
  j.legal_hold_at, h.email, j.inferred_rows, j.retry_of
FROM bulk_upload_jobs j
LEFT JOIN users u ON u.id = j.user_id
LEFT JOIN models m ON m.id = j.model_id
LEFT JOIN users h ON h.id = j.legal_hold_by
WHERE j.owner_id = $1 AND j.id = $2;

-- name: job_list
SELECT j.owner_id, j.id, j.user_id, j.job_type, j.status, j.status_before, j.hides_rows, j.hides_inferred,
  j.cancel_requested, j.revision, j.options, j.original_filename, j.file_size, j.file_sha256, j.model_id,
  j.total_rows, j.processed_rows, j.successful_rows, j.failed_rows, j.skipped_rows, j.unchanged_rows,
  j.warning_count, j.companies_created, j.resume_row, j.bytes_done, j.error_message, j.created_at,
  j.started_at, j.completed_at, j.updated_at, j.deleted_at, u.email, u.username, u.full_name, m.name, m.version,
  j.removed_rows, j.last_created_at, j.settling, j.replaced_rows, j.note, j.legal_hold, j.legal_hold_by,
  j.legal_hold_at, h.email, j.inferred_rows, j.retry_of
FROM bulk_upload_jobs j
LEFT JOIN users u ON u.id = j.user_id
LEFT JOIN models m ON m.id = j.model_id
LEFT JOIN users h ON h.id = j.legal_hold_by
WHERE j.owner_id = $1 AND (j.created_at, j.id) < ($2, $3)
  AND strpos($4, ',' || j.status || ',') > 0
  AND ($5 = '' OR j.job_type = $5)
  AND ($6 IS NULL OR j.user_id = $6)
ORDER BY j.created_at DESC, j.id DESC LIMIT $7;

-- name: job_count
SELECT count(*) FROM (
  SELECT 1 FROM bulk_upload_jobs
  WHERE owner_id = $1 AND strpos($2, ',' || status || ',') > 0
    AND ($3 = '' OR job_type = $3) AND ($4 IS NULL OR user_id = $4)
  LIMIT $5) counted;

-- name: job_lock
-- The state that decides what may be done, and the lock that keeps it so until the commit.
SELECT status, hides_rows, cancel_requested, revision, user_id, job_type, settling, legal_hold IS NOT NULL FROM bulk_upload_jobs
WHERE owner_id = $1 AND id = $2 {for_update};

-- name: job_hides
SELECT id, hides_rows, hides_inferred FROM bulk_upload_jobs WHERE owner_id = $1 AND id = $2 {for_update};

-- name: job_hides_many
-- postgres only
-- Locked in the order of their ids, as everybody does.
SELECT id, hides_rows, hides_inferred FROM bulk_upload_jobs
WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[])
ORDER BY id {for_update};

-- name: job_retries
-- The jobs that mend another, oldest first.
SELECT id FROM bulk_upload_jobs
WHERE owner_id = $1 AND retry_of = $2 AND status <> 'receiving'
ORDER BY created_at, id LIMIT $3;

-- name: job_set_retry_of
-- What it was told at upload is not overridden.
UPDATE bulk_upload_jobs SET retry_of = $3 WHERE owner_id = $1 AND id = $2 AND retry_of IS NULL;

-- name: job_by_digest
-- An earlier job of the same bytes whose predictions are still there.
SELECT id FROM bulk_upload_jobs
WHERE owner_id = $1 AND file_sha256 = $2 AND job_type = $3 AND NOT hides_rows
  AND (status IN ('pending', 'processing')
       OR (status IN ('completed', 'failed', 'cancelled') AND successful_rows + unchanged_rows > 0))
  AND NOT dry_run AND id <> $4
ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: job_set_status
UPDATE bulk_upload_jobs SET status = $3, updated_at = $4 WHERE owner_id = $1 AND id = $2;

-- name: job_touch
UPDATE bulk_upload_jobs SET updated_at = $3 WHERE owner_id = $1 AND id = $2;

-- name: job_start
UPDATE bulk_upload_jobs SET status = 'processing', started_at = coalesce(started_at, $3), updated_at = $3
WHERE owner_id = $1 AND id = $2;

-- name: job_begin_anew
-- A dry run keeps its rows in memory alone, so it always starts from the first one.
UPDATE bulk_upload_jobs SET processed_rows = 0, successful_rows = 0, failed_rows = 0, skipped_rows = 0,
  unchanged_rows = 0, replaced_rows = 0, warning_count = 0, companies_created = 0, resume_row = 0, bytes_done = 0
WHERE owner_id = $1 AND id = $2;

-- name: job_batch
-- One batch is in: the counters, how far the file is read, and the span of the rows made.
UPDATE bulk_upload_jobs SET
  processed_rows = $3, successful_rows = $4, failed_rows = $5, skipped_rows = $6, unchanged_rows = $7,
  warning_count = $8, companies_created = $9, resume_row = $10, bytes_done = $11, total_rows = $12,
  first_created_at = CASE WHEN first_created_at IS NULL OR ($13, $14) < (first_created_at, first_id)
                          THEN $13 ELSE first_created_at END,
  first_id = CASE WHEN first_created_at IS NULL OR ($13, $14) < (first_created_at, first_id)
                  THEN $14 ELSE first_id END,
  last_created_at = CASE WHEN last_created_at IS NULL OR ($15, $16) > (last_created_at, last_id)
                         THEN $15 ELSE last_created_at END,
  last_id = CASE WHEN last_created_at IS NULL OR ($15, $16) > (last_created_at, last_id)
                 THEN $16 ELSE last_id END,
  replaced_rows = $18, revision = revision + 1, updated_at = $17
WHERE owner_id = $1 AND id = $2;

-- name: job_finish
UPDATE bulk_upload_jobs SET status = $3, error_message = $4, completed_at = $5, updated_at = $5,
  revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_request_cancel
UPDATE bulk_upload_jobs SET cancel_requested = TRUE, updated_at = $3 WHERE owner_id = $1 AND id = $2;

-- name: job_raise_revision
UPDATE bulk_upload_jobs SET revision = revision + 1 WHERE owner_id = $1 AND id = $2;

-- name: job_raise_revision_many
-- postgres only
UPDATE bulk_upload_jobs SET revision = revision + 1
WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[]);

-- name: job_rows_removed
-- Rows that the job made are gone: how many are left is known without counting them.
UPDATE bulk_upload_jobs SET removed_rows = removed_rows + $3, revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_delete_record
UPDATE bulk_upload_jobs SET status = 'deleted', status_before = coalesce(status_before, status),
  deleted_at = $3, updated_at = $3, revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_hide
-- The whole effect of a cascade: from this commit on no read shows the job's rows.
UPDATE bulk_upload_jobs SET status = 'deleting', status_before = coalesce(status_before, status),
  hides_rows = TRUE, hides_inferred = $3, deleted_at = $4, updated_at = $4, revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_undo
UPDATE bulk_upload_jobs SET status = 'undoing', hides_rows = TRUE, successful_rows = 0,
  companies_created = 0, error_message = $3, updated_at = $4, revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_removed
-- Nothing is left to hide.
UPDATE bulk_upload_jobs SET status = $3, hides_rows = FALSE, hides_inferred = FALSE, updated_at = $4,
  revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_set_settling
UPDATE bulk_upload_jobs SET settling = $3 WHERE owner_id = $1 AND id = $2;

-- name: job_is_settling
SELECT count(*) FROM (SELECT 1 FROM bulk_upload_jobs WHERE owner_id = $1 AND settling LIMIT 1) found;

-- name: job_restoring
-- Its rows come back behind the curtain: hidden as they were before they were removed.
UPDATE bulk_upload_jobs SET status = 'restoring', hides_rows = TRUE, hides_inferred = $4, updated_at = $3,
  revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_restored
-- From this commit on its rows are seen again.
UPDATE bulk_upload_jobs SET status = status_before, status_before = NULL, hides_rows = FALSE,
  hides_inferred = FALSE, deleted_at = NULL, updated_at = $3, revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_hiding
-- The spans of hidden rows, and whether rows of another job that is not hidden lie within one (work of an
-- owner is in order, so this takes a clock that was set back, or jobs that were adopted).
SELECT j.id, j.first_created_at, j.first_id, j.last_created_at, j.last_id,
  (j.inferred_rows > 0 AND NOT j.hides_inferred)
  OR EXISTS (SELECT 1 FROM bulk_upload_jobs o WHERE o.owner_id = $1 AND o.id <> j.id
             AND NOT (o.hides_rows AND (o.hides_inferred OR o.inferred_rows = 0))
             AND o.first_created_at <= j.last_created_at AND o.last_created_at >= j.first_created_at)
FROM bulk_upload_jobs j
WHERE j.owner_id = $1 AND j.hides_rows AND j.job_type = $2 AND j.last_created_at IS NOT NULL
ORDER BY j.last_created_at DESC, j.last_id DESC;

-- name: job_stale_receiving
SELECT owner_id, id FROM bulk_upload_jobs WHERE status = 'receiving' AND updated_at < $1 LIMIT 100;

-- name: job_delete
-- Only for one that never became pending: nothing refers to it.
DELETE FROM bulk_upload_jobs WHERE owner_id = $1 AND id = $2 AND status = 'receiving';

-- name: file_insert
INSERT INTO bulk_upload_files (owner_id, job_id, seq, byte_offset, size, data) VALUES ($1, $2, $3, $4, $5, $6);

-- name: file_chunk
SELECT size, data FROM bulk_upload_files WHERE owner_id = $1 AND job_id = $2 AND seq = $3;

-- name: file_delete
DELETE FROM bulk_upload_files WHERE owner_id = $1 AND job_id = $2
  AND EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.id = $2 AND j.status = 'receiving');

-- name: mark_insert
INSERT INTO job_row_marks (owner_id, job_id, outcome, first_row, row_count, ranges) VALUES ($1, $2, $3, $4, $5, $6);

-- name: mark_next
SELECT first_row, row_count, ranges FROM job_row_marks
WHERE owner_id = $1 AND job_id = $2 AND outcome = $3 AND first_row > $4
ORDER BY first_row LIMIT 1;

-- name: mark_rows
SELECT coalesce(CAST(sum(row_count) AS {int}), 0) FROM job_row_marks WHERE owner_id = $1 AND job_id = $2 AND outcome = $3;

-- name: mark_delete_of_job
DELETE FROM job_row_marks WHERE owner_id = $1 AND job_id = $2;

-- name: file_has_chunk
SELECT count(*) FROM bulk_upload_files WHERE owner_id = $1 AND job_id = $2 AND seq = $3;

-- name: problem_insert
INSERT INTO bulk_upload_errors (owner_id, job_id, severity, job_row, seq, column_name, code, message, value, raw)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: problem_copy
-- postgres only
COPY bulk_upload_errors (owner_id, job_id, severity, job_row, seq, column_name, code, message, value, raw)
FROM STDIN (FORMAT binary);

-- name: problem_delete_of_job
DELETE FROM bulk_upload_errors WHERE owner_id = $1 AND job_id = $2;

-- name: problem_list
SELECT job_row, seq, column_name, code, message, value, raw FROM bulk_upload_errors
WHERE owner_id = $1 AND job_id = $2 AND severity = $3 AND (job_row, seq) > ($4, $5)
ORDER BY job_row, seq LIMIT $6 OFFSET $7;

-- name: problem_count
SELECT count(*) FROM bulk_upload_errors WHERE owner_id = $1 AND job_id = $2 AND severity = $3;
