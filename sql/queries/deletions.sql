-- Deletions and their archives; which versions lie upon which.

-- name: deletion_insert
INSERT INTO deletions (owner_id, id, job_id, kind, user_id, reason, record_only, include_inferred,
  orphaned_companies, state, expected_rows, deleted_rows, edits_kept, inferred_kept, already_deleted,
  companies_empty, companies_deleted, created_at, completed_at, subject, object_id, filter, include_edited,
  restorable_until, own_edits, others_kept, with_deletion)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, 0, 0, $15, $16, $17, $18, $19, $20, $21, $22,
  $23, $24);

-- name: deletion_select
SELECT {deletion}
FROM deletions d LEFT JOIN users u ON u.id = d.user_id
WHERE d.owner_id = $1 AND d.id = $2;

-- name: deletion_of_job
-- The latest of a job; the undo of its import is not meant.
SELECT {deletion}
FROM deletions d LEFT JOIN users u ON u.id = d.user_id
WHERE d.owner_id = $1 AND d.job_id = $2 AND d.subject = 'job'
ORDER BY d.created_at DESC LIMIT 1;

-- name: deletion_together
-- Those that were asked for with another, in the order of the jobs that they deleted.
SELECT {deletion}
FROM deletions d JOIN bulk_upload_jobs j ON j.owner_id = $1 AND j.id = d.job_id
LEFT JOIN users u ON u.id = d.user_id
WHERE d.owner_id = $1 AND d.with_deletion = $2
ORDER BY j.created_at, j.id;

-- name: deletion_undo_of_job
SELECT {deletion}
FROM deletions d LEFT JOIN users u ON u.id = d.user_id
WHERE d.owner_id = $1 AND d.job_id = $2 AND d.subject = 'undo'
ORDER BY d.created_at DESC LIMIT 1;

-- name: deletion_lock
SELECT id FROM deletions WHERE owner_id = $1 AND id = $2 {for_update};

-- name: deletion_progress
-- What a batch did, added to what was done before it, and where it ended.
UPDATE deletions SET state = 'running', deleted_rows = deleted_rows + $3, annual_rows = annual_rows + $4,
  edits_deleted = edits_deleted + $5, held_rows = held_rows + $6, versions_restored = versions_restored + $7,
  names_restored = names_restored + $8, names_kept = names_kept + $9, companies_empty = companies_empty + $10,
  companies_deleted = companies_deleted + $11, archived_rows = archived_rows + $12,
  restored_rows = restored_rows + $13, restored_former = restored_former + $14, settled_row = $15,
  cursor_kind = $16, cursor_at = $17, cursor_id = $18
WHERE owner_id = $1 AND id = $2;

-- name: deletion_expect_more
-- Rows that come back to a job which is being deleted go with it.
UPDATE deletions SET expected_rows = expected_rows + $3, already_deleted = already_deleted - $3
WHERE owner_id = $1 AND job_id = $2 AND subject = 'job' AND phase = 'removal' AND state IN ('pending', 'running');

-- name: deletion_finish
UPDATE deletions SET state = $3, completed_at = coalesce(completed_at, $4) WHERE owner_id = $1 AND id = $2;

-- name: deletion_begin_restore
UPDATE deletions SET phase = 'restore', state = $5, restored_by = $3, restored_at = $4, restored_rows = 0,
  restored_former = 0, settled_row = 0, cursor_kind = 0, cursor_at = NULL, cursor_id = NULL
WHERE owner_id = $1 AND id = $2;

-- name: chunk_insert
INSERT INTO deletion_chunks (owner_id, deletion_id, seq, part, kind, row_count, rows_before, lowest_id,
  highest_id, data)
SELECT $1, $2,
  coalesce((SELECT max(seq) + 1 FROM deletion_chunks WHERE owner_id = $1 AND deletion_id = $2), 0),
  $3, $4, $5,
  coalesce((SELECT CAST(sum(row_count) AS {int}) FROM deletion_chunks
            WHERE owner_id = $1 AND deletion_id = $2 AND part = $3), 0),
  $6, $7, $8;

-- name: chunk_at
SELECT seq, kind, row_count, rows_before, data FROM deletion_chunks
WHERE owner_id = $1 AND deletion_id = $2 AND part = $3 AND rows_before <= $4 AND rows_before + row_count > $4
ORDER BY seq LIMIT 1;

