-- The queue and idempotency keys.

-- name: task_insert
INSERT INTO work_queue (id, task, owner_id, object_id, size, accepted_at, not_before, token, attempts, position)
VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, 0);

-- name: task_newest
SELECT max(accepted_at) FROM work_queue WHERE owner_id = $1;

-- name: task_next
-- The one that waits longest of those that may run: it is the first of its owner's, nobody holds it, it is due,
-- and it fits the lane.
SELECT q.id, q.task, q.owner_id, q.object_id, q.size, q.token, q.attempts, q.position, q.accepted_at
FROM work_queue q
WHERE (q.lease_until IS NULL OR q.lease_until < $1) AND q.not_before <= $1 AND q.size <= $2
  AND NOT EXISTS (SELECT 1 FROM work_queue e WHERE e.owner_id = q.owner_id
                  AND (e.accepted_at, e.id) < (q.accepted_at, q.id))
ORDER BY q.not_before, q.accepted_at, q.id LIMIT 1;

-- name: task_next_locked
-- The same within the transaction that claims it: what another worker is claiming just now is passed over.
SELECT q.id, q.task, q.owner_id, q.object_id, q.size, q.token, q.attempts, q.position, q.accepted_at
FROM work_queue q
WHERE (q.lease_until IS NULL OR q.lease_until < $1) AND q.not_before <= $1 AND q.size <= $2
  AND NOT EXISTS (SELECT 1 FROM work_queue e WHERE e.owner_id = q.owner_id
                  AND (e.accepted_at, e.id) < (q.accepted_at, q.id))
ORDER BY q.not_before, q.accepted_at, q.id LIMIT 1 {skip_locked};

-- name: task_next_of_owner
SELECT q.id, q.task, q.owner_id, q.object_id, q.size, q.token, q.attempts, q.position, q.accepted_at
FROM work_queue q
WHERE q.owner_id = $3 AND (q.lease_until IS NULL OR q.lease_until < $1) AND q.not_before <= $1
  AND q.size <= $2
  AND NOT EXISTS (SELECT 1 FROM work_queue e WHERE e.owner_id = $3
                  AND (e.accepted_at, e.id) < (q.accepted_at, q.id))
ORDER BY q.accepted_at, q.id LIMIT 1;

-- name: task_yield
-- An owner's other tasks wait from now on, as if they had just come.
UPDATE work_queue SET not_before = $2 WHERE owner_id = $1 AND lease_until IS NULL AND not_before < $2;

-- name: task_claim
UPDATE work_queue SET token = token + 1, attempts = attempts + 1, lease_until = $3, worker = $4
WHERE id = $1 AND token = $2;

-- name: task_renew
UPDATE work_queue SET lease_until = $3 WHERE id = $1 AND token = $2;

-- name: task_advance
UPDATE work_queue SET position = $3, attempts = 1, lease_until = $4 WHERE id = $1 AND token = $2;

-- name: task_finish
DELETE FROM work_queue WHERE id = $1 AND token = $2;

-- name: task_release
UPDATE work_queue SET lease_until = NULL, not_before = $3, attempts = $4 WHERE id = $1 AND token = $2;

-- name: task_of_object
SELECT id, token FROM work_queue WHERE owner_id = $1 AND object_id = $2 AND task = $3;

-- name: task_drop
-- A pending task whose job was cancelled or deleted before anybody claimed it.
DELETE FROM work_queue WHERE owner_id = $1 AND object_id = $2 AND task = $3;

-- name: queue_depth
-- scans work_queue: the small table of open tasks, for the metrics
SELECT count(*), min(accepted_at) FROM work_queue;

-- name: idempotency_find
SELECT route, request, object_id, expires_at, former_id FROM idempotency_keys
WHERE owner_id = $1 AND user_id = $2 AND key = $3;

-- name: idempotency_insert
INSERT INTO idempotency_keys (owner_id, user_id, key, route, request, object_id, expires_at, former_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: idempotency_delete
DELETE FROM idempotency_keys WHERE owner_id = $1 AND user_id = $2 AND key = $3;

-- name: idempotency_sweep
DELETE FROM idempotency_keys WHERE expires_at <= $1;
