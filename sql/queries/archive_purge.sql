-- Legal holds and notes of jobs; the list of deletions; what ends an archive, and with it what only the archive
-- kept.

-- name: job_set_hold
-- Raises the revision: what a deletion would do has changed.
UPDATE bulk_upload_jobs SET legal_hold = $3, legal_hold_by = $4, legal_hold_at = $5, updated_at = $6,
  revision = revision + 1
WHERE owner_id = $1 AND id = $2;

-- name: job_set_note
UPDATE bulk_upload_jobs SET note = $3, updated_at = $4 WHERE owner_id = $1 AND id = $2;
