-- Predictions. Each statement is written once and stands for both kinds.
--
-- The walks of the list have their own numbers from $14 on; $1 to $13 are the filters, in the order of
-- prediction_store.c. A walk looks at no more than a window of its index and tests the filters on that.

-- name: prediction_insert
-- each kind
INSERT INTO {table} ({columns}) VALUES ({placeholders}) ON CONFLICT DO NOTHING;

-- name: prediction_copy
-- each kind
-- postgres only
COPY {table} ({columns}) FROM STDIN (FORMAT binary);

-- name: prediction_get
-- each kind
SELECT {selected}, {hidden} FROM {table} p {looked_up} WHERE p.owner_id = $1 AND p.id = $2;

-- name: prediction_current
-- each kind
-- The holder of a key, hidden or not.
SELECT {selected}, {hidden} FROM {table} p {looked_up}
WHERE p.owner_id = $1 AND p.company_id = $2 AND p.reporting_year = $3 AND p.reporting_quarter = $4
  AND p.is_current;

-- name: prediction_current_many
-- each kind
-- postgres only
-- The holders of many keys: the lists of companies, years and quarters run side by side.
SELECT {selected}, {hidden}, k.n
FROM unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ',')::smallint[],
            string_to_array($4, ',')::smallint[]) WITH ORDINALITY AS k (company, year, quarter, n)
CROSS JOIN LATERAL (
  SELECT * FROM {table} t WHERE t.owner_id = $1 AND t.company_id = k.company
    AND t.reporting_year = k.year AND t.reporting_quarter = k.quarter AND t.is_current LIMIT 1) p
{looked_up};

-- name: prediction_versions
-- each kind
SELECT {selected} FROM {table} p {looked_up}
WHERE p.owner_id = $1 AND p.company_id = $2 AND p.reporting_year = $3 AND p.reporting_quarter = $4
  AND NOT p.is_current AND {visible}
ORDER BY p.created_at DESC, p.id DESC LIMIT $5;

-- name: prediction_lock
-- each kind
-- Whoever changes a row holds it first: what is read behind this stays so until the commit.
SELECT is_current FROM {table} WHERE owner_id = $1 AND id = $2 {for_update};

-- name: prediction_lock_current
-- each kind
-- postgres only
-- In the order of their ids, as everybody does.
SELECT id, is_current FROM {table} WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[])
ORDER BY id {for_update};

-- name: prediction_unset_current
-- each kind
UPDATE {table} SET is_current = FALSE WHERE owner_id = $1 AND id = $2 AND is_current;

-- name: prediction_delete
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND id = $2;

-- name: prediction_delete_former
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND company_id = $2 AND reporting_year = $3
  AND reporting_quarter = $4 AND NOT is_current;

-- name: prediction_jobs_of_key
-- each kind
-- The jobs whose rows a deletion of a key meets, and how many of each.
SELECT f.job_id, count(*) FROM (
  SELECT job_id FROM {table} WHERE owner_id = $1 AND company_id = $2 AND reporting_year = $3
    AND reporting_quarter = $4 AND NOT is_current LIMIT 10000) f
WHERE f.job_id IS NOT NULL GROUP BY f.job_id;

-- name: prediction_walk_created
-- each kind
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND is_current
    AND (created_at, id) < ($15, $16) AND (created_at, id) > ($17, $18)
  ORDER BY created_at DESC, id DESC LIMIT $19) p {looked_up}
WHERE {filters} AND {visible}
ORDER BY p.created_at DESC, p.id DESC LIMIT $20;

-- name: prediction_end_created
-- each kind
SELECT created_at, id FROM {table} WHERE owner_id = $1 AND is_current
  AND (created_at, id) < ($2, $3) AND (created_at, id) > ($4, $5)
ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $6;

-- name: prediction_count_created
-- each kind
SELECT count(*) FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND is_current
    AND (created_at, id) < ($15, $16) AND (created_at, id) > ($17, $18)
  ORDER BY created_at DESC, id DESC LIMIT $19) p
JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id
WHERE {filters} AND {visible};

-- name: prediction_walk_manual
-- each kind
-- Within the span of a hidden job only rows without a job can be seen: they have an index of their own.
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id IS NULL
    AND (created_at, id) < ($15, $16) AND (created_at, id) > ($17, $18)
  ORDER BY created_at DESC, id DESC LIMIT $19) p {looked_up}
WHERE {filters} AND p.is_current
ORDER BY p.created_at DESC, p.id DESC LIMIT $20;

-- name: prediction_end_manual
-- each kind
SELECT created_at, id FROM {table} WHERE owner_id = $1 AND job_id IS NULL
  AND (created_at, id) < ($2, $3) AND (created_at, id) > ($4, $5)
ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $6;

-- name: prediction_count_manual
-- each kind
SELECT count(*) FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id IS NULL
    AND (created_at, id) < ($15, $16) AND (created_at, id) > ($17, $18)
  ORDER BY created_at DESC, id DESC LIMIT $19) p
JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id
WHERE {filters} AND p.is_current;

-- name: prediction_walk_job
-- each kind
-- Newest first is the file's order backwards: a job's rows ascend in (created_at, id) as in job_row.
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id = $15 AND job_row < $16
  ORDER BY job_row DESC LIMIT $17) p {looked_up}
WHERE {filters} AND (p.is_current OR $18) AND {visible}
ORDER BY p.job_row DESC LIMIT $19;

-- name: prediction_end_job
-- each kind
SELECT job_row FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row < $3
ORDER BY job_row DESC LIMIT 1 OFFSET $4;

-- name: prediction_count_job
-- each kind
SELECT count(*) FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND job_id = $15 ORDER BY job_row DESC LIMIT $16) p
JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id
WHERE {filters} AND (p.is_current OR $17) AND {visible};

-- name: prediction_walk_company
-- each kind
-- A company has a few hundred predictions at most; they are sorted here. The inner LIMIT keeps the planner
-- from walking the whole list instead.
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND is_current
  ORDER BY reporting_year DESC, reporting_quarter DESC LIMIT 10000) p {looked_up}
WHERE (p.created_at, p.id) < ($15, $16) AND {filters} AND {visible}
ORDER BY p.created_at DESC, p.id DESC LIMIT $17;

-- name: prediction_walk_company_former
-- each kind
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND NOT is_current
  ORDER BY created_at DESC LIMIT 10000) p {looked_up}
WHERE (p.created_at, p.id) < ($15, $16) AND {filters} AND {visible}
ORDER BY p.created_at DESC, p.id DESC LIMIT $17;

-- name: prediction_count_company
-- each kind
SELECT (SELECT count(*) FROM (
          SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND is_current
          ORDER BY reporting_year DESC, reporting_quarter DESC LIMIT 10000) p
        JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id
        WHERE {filters} AND {visible})
     + (SELECT count(*) FROM (
          SELECT * FROM {table} WHERE owner_id = $14 AND company_id = $13 AND NOT is_current
          ORDER BY created_at DESC LIMIT 10000) p
        JOIN companies c ON c.owner_id = {owner} AND c.id = p.company_id
        WHERE $15 AND {filters} AND {visible});

-- name: prediction_walk_period_down
-- each kind
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND is_current AND reporting_year = $15
    AND reporting_quarter = $16 AND ({headline}, id) < ($17, $18)
  ORDER BY {headline} DESC, id DESC LIMIT $19) p {looked_up}
WHERE {filters} AND {visible}
  AND ($21 IS NULL OR p.job_id = $21)
ORDER BY p.{headline} DESC, p.id DESC LIMIT $20;

-- name: prediction_end_period_down
-- each kind
SELECT {headline}, id FROM {table} WHERE owner_id = $1 AND is_current AND reporting_year = $2
  AND reporting_quarter = $3 AND ({headline}, id) < ($4, $5)
