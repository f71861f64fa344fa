-- Companies. The unique symbol within an owner is the last word on who makes one.

-- name: company_insert
INSERT INTO companies (owner_id, id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (owner_id, symbol) DO NOTHING;

-- name: company_by_symbol
SELECT c.id, c.owner_id, c.symbol, c.name, c.sector, c.job_id, c.job_row, c.created_by, c.created_at, c.updated_at,
  c.deleted_at, u.email
FROM companies c LEFT JOIN users u ON u.id = c.created_by
WHERE c.owner_id = $1 AND c.symbol = $2;

-- name: company_by_symbols
-- postgres only
-- Many at once, separated by a character that no symbol holds; for imports, which ask for nobody's address.
SELECT id, owner_id, symbol, name, sector, job_id, job_row, created_by, created_at, updated_at, deleted_at,
  NULL::text
FROM companies WHERE owner_id = $1 AND symbol = ANY (string_to_array($2, chr(31)));

-- name: company_by_id
SELECT c.id, c.owner_id, c.symbol, c.name, c.sector, c.job_id, c.job_row, c.created_by, c.created_at, c.updated_at,
  c.deleted_at, u.email
FROM companies c LEFT JOIN users u ON u.id = c.created_by
WHERE c.owner_id = $1 AND c.id = $2;

-- name: company_update
UPDATE companies SET name = $3, sector = $4, updated_at = $5 WHERE owner_id = $1 AND id = $2;

-- name: company_update_many
-- postgres only
-- The lists of ids, names and sectors run side by side; each text has a mark before it, for empty ones.
UPDATE companies AS c SET name = substr(v.name, 2), sector = substr(v.sector, 2), updated_at = $5
FROM unnest(string_to_array($2, ',')::uuid[], string_to_array($3, chr(31)), string_to_array($4, chr(31)))
  AS v (id, name, sector)
WHERE c.owner_id = $1 AND c.id = v.id;

-- name: company_revive
UPDATE companies SET deleted_at = NULL, updated_at = $3 WHERE owner_id = $1 AND id = $2;

-- name: company_restore
-- A company whose predictions come back: as it was, so updated_at stays.
UPDATE companies SET deleted_at = NULL WHERE owner_id = $1 AND id = $2 AND deleted_at IS NOT NULL;

-- name: company_restore_many
-- postgres only
UPDATE companies SET deleted_at = NULL
WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[]) AND deleted_at IS NOT NULL;

-- name: company_bereft
-- each kind
-- It has no current prediction left, and nothing of this job, whose rows are being removed.
SELECT count(*) FROM companies c WHERE c.owner_id = $1 AND c.id = $2
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
                  WHERE a.owner_id = $1 AND a.company_id = c.id AND a.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
                  WHERE q.owner_id = $1 AND q.company_id = c.id AND q.is_current)
  AND NOT EXISTS (SELECT 1 FROM {table} f
                  WHERE f.owner_id = $1 AND f.company_id = c.id AND NOT f.is_current AND f.job_id = $3);

-- name: company_bereft_many
-- each kind
-- postgres only
SELECT count(*) FROM unnest(string_to_array($2, ',')::uuid[]) AS c (id)
WHERE NOT EXISTS (SELECT 1 FROM annual_predictions a
                  WHERE a.owner_id = $1 AND a.company_id = c.id AND a.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
                  WHERE q.owner_id = $1 AND q.company_id = c.id AND q.is_current)
  AND NOT EXISTS (SELECT 1 FROM {table} f
                  WHERE f.owner_id = $1 AND f.company_id = c.id AND NOT f.is_current AND f.job_id = $3);

-- name: company_mark_deleted
-- Marks a company that nothing visible names any more.
UPDATE companies SET deleted_at = $3
WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
                  WHERE a.owner_id = $1 AND a.company_id = $2 AND a.is_current)
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
                  WHERE q.owner_id = $1 AND q.company_id = $2 AND q.is_current);

-- name: company_list
SELECT c.id, c.owner_id, c.symbol, c.name, c.sector, c.job_id, c.job_row, c.created_by, c.created_at, c.updated_at,
  c.deleted_at, u.email
FROM companies c LEFT JOIN users u ON u.id = c.created_by
WHERE c.owner_id = $1 AND (c.symbol, c.id) > ($2, $3) AND c.deleted_at IS NULL
  AND ($4 = '' OR strpos(c.symbol, $4) > 0 OR strpos(upper(c.name), $4) > 0)
  AND ($5 = '' OR c.sector = $5)
ORDER BY c.symbol, c.id LIMIT $6;

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

-- name: name_change_record
-- What a job makes of a company, beside what it was before the job changed it for the first time.
INSERT INTO company_changes (owner_id, job_id, company_id, changed_at, name_before, sector_before, name_after,
  sector_after)
SELECT $1, $2, c.id, $3, c.name, c.sector, $5, $6 FROM companies c WHERE c.owner_id = $1 AND c.id = $4
ON CONFLICT (owner_id, job_id, company_id)
DO UPDATE SET name_after = excluded.name_after, sector_after = excluded.sector_after;

-- name: name_change_record_many
-- postgres only
INSERT INTO company_changes (owner_id, job_id, company_id, changed_at, name_before, sector_before, name_after,
  sector_after)
SELECT $1, $2, c.id, $3, c.name, c.sector, substr(v.name, 2), substr(v.sector, 2)
FROM unnest(string_to_array($4, ',')::uuid[], string_to_array($5, chr(31)), string_to_array($6, chr(31)))
  AS v (id, name, sector)
