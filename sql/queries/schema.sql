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

-- name: replica_state
-- postgres only
-- Is it a standby; has it replayed all that it received, and does it receive (where nothing can come, to have replayed
-- all says nothing); when was the last transaction committed that it replayed.
SELECT pg_is_in_recovery(),
       COALESCE(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn(), false)
         AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver),
       pg_last_xact_replay_timestamp();
