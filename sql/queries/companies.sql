-- Companies. The unique symbol within an owner is the last word on who makes one.

-- name: company_insert
INSERT INTO companies (owner_id, id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (owner_id, symbol) DO NOTHING;

-- name: company_by_symbol
SELECT id, owner_id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at, deleted_at
FROM companies WHERE owner_id = $1 AND symbol = $2;

-- name: company_by_symbols
-- postgres only
-- Many at once, separated by a character that no symbol holds.
SELECT id, owner_id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at, deleted_at
FROM companies WHERE owner_id = $1 AND symbol = ANY (string_to_array($2, chr(31)));

-- name: company_by_id
SELECT id, owner_id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at, deleted_at
FROM companies WHERE owner_id = $1 AND id = $2;

-- name: company_update
UPDATE companies SET name = $3, sector = $4, updated_at = $5 WHERE owner_id = $1 AND id = $2;

-- name: company_revive
UPDATE companies SET deleted_at = NULL, updated_at = $3 WHERE owner_id = $1 AND id = $2;

-- name: company_restore
-- A company whose predictions come back: as it was, so updated_at stays.
UPDATE companies SET deleted_at = NULL WHERE owner_id = $1 AND id = $2 AND deleted_at IS NOT NULL;

-- name: company_restore_many
-- postgres only
UPDATE companies SET deleted_at = NULL
WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[]) AND deleted_at IS NOT NULL;

-- name: company_mark_deleted
-- Marks a company that nothing visible names any more.
UPDATE companies SET deleted_at = $3
WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
                  WHERE a.owner_id = $1 AND a.company_id = $2 AND a.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
                  WHERE q.owner_id = $1 AND q.company_id = $2 AND q.is_current);

-- name: company_list
SELECT id, owner_id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at, deleted_at
FROM companies
WHERE owner_id = $1 AND (symbol, id) > ($2, $3) AND deleted_at IS NULL
  AND ($4 = '' OR strpos(symbol, $4) > 0 OR strpos(upper(name), $4) > 0)
  AND ($5 = '' OR sector = $5)
ORDER BY symbol, id LIMIT $6;

-- name: company_count
SELECT count(*) FROM (
  SELECT 1 FROM companies
  WHERE owner_id = $1 AND deleted_at IS NULL
    AND ($2 = '' OR strpos(symbol, $2) > 0 OR strpos(upper(name), $2) > 0)
    AND ($3 = '' OR sector = $3)
  LIMIT $4) counted;

-- name: company_newest_cap
-- each kind
SELECT market_cap, reporting_year, reporting_quarter FROM {table} p
WHERE p.owner_id = $1 AND p.company_id = $2 AND p.is_current AND p.market_cap IS NOT NULL AND {visible}
ORDER BY p.reporting_year DESC, p.reporting_quarter DESC LIMIT 1;

-- name: company_prediction_count
-- each kind
SELECT count(*) FROM {table} p
WHERE p.owner_id = $1 AND p.company_id = $2 AND p.is_current AND {visible};

-- name: company_count_of_job
SELECT count(*) FROM companies WHERE owner_id = $1 AND job_id = $2 AND job_id IS NOT NULL;
