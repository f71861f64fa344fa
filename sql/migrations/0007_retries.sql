-- A retry is a job that mends another: its file holds rows of that one. NULL: it mends none.
ALTER TABLE bulk_upload_jobs ADD COLUMN retry_of {uuid};
CREATE INDEX bulk_upload_jobs_retry_ix ON bulk_upload_jobs (owner_id, retry_of, created_at, id) WHERE retry_of IS NOT NULL;

-- The deletion of a retry that was asked for together with that of the job it mends names the latter's. NULL: it was
-- asked for alone.
ALTER TABLE deletions ADD COLUMN with_deletion {uuid};
CREATE INDEX deletions_with_ix ON deletions (owner_id, with_deletion) WHERE with_deletion IS NOT NULL;