JOIN companies c ON c.owner_id = $1 AND c.id = v.id
ON CONFLICT (owner_id, job_id, company_id)
DO UPDATE SET name_after = excluded.name_after, sector_after = excluded.sector_after;

-- name: name_change_count
-- Of what a job changed: all, and what still is as the job left it, with no later job behind it.
SELECT count(*), count(CASE WHEN k.name = c.name_after AND k.sector = c.sector_after
  AND NOT EXISTS (SELECT 1 FROM company_changes n
       WHERE n.owner_id = $1 AND n.company_id = c.company_id AND NOT n.undone AND n.job_id <> $2
         AND (n.changed_at, n.job_id) > (c.changed_at, c.job_id)) THEN 1 END)
FROM company_changes c JOIN companies k ON k.owner_id = $1 AND k.id = c.company_id
WHERE c.owner_id = $1 AND c.job_id = $2 AND NOT c.undone
  AND (c.name_before <> c.name_after OR c.sector_before <> c.sector_after);

-- name: name_change_drop
-- Changes that somebody changed again by hand: with the job or without it, that is how it stays. What a change
-- is compared with is the beginning of the next job's change, or how the company is now.
DELETE FROM company_changes AS c
WHERE c.owner_id = $1 AND c.job_id = $2 AND c.undone = $3 AND NOT EXISTS (
  SELECT 1 FROM companies k WHERE k.owner_id = $1 AND k.id = c.company_id
    AND CASE WHEN $3 THEN c.name_before ELSE c.name_after END = coalesce((
      SELECT n.name_before FROM company_changes n
      WHERE n.owner_id = $1 AND n.company_id = c.company_id AND NOT n.undone AND n.job_id <> $2
        AND (n.changed_at, n.job_id) > (c.changed_at, c.job_id)
      ORDER BY n.changed_at, n.job_id LIMIT 1), k.name)
    AND CASE WHEN $3 THEN c.sector_before ELSE c.sector_after END = coalesce((
      SELECT n.sector_before FROM company_changes n
      WHERE n.owner_id = $1 AND n.company_id = c.company_id AND NOT n.undone AND n.job_id <> $2
        AND (n.changed_at, n.job_id) > (c.changed_at, c.job_id)
      ORDER BY n.changed_at, n.job_id LIMIT 1), k.sector));

-- name: name_change_turn
-- Companies that no later job changed get back what they were (or, $3, become again what the job made of them).
UPDATE companies SET updated_at = $4,
  name = (SELECT CASE WHEN $3 THEN c.name_after ELSE c.name_before END FROM company_changes c
          WHERE c.owner_id = $1 AND c.job_id = $2 AND c.company_id = companies.id),
  sector = (SELECT CASE WHEN $3 THEN c.sector_after ELSE c.sector_before END FROM company_changes c
            WHERE c.owner_id = $1 AND c.job_id = $2 AND c.company_id = companies.id)
WHERE owner_id = $1 AND id IN (
  SELECT c.company_id FROM company_changes c
  WHERE c.owner_id = $1 AND c.job_id = $2 AND c.undone = $3
    AND (c.name_before <> c.name_after OR c.sector_before <> c.sector_after)
    AND NOT EXISTS (SELECT 1 FROM company_changes n
      WHERE n.owner_id = $1 AND n.company_id = c.company_id AND NOT n.undone AND n.job_id <> $2
        AND (n.changed_at, n.job_id) > (c.changed_at, c.job_id)));

-- name: name_change_pass_on
-- The next job's change begins where this one began (or, $3, where it ends again); so do those of removed jobs
-- before it.
UPDATE company_changes AS o SET
  name_before = (SELECT CASE WHEN $3 THEN c.name_after ELSE c.name_before END FROM company_changes c
                 WHERE c.owner_id = $1 AND c.job_id = $2 AND c.company_id = o.company_id),
  sector_before = (SELECT CASE WHEN $3 THEN c.sector_after ELSE c.sector_before END FROM company_changes c
                   WHERE c.owner_id = $1 AND c.job_id = $2 AND c.company_id = o.company_id)
WHERE o.owner_id = $1 AND o.job_id <> $2
  AND o.company_id IN (SELECT m.company_id FROM company_changes m WHERE m.owner_id = $1 AND m.job_id = $2)
  AND EXISTS (
    SELECT 1 FROM company_changes c
    WHERE c.owner_id = $1 AND c.job_id = $2 AND c.company_id = o.company_id AND c.undone = $3
      AND (c.name_before <> c.name_after OR c.sector_before <> c.sector_after)
      AND (o.changed_at, o.job_id) > (c.changed_at, c.job_id)
      AND o.name_before = CASE WHEN $3 THEN c.name_before ELSE c.name_after END
      AND o.sector_before = CASE WHEN $3 THEN c.sector_before ELSE c.sector_after END
      AND NOT EXISTS (SELECT 1 FROM company_changes n
      WHERE n.owner_id = $1 AND n.company_id = c.company_id AND NOT n.undone AND n.job_id <> $2
        AND (n.changed_at, n.job_id) > (c.changed_at, c.job_id)
        AND (n.changed_at, n.job_id) < (o.changed_at, o.job_id)));

-- name: name_change_mark
UPDATE company_changes SET undone = $3 WHERE owner_id = $1 AND job_id = $2;
