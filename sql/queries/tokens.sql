-- Sessions and API keys of a user, and who the user is now.

-- name: token_take
-- Ends it and gives what it was: of two who come with the same one, one gets it.
DELETE FROM tokens WHERE digest = $1 AND kind = $2 AND expires_at > $3 RETURNING user_id, created_at, expires_at;

-- name: token_list
SELECT digest, kind, user_id, name, scopes, created_at, expires_at, last_used, address
FROM tokens WHERE user_id = $1 AND kind = $2 AND expires_at > $3
ORDER BY created_at DESC, digest LIMIT $4;

-- name: token_between
-- What a list names by the first half of its digest.
SELECT digest, kind, user_id, name, scopes, created_at, expires_at, last_used, address
FROM tokens WHERE digest >= $1 AND digest <= $2 AND kind = $3 AND expires_at > $4 LIMIT 1;

-- name: token_count
SELECT count(*) FROM tokens WHERE user_id = $1 AND kind = $2 AND expires_at > $3;

-- name: token_delete_others
DELETE FROM tokens WHERE user_id = $1 AND kind = $2 AND digest <> $3;

-- name: token_used
-- Not again within minutes, whoever noted it.
UPDATE tokens SET last_used = $2 WHERE digest = $1 AND (last_used IS NULL OR last_used <= $3);

-- name: user_lock_alone
-- Held against everybody else who looks at or changes what hangs on this user.
SELECT id FROM users WHERE id = $1 {for_update};

-- name: user_replace_password
UPDATE users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2;

-- name: user_set_profile
UPDATE users SET full_name = $2, username = $3, updated_at = $4 WHERE id = $1;
