-- The audit trail: one chain of entries for each owner, and its head.

-- name: audit_head
SELECT owner_id, seq, digest, at, seal FROM audit_heads WHERE owner_id = $1;

-- name: audit_head_lock
-- The end of the chain, held until the commit.
SELECT owner_id, seq, digest, at, seal FROM audit_heads WHERE owner_id = $1 {for_update};

-- name: audit_head_set
INSERT INTO audit_heads (owner_id, seq, digest, at, seal) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (owner_id) DO UPDATE SET seq = excluded.seq, digest = excluded.digest, at = excluded.at,
  seal = excluded.seal;

-- name: audit_insert
INSERT INTO audit_events (owner_id, seq, at, user_id, actor, via, address, request_id, action, object_kind,
  object_id, row_count, reason, details, token, key_id, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: audit_walk
-- A stretch of a chain, newest first.
SELECT {audit_columns}
FROM audit_events
WHERE owner_id = $1 AND seq >= $2 AND seq < $3
  AND ($4 = '' OR action = $4) AND ($5 = '' OR object_kind = $5) AND ($6 IS NULL OR object_id = $6)
  AND (($7 IS NULL AND $8 = '') OR user_id = $7 OR lower(actor) = $8) AND at >= $9 AND at < $10
ORDER BY seq DESC LIMIT $11;

-- name: audit_count
SELECT count(*) FROM audit_events
WHERE owner_id = $1 AND seq >= $2 AND seq < $3
  AND ($4 = '' OR action = $4) AND ($5 = '' OR object_kind = $5) AND ($6 IS NULL OR object_id = $6)
  AND (($7 IS NULL AND $8 = '') OR user_id = $7 OR lower(actor) = $8) AND at >= $9 AND at < $10;

-- name: audit_time
-- When the entry, or the one before it, was written.
SELECT at FROM audit_events WHERE owner_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1;

-- name: audit_read
-- A chain in its own order, to be verified.
SELECT {audit_columns}
FROM audit_events
WHERE owner_id = $1 AND seq > $2
ORDER BY seq LIMIT $3;

-- name: audit_heads_behind
-- The heads of all owners, one page after the other.
SELECT owner_id, seq, digest, at, seal FROM audit_heads WHERE owner_id > $1 {whole_owner}
ORDER BY owner_id LIMIT $2;

-- name: audit_owner_behind
-- The next owner that has entries, whether there is a head or not.
SELECT owner_id FROM audit_events WHERE owner_id > $1 {whole_owner} ORDER BY owner_id LIMIT 1;
