-- Which rows of a file were skipped or left unchanged: what failed is in bulk_upload_errors, and what was made names
-- its row.

-- One row for each batch of an import that had any. `outcome` 2: skipped, 3: unchanged. `ranges`: "0-3,7" are the
-- rows first_row to first_row + 3 and first_row + 7, `row_count` of them (format/row_ranges.h).
CREATE TABLE job_row_marks (
  owner_id {uuid} NOT NULL,
  job_id {uuid} NOT NULL,
  outcome {small} NOT NULL,
  first_row {int} NOT NULL,
  row_count {int} NOT NULL,
  ranges {text} NOT NULL,
  CONSTRAINT job_row_marks_pk PRIMARY KEY (owner_id, job_id, outcome, first_row),
  CONSTRAINT job_row_marks_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id),
  CONSTRAINT job_row_marks_outcome_ck CHECK (outcome IN (2, 3))
) {strict};

-- FALSE: rows of the job were skipped before there was a place to note which.
ALTER TABLE bulk_upload_jobs ADD COLUMN rows_marked {bool} NOT NULL DEFAULT TRUE;
UPDATE bulk_upload_jobs SET rows_marked = FALSE WHERE skipped_rows > 0 OR unchanged_rows > 0;
