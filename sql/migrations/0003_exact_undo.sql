-- What an exact undo needs: the archive of what was removed, and what is remembered of versions.

-- A deletion goes through phases (removal, restore, purge); `state` says how far the present one is.
-- `subject` says what was asked for: a job, the undo of an import, all versions of a key, one version, the keys
-- that a filter finds, or a company.
ALTER TABLE deletions ADD COLUMN subject {text} NOT NULL DEFAULT 'job';
ALTER TABLE deletions ADD COLUMN phase {text} NOT NULL DEFAULT 'removal';
ALTER TABLE deletions ADD COLUMN object_id {uuid};
ALTER TABLE deletions ADD COLUMN filter {text};
ALTER TABLE deletions ADD COLUMN include_edited {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE deletions ADD COLUMN annual_rows {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN edits_deleted {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN held_rows {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN versions_restored {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN names_restored {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN names_kept {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN archived_rows {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN settled_row {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN cursor_kind {small} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN cursor_at {time};
ALTER TABLE deletions ADD COLUMN cursor_id {uuid};
ALTER TABLE deletions ADD COLUMN restored_rows {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN restored_former {int} NOT NULL DEFAULT 0;
ALTER TABLE deletions ADD COLUMN restored_at {time};
ALTER TABLE deletions ADD COLUMN restored_by {uuid};
ALTER TABLE deletions ADD COLUMN purged_at {time};
ALTER TABLE deletions ADD COLUMN purged_by {uuid};
ALTER TABLE deletions ADD COLUMN purge_reason {text};

UPDATE deletions SET annual_rows = deleted_rows WHERE kind = 'annual';

CREATE INDEX deletions_list_ix ON deletions (owner_id, created_at, id);
CREATE INDEX deletions_archive_ix ON deletions (completed_at) WHERE archived_rows > 0;

-- While `settling`, versions that the job's rows had displaced are on their way back.
ALTER TABLE bulk_upload_jobs ADD COLUMN settling {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE bulk_upload_jobs ADD COLUMN note {text};
ALTER TABLE bulk_upload_jobs ADD COLUMN legal_hold_by {uuid};
ALTER TABLE bulk_upload_jobs ADD COLUMN legal_hold_at {time};

CREATE INDEX bulk_upload_jobs_settling_ix ON bulk_upload_jobs (owner_id) WHERE settling;

-- The rows that a deletion removed, packed (format/archive.h). `part` 0: rows of the job, in file order, or of
-- the keys; 1: versions edited by hand from the job's rows. `rows_before`: of the same part, in chunks before.
CREATE TABLE deletion_chunks (
  owner_id {uuid} NOT NULL,
  deletion_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  part {small} NOT NULL,
  kind {small} NOT NULL,
  row_count {int} NOT NULL,
  rows_before {int} NOT NULL,
  lowest_id {uuid} NOT NULL,
  highest_id {uuid} NOT NULL,
  data {bytes} NOT NULL,
  CONSTRAINT deletion_chunks_pk PRIMARY KEY (owner_id, deletion_id, seq),
  CONSTRAINT deletion_chunks_deletion_fk FOREIGN KEY (owner_id, deletion_id) REFERENCES deletions (owner_id, id),
  CONSTRAINT deletion_chunks_part_ck CHECK (part IN (0, 1))
) {strict};

CREATE INDEX deletion_chunks_ids_ix ON deletion_chunks (owner_id, kind, highest_id);

-- Rows of jobs that displaced a visible version when they became current: where the removal of the job has to
-- look for former ones. It names rows that may be archived by now, so nothing refers to predictions.
CREATE TABLE covering_rows (
  owner_id {uuid} NOT NULL,
  job_id {uuid} NOT NULL,
  job_row {int} NOT NULL,
  prediction_id {uuid} NOT NULL,
  CONSTRAINT covering_rows_pk PRIMARY KEY (owner_id, job_id, job_row, prediction_id),
  CONSTRAINT covering_rows_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id)
) {strict};

-- Versions that stay former though nothing newer is there, since the current one was deleted alone.
CREATE TABLE retired_versions (
  owner_id {uuid} NOT NULL,
  prediction_id {uuid} NOT NULL,
  deletion_id {uuid} NOT NULL,
  CONSTRAINT retired_versions_pk PRIMARY KEY (owner_id, prediction_id, deletion_id),
  CONSTRAINT retired_versions_deletion_fk FOREIGN KEY (owner_id, deletion_id) REFERENCES deletions (owner_id, id)
) {strict};

CREATE INDEX retired_versions_deletion_ix ON retired_versions (owner_id, deletion_id);

-- The companies that an archive names: they are not swept while it is there.
CREATE TABLE archived_companies (
  owner_id {uuid} NOT NULL,
  company_id {uuid} NOT NULL,
  deletion_id {uuid} NOT NULL,
  CONSTRAINT archived_companies_pk PRIMARY KEY (owner_id, company_id, deletion_id),
  CONSTRAINT archived_companies_deletion_fk FOREIGN KEY (owner_id, deletion_id) REFERENCES deletions (owner_id, id)
) {strict};

CREATE INDEX archived_companies_deletion_ix ON archived_companies (owner_id, deletion_id);

-- Names and sectors that an upload with update_companies changed: what they were, so that removing the job
-- gives them back, and what it made of them, so that a later change by somebody else is seen. `changed_at`
-- orders the jobs that changed one company; `undone`: the job is removed, and its change with it.
CREATE TABLE company_changes (
  owner_id {uuid} NOT NULL,
  job_id {uuid} NOT NULL,
  company_id {uuid} NOT NULL,
  changed_at {time} NOT NULL,
  undone {bool} NOT NULL DEFAULT FALSE,
  name_before {text} NOT NULL,
  sector_before {text} NOT NULL,
  name_after {text} NOT NULL,
  sector_after {text} NOT NULL,
  CONSTRAINT company_changes_pk PRIMARY KEY (owner_id, job_id, company_id),
  CONSTRAINT company_changes_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id)
) {strict};

CREATE INDEX company_changes_company_ix ON company_changes (owner_id, company_id, changed_at);

-- Of a prediction that was made: the one whose place it took; the prediction itself: it was there, and equal.
ALTER TABLE idempotency_keys ADD COLUMN former_id {uuid};
