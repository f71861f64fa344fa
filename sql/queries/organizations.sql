-- Organizations, who may join them, and their members. The lock of an organization's row decides all questions of
-- how many members and administrators it has.

-- name: organization_insert
INSERT INTO organizations (id, slug, name, is_active, join_digest, join_enabled, default_role, max_users,
  allow_global_data_access, revision, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $11);

-- name: organization_by_id
SELECT {organization} FROM organizations g WHERE g.id = $1;

-- name: organization_by_slug
SELECT {organization} FROM organizations g WHERE g.slug = $1;

-- name: organization_by_token
-- Whom a join token lets in at present.
SELECT {organization} FROM organizations g
WHERE g.join_digest = $1 AND g.join_enabled AND g.is_active AND g.deleted_at IS NULL;

-- name: organization_lock
SELECT id FROM organizations WHERE id = $1 {for_update};

-- name: organization_list
-- Newest first. $3: deleted ones too.
SELECT {organization} FROM organizations g
WHERE (g.created_at, g.id) < ($1, $2) AND ($3 OR g.deleted_at IS NULL)
ORDER BY g.created_at DESC, g.id DESC LIMIT $4;

-- name: organization_count
-- scans organizations: how many there are, for an administrator
SELECT count(*) FROM organizations g WHERE $1 OR g.deleted_at IS NULL;

-- name: organization_update
UPDATE organizations SET slug = $2, name = $3, is_active = $4, join_enabled = $5, default_role = $6, max_users = $7,
  allow_global_data_access = $8, revision = revision + 1, updated_at = $9
WHERE id = $1;

-- name: organization_set_token
UPDATE organizations SET join_digest = $2, revision = revision + 1, updated_at = $3 WHERE id = $1;

-- name: organization_touch
UPDATE organizations SET revision = revision + 1, updated_at = $2 WHERE id = $1;

-- name: organization_set_deleted
-- $2 and $3 NULL: it is there again.
UPDATE organizations SET deleted_at = $2, deletion_id = $3, revision = revision + 1, updated_at = $4 WHERE id = $1;

-- --- who may join -------------------------------------------------------------------------------------

-- name: whitelist_list
SELECT w.pattern, w.added_by, w.created_at FROM organization_whitelist w WHERE w.organization_id = $1 ORDER BY w.pattern;

-- name: whitelist_count
SELECT count(*) FROM organization_whitelist w WHERE w.organization_id = $1;

-- name: whitelist_add
INSERT INTO organization_whitelist (organization_id, pattern, added_by, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;

-- name: whitelist_remove
DELETE FROM organization_whitelist WHERE organization_id = $1 AND pattern = $2;

-- name: whitelist_admits
-- One row: is there any entry, and does one match the address $2 or its @domain $3?
SELECT EXISTS (SELECT 1 FROM organization_whitelist w WHERE w.organization_id = $1),
  EXISTS (SELECT 1 FROM organization_whitelist w WHERE w.organization_id = $1 AND w.pattern IN ($2, $3));

-- --- members and users --------------------------------------------------------------------------------

-- name: user_place_lock
SELECT organization_id, role FROM users WHERE id = $1 {for_update};

-- name: user_set_place
UPDATE users SET organization_id = $2, role = $3, updated_at = $4 WHERE id = $1;

-- name: user_change
UPDATE users SET role = $2, is_active = $3, full_name = $4, verified_at = $5, updated_at = $6 WHERE id = $1;

-- name: user_set_deleted
-- $2 NULL: it is there again.
UPDATE users SET deleted_at = $2, updated_at = $3 WHERE id = $1;

-- name: member_admins
-- Those who can act for the organization as its administrators, but for one.
SELECT count(*) FROM users u
WHERE u.organization_id = $1 AND u.id <> $2 AND u.role = 'org_admin' AND u.is_active AND u.deleted_at IS NULL
  AND u.verified_at IS NOT NULL AND NOT u.is_service;

-- name: member_page
-- Newest first. $4: a part of the address; $5: the wanted ",role,…"; $6: 1 active ones, -1 the others, 0 all; $7:
-- deleted ones too.
SELECT {user} FROM users u {their_organization}
WHERE u.organization_id = $1 AND (u.created_at, u.id) < ($2, $3)
  AND ($4 = '' OR strpos(lower(u.email), $4) > 0) AND ($5 = '' OR strpos($5, ',' || u.role || ',') > 0)
  AND ($6 = 0 OR ($6 = 1) = u.is_active) AND ($7 OR u.deleted_at IS NULL)
ORDER BY u.created_at DESC, u.id DESC LIMIT $8;

-- name: member_count
SELECT count(*) FROM users u
WHERE u.organization_id = $1
  AND ($2 = '' OR strpos(lower(u.email), $2) > 0) AND ($3 = '' OR strpos($3, ',' || u.role || ',') > 0)
  AND ($4 = 0 OR ($4 = 1) = u.is_active) AND ($5 OR u.deleted_at IS NULL);

-- name: user_page
-- The same of all users.
SELECT {user} FROM users u {their_organization}
WHERE (u.created_at, u.id) < ($1, $2)
  AND ($3 = '' OR strpos(lower(u.email), $3) > 0) AND ($4 = '' OR strpos($4, ',' || u.role || ',') > 0)
  AND ($5 = 0 OR ($5 = 1) = u.is_active) AND ($6 OR u.deleted_at IS NULL)
ORDER BY u.created_at DESC, u.id DESC LIMIT $7;

-- name: user_count
-- scans users: how many there are, for an administrator
SELECT count(*) FROM users u
WHERE ($1 = '' OR strpos(lower(u.email), $1) > 0) AND ($2 = '' OR strpos($2, ',' || u.role || ',') > 0)
  AND ($3 = 0 OR ($3 = 1) = u.is_active) AND ($4 OR u.deleted_at IS NULL);

-- --- what an organization has ---------------------------------------------------------------------------

-- name: organization_counts
-- Jobs, companies, and current predictions of the two kinds, as its members see them.
SELECT (SELECT count(*) FROM bulk_upload_jobs j WHERE j.owner_id = $1 AND j.status NOT IN ('receiving', 'deleting', 'deleted')),
  (SELECT count(*) FROM companies c WHERE c.owner_id = $1 AND c.deleted_at IS NULL),
  (SELECT CAST(coalesce(sum(n.delta), 0) AS {int}) FROM prediction_counts n WHERE n.owner_id = $1 AND n.kind = 0
     AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs h WHERE h.owner_id = $1 AND h.id = n.job_id AND h.hides_rows)),
  (SELECT CAST(coalesce(sum(n.delta), 0) AS {int}) FROM prediction_counts n WHERE n.owner_id = $1 AND n.kind = 1
     AND NOT EXISTS (SELECT 1 FROM bulk_upload_jobs h WHERE h.owner_id = $1 AND h.id = n.job_id AND h.hides_rows));