ORDER BY {headline} DESC, id DESC LIMIT 1 OFFSET $6;

-- name: prediction_walk_period_up
-- each kind
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $14 AND is_current AND reporting_year = $15
    AND reporting_quarter = $16 AND ({headline}, id) > ($17, $18)
  ORDER BY {headline}, id LIMIT $19) p {looked_up}
WHERE {filters} AND {visible}
  AND ($21 IS NULL OR p.job_id = $21)
ORDER BY p.{headline}, p.id LIMIT $20;

-- name: prediction_end_period_up
-- each kind
SELECT {headline}, id FROM {table} WHERE owner_id = $1 AND is_current AND reporting_year = $2
  AND reporting_quarter = $3 AND ({headline}, id) > ($4, $5)
ORDER BY {headline}, id LIMIT 1 OFFSET $6;

-- name: prediction_of_job
-- each kind
-- The inner LIMIT keeps the planner to the job's own index.
SELECT {selected} FROM (
  SELECT * FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row > $3
  ORDER BY job_row LIMIT $4) p {looked_up}
WHERE {visible}
ORDER BY p.job_row;

-- name: prediction_count_of_job
-- each kind
SELECT count(*) FROM {table} WHERE owner_id = $1 AND job_id = $2;

-- name: prediction_lone_companies
-- each kind
-- Companies that nothing but this job's rows ($3: and versions edited from them, by $4 or anybody) would keep a prediction of:
-- (OFFSET keeps the planner from reading whole tables: each company is looked up.)
-- neither a current one nor a former one that comes back. Rows of the jobs $5 (as text) are gone before.
SELECT count(*) FROM (
  SELECT company_id FROM {table} WHERE owner_id = $1 AND job_id = $2
  UNION
  SELECT company_id FROM {table}
  WHERE $3 AND owner_id = $1 AND root_job_id = $2 AND derived_from IS NOT NULL
    AND ($4 IS NULL OR created_by = $4)) d
WHERE NOT EXISTS (
    SELECT 1 FROM annual_predictions a
    WHERE a.owner_id = $1 AND a.company_id = d.company_id AND a.is_current
      AND (a.job_id IS NULL OR (a.job_id <> $2 AND ($5 = '' OR strpos($5, {job_hex:a}) = 0)))
      AND NOT ($3 AND a.derived_from IS NOT NULL AND a.root_job_id IS NOT NULL
               AND (a.root_job_id = $2 OR ($5 <> '' AND strpos($5, {root_job_hex:a}) > 0))
               AND ($4 IS NULL OR a.created_by = $4))
      AND {visible:a}
    LIMIT 1 OFFSET 0)
  AND NOT EXISTS (
    SELECT 1 FROM quarterly_predictions q
    WHERE q.owner_id = $1 AND q.company_id = d.company_id AND q.is_current
      AND (q.job_id IS NULL OR (q.job_id <> $2 AND ($5 = '' OR strpos($5, {job_hex:q}) = 0)))
      AND NOT ($3 AND q.derived_from IS NOT NULL AND q.root_job_id IS NOT NULL
               AND (q.root_job_id = $2 OR ($5 <> '' AND strpos($5, {root_job_hex:q}) > 0))
               AND ($4 IS NULL OR q.created_by = $4))
      AND {visible:q}
    LIMIT 1 OFFSET 0)
  AND NOT EXISTS (
    SELECT 1 FROM annual_predictions b
    WHERE b.owner_id = $1 AND b.company_id = d.company_id AND NOT b.is_current
      AND (b.job_id IS NULL OR (b.job_id <> $2 AND ($5 = '' OR strpos($5, {job_hex:b}) = 0)))
      AND NOT ($3 AND b.derived_from IS NOT NULL AND b.root_job_id IS NOT NULL
               AND (b.root_job_id = $2 OR ($5 <> '' AND strpos($5, {root_job_hex:b}) > 0))
               AND ($4 IS NULL OR b.created_by = $4))
      AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = b.id)
      AND {visible:b}
    LIMIT 1 OFFSET 0)
  AND NOT EXISTS (
    SELECT 1 FROM quarterly_predictions s
    WHERE s.owner_id = $1 AND s.company_id = d.company_id AND NOT s.is_current
      AND (s.job_id IS NULL OR (s.job_id <> $2 AND ($5 = '' OR strpos($5, {job_hex:s}) = 0)))
      AND NOT ($3 AND s.derived_from IS NOT NULL AND s.root_job_id IS NOT NULL
               AND (s.root_job_id = $2 OR ($5 <> '' AND strpos($5, {root_job_hex:s}) > 0))
               AND ($4 IS NULL OR s.created_by = $4))
      AND NOT EXISTS (SELECT 1 FROM retired_versions r WHERE r.owner_id = $1 AND r.prediction_id = s.id)
      AND {visible:s}
    LIMIT 1 OFFSET 0);

