-- Legal holds and notes of jobs; the list of deletions; what ends an archive, and with it what only the archive
-- kept.

-- name: job_set_hold
-- Raises the revision: what a deletion would do has changed.
UPDATE bulk_upload_jobs SET legal_hold = $3, legal_hold_by = $4, legal_hold_at = $5, updated_at = $6,
  revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_set_note
UPDATE bulk_upload_jobs SET note = $3, updated_at = $4 WHERE owner_id = $1 AND id = $2;

-- name: deletion_list
-- Newest first. $4: the wanted ",phase/state,…"; $5: the wanted ",subject,…"; $8: 1 those that can be restored
-- at $9, -1 the others, 0 all.
SELECT {deletion}
FROM deletions d LEFT JOIN users u ON u.id = d.user_id
WHERE d.owner_id = $1 AND (d.created_at, d.id) < ($2, $3)
  AND strpos($4, ',' || d.phase || '/' || d.state || ',') > 0
  AND strpos($5, ',' || d.subject || ',') > 0
  AND ($6 IS NULL OR d.job_id = $6)
  AND ($7 IS NULL OR d.user_id = $7)
  AND ($8 = 0 OR ($8 = 1) = (d.phase = 'removal' AND d.state = 'done' AND coalesce(d.restorable_until > $9, FALSE)))
ORDER BY d.created_at DESC, d.id DESC LIMIT $10;

-- name: deletion_count
SELECT count(*) FROM (
  SELECT 1 FROM deletions d
  WHERE d.owner_id = $1
    AND strpos($2, ',' || d.phase || '/' || d.state || ',') > 0
    AND strpos($3, ',' || d.subject || ',') > 0
    AND ($4 IS NULL OR d.job_id = $4)
    AND ($5 IS NULL OR d.user_id = $5)
    AND ($6 = 0 OR ($6 = 1) = (d.phase = 'removal' AND d.state = 'done' AND coalesce(d.restorable_until > $7, FALSE)))
  LIMIT $8) counted;

-- name: deletion_resume
-- The present phase goes on where it stood.
UPDATE deletions SET state = 'pending' WHERE owner_id = $1 AND id = $2 AND state = 'stalled';

-- name: deletion_begin_purge
UPDATE deletions SET phase = 'purge', state = 'pending', purged_by = $3, purge_reason = $4
WHERE owner_id = $1 AND id = $2;

-- name: deletion_purged
-- A batch of its archive is gone.
UPDATE deletions SET state = 'running', archived_rows = archived_rows - $3 WHERE owner_id = $1 AND id = $2;

-- name: deletion_end_purge
UPDATE deletions SET state = 'done', archived_rows = 0, restorable_until = NULL, purged_at = $3
WHERE owner_id = $1 AND id = $2;

-- name: deletion_old_archives
-- Archives that a policy may end, oldest first, behind the one of $2 and $3: kept longer than it wants, past
-- their restore window, of no job on hold.
SELECT d.owner_id, d.id, d.completed_at FROM deletions d
WHERE d.archived_rows > 0 AND (d.completed_at, d.id) > ($2, $3) AND d.completed_at <= $1
  AND d.state = 'done' AND d.phase <> 'purge'
  AND (d.restorable_until IS NULL OR d.restorable_until <= $4)
  AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j
                  WHERE j.owner_id = d.owner_id AND j.id = d.job_id AND j.legal_hold IS NOT NULL)
ORDER BY d.completed_at, d.id LIMIT $5;

-- name: job_newest_hold
SELECT max(legal_hold_at) FROM bulk_upload_jobs WHERE owner_id = $1 AND legal_hold IS NOT NULL;

-- name: job_prediction_refers
-- each kind
-- Rows of a job, or edited from its rows, that are still there: hidden ones too.
SELECT count(*) FROM (
  SELECT * FROM (SELECT 1 FROM {table} WHERE owner_id = $1 AND job_id = $2 LIMIT 1) own
  UNION ALL
  SELECT * FROM (SELECT 1 FROM {table}
                 WHERE owner_id = $1 AND root_job_id = $2 AND derived_from IS NOT NULL LIMIT 1) edits) found;

