-- The outbox. Its rows are few: a day's mail to people who cannot sign in.

-- name: mail_recent
-- How many of a kind a user got since, and when the last was asked for.
SELECT count(*), max(created_at) FROM mail_outbox WHERE user_id = $1 AND kind = $2 AND created_at > $3;

-- name: mail_insert
-- The id stands for user, kind and minute: of two who ask at the same moment one is first.
INSERT INTO mail_outbox (id, kind, user_id, created_at, not_before, attempts) VALUES ($1, $2, $3, $4, $4, 0)
ON CONFLICT (id) DO NOTHING;

-- name: mail_next
SELECT q.id, q.kind, q.user_id, q.created_at, q.attempts FROM mail_outbox q
WHERE q.done_at IS NULL AND q.not_before <= $1 ORDER BY q.not_before, q.id LIMIT 1;

-- name: mail_next_locked
-- The same within the transaction that takes it: what another worker is taking just now is passed over.
SELECT q.id, q.kind, q.user_id, q.created_at, q.attempts FROM mail_outbox q
WHERE q.done_at IS NULL AND q.not_before <= $1 ORDER BY q.not_before, q.id LIMIT 1 {skip_locked};

-- name: mail_take
-- The number of attempts is the fence: who took it before, and was too slow, changes nothing any more.
UPDATE mail_outbox SET attempts = attempts + 1, not_before = $3 WHERE id = $1 AND attempts = $2;

-- name: mail_end
UPDATE mail_outbox SET done_at = $3 WHERE id = $1 AND attempts = $2;

-- name: mail_postpone
UPDATE mail_outbox SET not_before = $3 WHERE id = $1 AND attempts = $2;

-- name: mail_sweep
DELETE FROM mail_outbox WHERE created_at <= $1;