-- name: prediction_inferred_of_job
-- each kind
SELECT count(*) FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_link = 1;

-- name: prediction_batch_end
-- each kind
-- Where a batch of a deletion ends.
SELECT max(job_row), count(*) FROM (
  SELECT job_row FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row > $3
  ORDER BY job_row LIMIT $4) batch;

-- name: prediction_batch_read
-- each kind
SELECT {stored} FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row > $3
  AND (job_link = 0 OR $4)
ORDER BY job_row LIMIT $5;

-- name: prediction_batch_drop
-- each kind
-- As the next one, without a look at what goes: on SQLite that takes half the time.
DELETE FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row > $3 AND job_row <= $4
  AND (job_link = 0 OR $5);

-- name: prediction_batch_delete
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row > $3 AND job_row <= $4
  AND (job_link = 0 OR $5)
RETURNING {stored};

-- name: prediction_batch_delete_unnumbered
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND id IN (
  SELECT id FROM {table} WHERE owner_id = $1 AND job_id = $2 AND job_row IS NULL LIMIT $3)
RETURNING {stored};

-- name: prediction_remove
-- each kind
DELETE FROM {table} WHERE owner_id = $1 AND id = $2
RETURNING {stored};

-- name: prediction_remove_many
-- each kind
-- postgres only
DELETE FROM {table} WHERE owner_id = $1 AND id = ANY (string_to_array($2, ',')::uuid[])
RETURNING {stored};

-- name: count_insert
-- Where the id stands for the key (count_store.c) there is one row a key.
INSERT INTO prediction_counts (owner_id, id, kind, job_id, reporting_year, risk_level, sector, delta)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (owner_id, id) DO UPDATE SET delta = prediction_counts.delta + excluded.delta;

-- name: count_copy
-- postgres only
COPY prediction_counts (owner_id, id, kind, job_id, reporting_year, risk_level, sector, delta)
FROM STDIN (FORMAT binary);

-- name: count_total
-- What a list of current predictions would count, by the filters that the counts know. A hidden job's are
-- left out.
SELECT CAST(coalesce(sum(n.delta), 0) AS {int}) FROM prediction_counts n
WHERE n.owner_id = $1 AND n.kind = $2
  AND ($3 = 0 OR (($3 >> n.risk_level) & 1) = 1)
  AND ($4 = '' OR strpos($4, ',' || n.reporting_year || ',') > 0)
  AND ($5 = '' OR strpos($5, $6 || n.sector || $6) > 0)
  AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs h
                  WHERE h.owner_id = {owner} AND h.id = n.job_id AND h.hides_rows);

-- name: count_take_of_job
-- What is read is what goes: a difference that somebody adds meanwhile stays.
DELETE FROM prediction_counts WHERE owner_id = $1 AND job_id = $2
RETURNING kind, reporting_year, risk_level, sector, delta;

-- name: count_rows_of_job
SELECT count(*) FROM prediction_counts WHERE owner_id = $1 AND job_id = $2;
