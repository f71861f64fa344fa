-- The schema's own history, and how a replica is doing.

-- name: schema_version
-- scans schema_migrations: a handful of rows
SELECT version, checksum FROM schema_migrations ORDER BY version;

-- name: schema_insert
INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4);

-- name: schema_has_table
-- sqlite
-- scans sqlite_schema: the catalogue
SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1;

-- name: schema_has_table
-- postgres
SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1;

-- name: replica_position
-- postgres only
-- Behind everything that was committed until now.
SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE (pg_current_wal_insert_lsn() - '0/0')::bigint END;

-- name: replica_state
-- postgres only
SELECT pg_is_in_recovery(), (pg_last_wal_replay_lsn() - '0/0')::bigint, pg_last_xact_replay_timestamp();