-- name: chunk_of_prediction
-- Archives of what is there again are passed over.
SELECT c.deletion_id, c.data FROM deletion_chunks c
WHERE c.owner_id = $1 AND c.kind = $2 AND c.highest_id >= $3 AND c.lowest_id <= $3
  AND EXISTS (SELECT 1 FROM deletions d WHERE d.owner_id = {owner} AND d.id = c.deletion_id
              AND NOT (d.phase = 'restore' AND d.state = 'done'))
ORDER BY c.highest_id LIMIT $4;

-- name: chunk_last
SELECT seq, row_count FROM deletion_chunks WHERE owner_id = $1 AND deletion_id = $2
ORDER BY seq DESC LIMIT $3;

-- name: chunk_delete
DELETE FROM deletion_chunks WHERE owner_id = $1 AND deletion_id = $2 AND seq >= $3;

-- name: archived_company_insert
INSERT INTO archived_companies (owner_id, company_id, deletion_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: archived_company_insert_many
-- postgres only
INSERT INTO archived_companies (owner_id, company_id, deletion_id)
SELECT $1, c.id, $3 FROM unnest(string_to_array($2, ',')::uuid[]) AS c (id) ON CONFLICT DO NOTHING;

-- name: archived_company_delete
DELETE FROM archived_companies WHERE owner_id = $1 AND deletion_id = $2;

-- name: covering_insert
INSERT INTO covering_rows (owner_id, job_id, job_row, prediction_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: covering_insert_many
-- postgres only
INSERT INTO covering_rows (owner_id, job_id, job_row, prediction_id)
SELECT $1, v.job_id, v.job_row, v.id
FROM unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ',')::bigint[],
            string_to_array($4, ',')::uuid[]) AS v (job_id, job_row, id)
ON CONFLICT DO NOTHING;

-- name: covering_insert_of_job
-- each kind
-- All rows of a job that are there.
INSERT INTO covering_rows (owner_id, job_id, job_row, prediction_id)
SELECT p.owner_id, p.job_id, coalesce(p.job_row, 0), p.id FROM {table} p
WHERE p.owner_id = $1 AND p.job_id = $2 AND (p.job_link = 0 OR $3)
ON CONFLICT DO NOTHING;

-- name: covering_count
SELECT count(*) FROM (SELECT 1 FROM covering_rows WHERE owner_id = $1 AND job_id = $2 LIMIT $3) counted;

-- name: covering_end
-- Where a pass over covering rows ends.
SELECT max(job_row), count(*) FROM (
  SELECT job_row FROM covering_rows WHERE owner_id = $1 AND job_id = $2 AND job_row > $3
  ORDER BY job_row LIMIT $4) pass;

-- name: covering_uncover
-- each kind
-- The covering rows of a hidden job that hold their key, each with the newest former version that can be seen and is
-- of none of the jobs $7 (as text), which are to be hidden as well; likewise below.
SELECT v.job_row, p.id, p.job_id, p.job_row, p.job_link, p.reporting_year, p.risk_level, p.sector,
  f.id, f.job_id, f.job_row, f.job_link, f.reporting_year, f.risk_level, f.sector
FROM (SELECT job_row, prediction_id FROM covering_rows
      WHERE owner_id = $1 AND job_id = $2 AND job_row > $3 AND job_row <= $4
      ORDER BY job_row LIMIT $5) v
JOIN {table} p ON p.owner_id = $1 AND p.id = v.prediction_id
JOIN {table} f ON f.owner_id = $1 AND f.id = (
  SELECT o.id FROM {table} o
  WHERE o.owner_id = $1 AND o.company_id = p.company_id AND NOT o.is_current
    AND o.reporting_year = p.reporting_year AND o.reporting_quarter = p.reporting_quarter
    AND (o.job_id IS NULL OR (o.job_id <> $2 AND ($7 = '' OR strpos($7, {job_hex:o}) = 0)))
    AND {visible:o}
  ORDER BY o.created_at DESC, o.id DESC LIMIT 1)
WHERE p.is_current AND (p.job_link = 0 OR $6)
  AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = f.id);

