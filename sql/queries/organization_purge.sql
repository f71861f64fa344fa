-- The rows of an organization, removed some at a time: tables that refer to others before these. Each takes the owner
-- and how many at most.

-- name: purge_deletion_chunks
DELETE FROM deletion_chunks WHERE owner_id = $1 AND (deletion_id, seq) IN
  (SELECT x.deletion_id, x.seq FROM deletion_chunks x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_archived_companies
DELETE FROM archived_companies WHERE owner_id = $1 AND (company_id, deletion_id) IN
  (SELECT x.company_id, x.deletion_id FROM archived_companies x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_retired_versions
DELETE FROM retired_versions WHERE owner_id = $1 AND (prediction_id, deletion_id) IN
  (SELECT x.prediction_id, x.deletion_id FROM retired_versions x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_covering_rows
DELETE FROM covering_rows WHERE owner_id = $1 AND (job_id, job_row, prediction_id) IN
  (SELECT x.job_id, x.job_row, x.prediction_id FROM covering_rows x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_company_changes
DELETE FROM company_changes WHERE owner_id = $1 AND (job_id, company_id) IN
  (SELECT x.job_id, x.company_id FROM company_changes x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_predictions
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND id IN (SELECT x.id FROM {table} x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_prediction_counts
DELETE FROM prediction_counts WHERE owner_id = $1 AND id IN
  (SELECT x.id FROM prediction_counts x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_bulk_upload_errors
DELETE FROM bulk_upload_errors WHERE owner_id = $1 AND (job_id, severity, job_row, seq) IN
  (SELECT x.job_id, x.severity, x.job_row, x.seq FROM bulk_upload_errors x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_bulk_upload_files
DELETE FROM bulk_upload_files WHERE owner_id = $1 AND (job_id, seq) IN
  (SELECT x.job_id, x.seq FROM bulk_upload_files x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_job_row_marks
DELETE FROM job_row_marks WHERE owner_id = $1 AND (job_id, outcome, first_row) IN
  (SELECT x.job_id, x.outcome, x.first_row FROM job_row_marks x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_idempotency_keys
DELETE FROM idempotency_keys WHERE owner_id = $1 AND (user_id, key) IN
  (SELECT x.user_id, x.key FROM idempotency_keys x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_deletions
DELETE FROM deletions WHERE owner_id = $1 AND id IN (SELECT x.id FROM deletions x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_companies
DELETE FROM companies WHERE owner_id = $1 AND id IN (SELECT x.id FROM companies x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_bulk_upload_jobs
DELETE FROM bulk_upload_jobs WHERE owner_id = $1 AND id IN
  (SELECT x.id FROM bulk_upload_jobs x WHERE x.owner_id = $1 LIMIT $2);

-- name: purge_whitelist
DELETE FROM organization_whitelist WHERE organization_id = $1;

-- name: purge_places
-- Its members are members of nothing. A service user has nobody to act for it any more.
UPDATE users SET organization_id = NULL, role = 'user', is_active = (is_active AND NOT is_service), updated_at = $2
WHERE organization_id = $1;

-- name: purge_token
UPDATE organizations SET join_digest = NULL, revision = revision + 1, updated_at = $2 WHERE id = $1;
