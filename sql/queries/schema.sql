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

-- What follows places the tables on the machines of a Citus cluster (src/store/distribute.c). Only the first
-- can be run on a PostgreSQL that has not got the extension: the functions and the catalogue are Citus' own.

-- name: distribution_version
-- postgres only
-- The first number of the extension's version; no row where a database has not got it.
SELECT CAST(split_part(extversion, '.', 1) AS bigint) FROM pg_extension WHERE extname = 'citus';

-- name: distribution_list
-- postgres only
-- partmethod h: distributed by a hash; n with repmodel t: a reference table; n with s, in no group: local.
SELECT CAST(c.relname AS text), CAST(p.partmethod AS text), CAST(p.repmodel AS text),
  column_to_column_name(p.logicalrelid, p.partkey), p.colocationid
FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
WHERE c.relnamespace = CAST(current_schema() AS regnamespace);

-- name: distribution_set
-- postgres only
-- A setting until the end of the transaction.
SELECT set_config($1, $2, TRUE);

-- name: distribution_reference
-- postgres only
SELECT create_reference_table(CAST($1 AS regclass));

-- name: distribution_by_column
-- postgres only
SELECT create_distributed_table(CAST($1 AS regclass), $2, colocate_with => $3);

-- name: distribution_local
-- postgres only
SELECT citus_add_local_table_to_metadata(CAST($1 AS regclass));