-- name: edits_of_job
-- each kind
-- Those of one user, or ($4 NULL) everybody's; likewise below.
SELECT id FROM {table}
WHERE owner_id = $1 AND root_job_id = $2 AND derived_from IS NOT NULL AND (job_id IS NULL OR job_id <> $2)
  AND ($4 IS NULL OR created_by = $4)
ORDER BY created_at, id LIMIT $3;

-- name: edits_count_of_job
-- each kind
SELECT count(*) FROM {table}
WHERE owner_id = $1 AND root_job_id = $2 AND derived_from IS NOT NULL AND (job_id IS NULL OR job_id <> $2)
  AND ($3 IS NULL OR created_by = $3);

-- name: edits_uncover
-- each kind
-- Versions edited by hand from a job's rows that hold their key, each with the newest former version that can
-- be seen once both are gone.
SELECT 0, e.id, e.job_id, e.job_row, e.job_link, e.reporting_year, e.risk_level, e.sector,
  f.id, f.job_id, f.job_row, f.job_link, f.reporting_year, f.risk_level, f.sector
FROM (SELECT * FROM {table}
      WHERE owner_id = $1 AND root_job_id = $2 AND derived_from IS NOT NULL
        AND (job_id IS NULL OR job_id <> $2) AND ($4 IS NULL OR created_by = $4)
      ORDER BY created_at, id LIMIT $3) e
JOIN {table} f ON f.owner_id = $1 AND f.id = (
  SELECT o.id FROM {table} o
  WHERE o.owner_id = $1 AND o.company_id = e.company_id AND NOT o.is_current
    AND o.reporting_year = e.reporting_year AND o.reporting_quarter = e.reporting_quarter
    AND (o.job_id IS NULL OR (o.job_id <> $2 AND ($5 = '' OR strpos($5, {job_hex:o}) = 0)))
    AND (o.root_job_id IS NULL OR o.root_job_id <> $2 OR o.created_by <> $4)
    AND {visible:o}
  ORDER BY o.created_at DESC, o.id DESC LIMIT 1)
WHERE e.is_current
  AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = f.id);

-- name: covering_cover
-- each kind
-- The covering rows of a job that do not hold their key though nothing that can be seen is newer, with what
-- holds it instead.
SELECT v.job_row, c.id, c.job_id, c.job_row, c.job_link, c.reporting_year, c.risk_level, c.sector,
  p.id, p.job_id, p.job_row, p.job_link, p.reporting_year, p.risk_level, p.sector
FROM (SELECT job_row, prediction_id FROM covering_rows
      WHERE owner_id = $1 AND job_id = $2 AND job_row > $3 AND job_row <= $4
      ORDER BY job_row LIMIT $5) v
JOIN {table} p ON p.owner_id = $1 AND p.id = v.prediction_id
LEFT JOIN {table} c ON c.owner_id = $1 AND c.company_id = p.company_id AND c.is_current
  AND c.reporting_year = p.reporting_year AND c.reporting_quarter = p.reporting_quarter
WHERE NOT p.is_current
  AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = p.id)
  AND (c.id IS NULL OR (c.created_at, c.id) < (p.created_at, p.id)
       OR {hidden:c})
  AND NOT EXISTS (
    SELECT 1 FROM {table} o
    WHERE o.owner_id = $1 AND o.company_id = p.company_id AND NOT o.is_current
      AND o.created_at >= p.created_at AND (o.created_at, o.id) > (p.created_at, p.id)
      AND o.reporting_year = p.reporting_year AND o.reporting_quarter = p.reporting_quarter
      AND {visible:o});

-- name: prediction_set_current
-- each kind
UPDATE {table} SET is_current = $3 WHERE owner_id = $1 AND id = $2 AND is_current <> $3;

-- name: prediction_set_current_many
-- each kind
-- postgres only
UPDATE {table} SET is_current = $3
WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[]) AND is_current <> $3;

-- name: retired_insert
INSERT INTO retired_versions (owner_id, prediction_id, deletion_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: retired_delete
DELETE FROM retired_versions WHERE owner_id = $1 AND deletion_id = $2;

-- name: retired_any
SELECT count(*) FROM (SELECT 1 FROM retired_versions WHERE owner_id = $1 LIMIT 1) found;

-- name: retired_has
SELECT count(*) FROM (SELECT 1 FROM retired_versions WHERE owner_id = $1 AND prediction_id = $2 LIMIT 1) found;