-- name: deletion_archives_of_job
-- Other deletions of the job whose archive is there.
SELECT count(*) FROM (
  SELECT 1 FROM deletions
  WHERE owner_id = $1 AND job_id = $2 AND id <> $3 AND archived_rows > 0 LIMIT 1) found;

-- name: file_purge
-- The last chunks of a deleted job's file.
DELETE FROM bulk_upload_files WHERE owner_id = $1 AND job_id = $2 AND seq IN (
  SELECT seq FROM bulk_upload_files WHERE owner_id = $1 AND job_id = $2 ORDER BY seq DESC LIMIT $3);

-- name: problem_purge
DELETE FROM bulk_upload_errors WHERE owner_id = $1 AND job_id = $2 AND (severity, job_row, seq) IN (
  SELECT severity, job_row, seq FROM bulk_upload_errors WHERE owner_id = $1 AND job_id = $2
  ORDER BY severity, job_row, seq LIMIT $3);

-- name: mark_purge
DELETE FROM job_row_marks WHERE owner_id = $1 AND job_id = $2 AND (outcome, first_row) IN (
  SELECT outcome, first_row FROM job_row_marks WHERE owner_id = $1 AND job_id = $2
  ORDER BY outcome, first_row LIMIT $3);

-- name: covering_purge
-- What only the restoration of a job would have to know.
DELETE FROM covering_rows WHERE owner_id = $1 AND job_id = $2 AND job_row IN (
  SELECT job_row FROM covering_rows WHERE owner_id = $1 AND job_id = $2 ORDER BY job_row LIMIT $3);

-- name: company_changes_purge
DELETE FROM company_changes WHERE owner_id = $1 AND job_id = $2 AND company_id IN (
  SELECT company_id FROM company_changes WHERE owner_id = $1 AND job_id = $2 ORDER BY company_id LIMIT $3);

-- name: archived_company_some
-- postgres
SELECT company_id FROM archived_companies WHERE owner_id = $1 AND deletion_id = $2 LIMIT $3;

-- name: archived_company_some
-- sqlite
-- Before it was analyzed it would rather read all of the owner's.
SELECT company_id FROM archived_companies INDEXED BY archived_companies_deletion_ix
WHERE owner_id = $1 AND deletion_id = $2 LIMIT $3;

-- name: archived_company_delete_one
DELETE FROM archived_companies WHERE owner_id = $1 AND company_id = $2 AND deletion_id = $3;

-- name: company_sweep
-- Ends a company that is marked deleted and that nothing current, former or archived names.
DELETE FROM companies
WHERE owner_id = $1 AND id = $2 AND deleted_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM annual_predictions p
                  WHERE p.owner_id = $1 AND p.company_id = $2 AND p.is_current)
  AND NOT EXISTS (SELECT 1 FROM annual_predictions p
                  WHERE p.owner_id = $1 AND p.company_id = $2 AND NOT p.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions p
                  WHERE p.owner_id = $1 AND p.company_id = $2 AND p.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions p
                  WHERE p.owner_id = $1 AND p.company_id = $2 AND NOT p.is_current)
  AND NOT EXISTS (SELECT 1 FROM archived_companies a WHERE a.owner_id = $1 AND a.company_id = $2);

-- name: company_walk_end
-- Where the next slice of a walk over all companies ends; nothing: with the last company.
SELECT owner_id, id FROM companies WHERE (owner_id, id) > ($1, $2) ORDER BY owner_id, id LIMIT 1 OFFSET $3;

-- name: company_walk_deleted
-- Those of a slice that are marked deleted.
SELECT owner_id, id FROM companies
WHERE (owner_id, id) > ($1, $2) AND (owner_id, id) <= ($3, $4) AND deleted_at IS NOT NULL
ORDER BY owner_id, id;
