-- Users and tokens. Users are few and rarely written; no counter or time stamp of use lives on them.

-- name: owner_insert
INSERT INTO owners (id, kind, data_revision) VALUES ($1, $2, 0);

-- name: owner_touch
-- Raised with every change of an owner's predictions: caches compare it.
UPDATE owners SET data_revision = data_revision + 1 WHERE id = $1;

-- name: user_insert
INSERT INTO users (id, email, username, full_name, password_hash, role, is_active, verified_at, created_at, updated_at, is_service, organization_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11);

-- name: user_by_email
SELECT {user} FROM users u {their_organization} WHERE lower(u.email) = $1;

-- name: user_by_id
SELECT {user} FROM users u {their_organization} WHERE u.id = $1;

-- name: user_lock
SELECT password_hash FROM users WHERE id = $1 {for_share};

-- name: user_list
-- scans users: the list of all users, for the operator at the command line
SELECT {user} FROM users u {their_organization} ORDER BY u.created_at, u.id;

-- name: user_any
-- scans users: stops at the first row
SELECT 1 FROM users LIMIT 1;

-- name: user_set_password
UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1;

-- name: user_set_verified
UPDATE users SET verified_at = $2, updated_at = $2 WHERE id = $1;

-- name: user_set_active
UPDATE users SET is_active = $2, updated_at = $3 WHERE id = $1;

-- name: token_insert
INSERT INTO tokens (digest, kind, user_id, created_at, expires_at, name, scopes, address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: token_user
-- Who a token stands for, and what kind of token it is: the one read of every request.
SELECT {user}, t.kind, t.scopes, t.expires_at, t.last_used
FROM tokens t JOIN users u ON u.id = t.user_id {their_organization}
WHERE t.digest = $1 AND t.expires_at > $2;

-- name: token_find
SELECT expires_at FROM tokens WHERE digest = $1 AND kind = $2 AND expires_at > $3;

-- name: token_delete
DELETE FROM tokens WHERE digest = $1;

-- name: token_delete_of_user
DELETE FROM tokens WHERE user_id = $1 AND kind = $2;

-- name: token_sweep
DELETE FROM tokens WHERE expires_at <= $1;
