-- The registry of score cards. It is small: a handful of rows.

-- name: model_insert
INSERT INTO models (id, kind, name, version, digest, file, active, illustrative, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $8, $9);

-- name: model_by_name
SELECT id, kind, name, version, digest, active, illustrative, created_at
FROM models WHERE kind = $1 AND name = $2 AND version = $3;

-- name: model_by_id
SELECT id, kind, name, version, digest, active, illustrative, created_at, file
FROM models WHERE id = $1;

-- name: model_active
SELECT id FROM models WHERE kind = $1 AND active;

-- name: model_list
-- scans models: the registry is small
SELECT id, kind, name, version, digest, active, illustrative, created_at
FROM models ORDER BY kind, name, version;

-- name: model_deactivate
UPDATE models SET active = FALSE WHERE kind = $1 AND active;

-- name: model_activate
UPDATE models SET active = TRUE WHERE id = $1;
