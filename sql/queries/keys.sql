-- Deletions by keys: which versions a key has, what a filter finds, what is left of a company.

-- name: key_versions
-- each kind
-- The versions of a key that can be seen.
SELECT 0, p.id, p.is_current, p.job_id, p.root_job_id, p.created_by, p.created_at FROM (
  SELECT id, is_current, job_id, job_link, root_job_id, created_by, created_at FROM {table}
  WHERE owner_id = $1 AND company_id = $2 AND reporting_year = $3 AND reporting_quarter = $4 AND is_current
  UNION ALL
  SELECT id, is_current, job_id, job_link, root_job_id, created_by, created_at FROM {table}
  WHERE owner_id = $1 AND company_id = $2 AND reporting_year = $3 AND reporting_quarter = $4
    AND NOT is_current) p
WHERE {visible};

-- name: key_versions_many
-- each kind
-- postgres only
-- Of many keys: the lists of companies, years and quarters run side by side. The inner LIMITs keep the planner
-- to the indexes of the keys.
SELECT k.n - 1, p.id, p.is_current, p.job_id, p.root_job_id, p.created_by, p.created_at
FROM unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ',')::smallint[],
            string_to_array($4, ',')::smallint[]) WITH ORDINALITY AS k (company, year, quarter, n)
CROSS JOIN LATERAL (
  (SELECT id, is_current, job_id, job_link, root_job_id, created_by, created_at FROM {table} t
   WHERE t.owner_id = $1 AND t.company_id = k.company AND t.reporting_year = k.year
     AND t.reporting_quarter = k.quarter AND t.is_current LIMIT 1)
  UNION ALL
  (SELECT id, is_current, job_id, job_link, root_job_id, created_by, created_at FROM {table} t
   WHERE t.owner_id = $1 AND t.company_id = k.company AND t.reporting_year = k.year
     AND t.reporting_quarter = k.quarter AND NOT t.is_current
   ORDER BY t.created_at LIMIT 1000000)) p
WHERE {visible};

-- name: prediction_lock_many
-- each kind
-- postgres only
SELECT id FROM {table} WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[])
ORDER BY id FOR NO KEY UPDATE;

-- name: key_of_company
-- each kind
-- The keys of a company that have a version which can be seen, by period.
SELECT reporting_year, reporting_quarter FROM (
  SELECT p.reporting_year, p.reporting_quarter FROM {table} p
  WHERE p.owner_id = $1 AND p.company_id = $2 AND p.is_current AND {visible}
  UNION
  SELECT p.reporting_year, p.reporting_quarter FROM {table} p
  WHERE p.owner_id = $1 AND p.company_id = $2 AND NOT p.is_current AND {visible}) k
WHERE k.reporting_year * 4 + k.reporting_quarter > $3
ORDER BY reporting_year, reporting_quarter LIMIT $4;

-- What a purge by filter would meet: keys, those of them that are $15's (or anybody's: $16), and how many former
-- versions these have. $1 to $13 are the filters of a list; three ways to the rows: the list's own, those of one
-- company, those of one job.

-- name: purge_count_created
-- each kind
SELECT count(*), count(CASE WHEN $16 OR p.created_by = $15 THEN 1 END),
  CAST(coalesce(sum(CASE WHEN $16 OR p.created_by = $15 THEN (
    SELECT count(*) FROM {table} f
    WHERE f.owner_id = $14 AND f.company_id = p.company_id AND NOT f.is_current
      AND f.reporting_year = p.reporting_year AND f.reporting_quarter = p.reporting_quarter
      AND {visible:f}) END), 0) AS {int})
FROM {table} p
JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
WHERE p.owner_id = $14 AND p.is_current AND {filters} AND {visible};

-- name: purge_count_company
-- each kind
SELECT count(*), count(CASE WHEN $16 OR p.created_by = $15 THEN 1 END),
  CAST(coalesce(sum(CASE WHEN $16 OR p.created_by = $15 THEN (
    SELECT count(*) FROM {table} f
    WHERE f.owner_id = $14 AND f.company_id = p.company_id AND NOT f.is_current
      AND f.reporting_year = p.reporting_year AND f.reporting_quarter = p.reporting_quarter
      AND {visible:f}) END), 0) AS {int})
FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND is_current
  ORDER BY reporting_year DESC, reporting_quarter DESC LIMIT 1000000) p
JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
WHERE {filters} AND {visible};

-- name: purge_count_job
-- each kind
SELECT count(*), count(CASE WHEN $16 OR p.created_by = $15 THEN 1 END),
  CAST(coalesce(sum(CASE WHEN $16 OR p.created_by = $15 THEN (
    SELECT count(*) FROM {table} f
    WHERE f.owner_id = $14 AND f.company_id = p.company_id AND NOT f.is_current
      AND f.reporting_year = p.reporting_year AND f.reporting_quarter = p.reporting_quarter
      AND {visible:f}) END), 0) AS {int})
FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id = $17 AND is_current
  ORDER BY job_row LIMIT 1000000000) p
JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
WHERE {filters} AND {visible};

-- name: purge_empty_created
-- each kind
-- Companies of which the same would remove every prediction that can be seen.
SELECT count(*) FROM (
  SELECT p.company_id AS company_id, count(*) AS found
  FROM {table} p
  JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
  WHERE p.owner_id = $14 AND p.is_current AND ($16 OR p.created_by = $15) AND {filters} AND {visible}
  GROUP BY p.company_id) d
WHERE d.found =
    (SELECT count(*) FROM annual_predictions a
     WHERE a.owner_id = $14 AND a.company_id = d.company_id AND a.is_current
       AND {visible:a})
  + (SELECT count(*) FROM quarterly_predictions q
     WHERE q.owner_id = $14 AND q.company_id = d.company_id AND q.is_current
       AND {visible:q});

-- name: purge_empty_company
-- each kind
-- Companies of which the same would remove every prediction that can be seen.
SELECT count(*) FROM (
  SELECT p.company_id AS company_id, count(*) AS found
  FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND is_current
  ORDER BY reporting_year DESC, reporting_quarter DESC LIMIT 1000000) p
  JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
  WHERE ($16 OR p.created_by = $15) AND {filters} AND {visible}
  GROUP BY p.company_id) d
WHERE d.found =
    (SELECT count(*) FROM annual_predictions a
     WHERE a.owner_id = $14 AND a.company_id = d.company_id AND a.is_current
       AND {visible:a})
  + (SELECT count(*) FROM quarterly_predictions q
     WHERE q.owner_id = $14 AND q.company_id = d.company_id AND q.is_current
       AND {visible:q});

-- name: purge_empty_job
-- each kind
-- Companies of which the same would remove every prediction that can be seen.
SELECT count(*) FROM (
  SELECT p.company_id AS company_id, count(*) AS found
  FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id = $17 AND is_current
  ORDER BY job_row LIMIT 1000000000) p
  JOIN companies c ON c.owner_id = $14 AND c.id = p.company_id
  WHERE ($16 OR p.created_by = $15) AND {filters} AND {visible}
  GROUP BY p.company_id) d
WHERE d.found =
    (SELECT count(*) FROM annual_predictions a
     WHERE a.owner_id = $14 AND a.company_id = d.company_id AND a.is_current
       AND {visible:a})
  + (SELECT count(*) FROM quarterly_predictions q
     WHERE q.owner_id = $14 AND q.company_id = d.company_id AND q.is_current
       AND {visible:q});

-- name: company_is_empty
-- No current prediction of it can be seen.
SELECT count(*) FROM companies c WHERE c.owner_id = $1 AND c.id = $2
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
    WHERE a.owner_id = $1 AND a.company_id = c.id AND a.is_current
      AND {visible:a})
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
    WHERE q.owner_id = $1 AND q.company_id = c.id AND q.is_current
      AND {visible:q});

-- name: company_are_empty
-- postgres only
SELECT count(*) FROM unnest(string_to_array($2, ',')::uuid[]) AS c (id)
WHERE NOT EXISTS (SELECT 1 FROM annual_predictions a
    WHERE a.owner_id = $1 AND a.company_id = c.id AND a.is_current
      AND {visible:a})
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
    WHERE q.owner_id = $1 AND q.company_id = c.id AND q.is_current
      AND {visible:q});

-- name: company_delete
-- Marks a company of which no version of any prediction can be seen.
UPDATE companies SET deleted_at = $3
WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
    WHERE a.owner_id = $1 AND a.company_id = $2 AND a.is_current
      AND {visible:a})
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
    WHERE q.owner_id = $1 AND q.company_id = $2 AND q.is_current
      AND {visible:q})
  AND NOT EXISTS (SELECT 1 FROM annual_predictions a
    WHERE a.owner_id = $1 AND a.company_id = $2 AND NOT a.is_current
      AND {visible:a})
  AND NOT EXISTS (SELECT 1 FROM quarterly_predictions q
    WHERE q.owner_id = $1 AND q.company_id = $2 AND NOT q.is_current
      AND {visible:q});

-- name: company_lock
-- Whoever makes a prediction of it waits.
SELECT id FROM companies WHERE owner_id = $1 AND id = $2 {for_update};

-- name: job_hold_any
SELECT count(*) FROM (
  SELECT 1 FROM bulk_upload_jobs WHERE owner_id = $1 AND legal_hold IS NOT NULL LIMIT 1) held;

-- name: owner_revision
SELECT data_revision FROM owners WHERE id = $1;

-- name: archived_looked_up
-- What is looked up with a row, for one that comes out of an archive.
SELECT c.symbol, c.name, j.original_filename, j.status, m.name, m.version, u.email
FROM companies c
LEFT JOIN models m ON m.id = $3
LEFT JOIN bulk_upload_jobs j ON j.owner_id = {owner} AND j.id = $4
LEFT JOIN users u ON u.id = $5
WHERE c.owner_id = $1 AND c.id = $2;
