-- Accounts and organizations: who belongs where, how they get in, and what waits to be mailed to them.

-- Its id is the owner of its data. `slug` is in lower case. Of the join token only the SHA-256 is kept; NULL:
-- there is none. `revision` is raised with every change of the row, its members or its list of addresses.
-- A deleted one keeps its row, its name and its members' places: it may come back.
CREATE TABLE organizations (
  id {uuid} NOT NULL,
  slug {text} NOT NULL,
  name {text} NOT NULL,
  is_active {bool} NOT NULL,
  join_digest {bytes},
  join_enabled {bool} NOT NULL,
  default_role {text} NOT NULL,
  max_users {int},
  allow_global_data_access {bool} NOT NULL,
  revision {int} NOT NULL,
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  deleted_at {time},
  deletion_id {uuid},
  CONSTRAINT organizations_pk PRIMARY KEY (id),
  CONSTRAINT organizations_role_ck CHECK (default_role IN ('org_viewer', 'org_member', 'org_auditor')),
  CONSTRAINT organizations_limit_ck CHECK (max_users IS NULL OR max_users > 0)
) {strict};

CREATE UNIQUE INDEX organizations_slug_uq ON organizations (slug);
CREATE UNIQUE INDEX organizations_join_uq ON organizations (join_digest) WHERE join_digest IS NOT NULL;
CREATE INDEX organizations_list_ix ON organizations (created_at, id);

-- Who may join: whole addresses, or @domain for all of a domain, in lower case. An organization without any row
-- lets in whoever has its token.
CREATE TABLE organization_whitelist (
  organization_id {uuid} NOT NULL,
  pattern {text} NOT NULL,
  added_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  CONSTRAINT organization_whitelist_pk PRIMARY KEY (organization_id, pattern)
) {strict};

-- A service user has no password: it is there for API keys. A deleted account keeps its row, since what it did
-- names it.
ALTER TABLE users ADD COLUMN is_service {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN deleted_at {time};

CREATE INDEX users_list_ix ON users (created_at, id);
CREATE INDEX users_organization_ix ON users (organization_id, created_at, id) WHERE organization_id IS NOT NULL;

-- Of a job whose versions edited by hand go with it: whether only those of who deletes it do, and how many of
-- others' stay.
ALTER TABLE deletions ADD COLUMN own_edits {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE deletions ADD COLUMN others_kept {int} NOT NULL DEFAULT 0;

-- Where a session was opened or a key made.
ALTER TABLE tokens ADD COLUMN address {text};

-- What is to be mailed, and what was within a day: nobody's mailbox is flooded. No secret is in here: the link's
-- token is made when the mail is sent. `user_id` may be nobody's, where somebody asked for mail to an address
-- without an account. Taking one moves `not_before` on, so that it comes again when who took it dies; done: sent,
-- given up, or for nobody.
CREATE TABLE mail_outbox (
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  user_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  not_before {time} NOT NULL,
  attempts {int} NOT NULL,
  done_at {time},
  CONSTRAINT mail_outbox_pk PRIMARY KEY (id),
  CONSTRAINT mail_outbox_kind_ck CHECK (kind IN ('verify', 'reset', 'invite', 'known'))
) {strict};

CREATE INDEX mail_outbox_order_ix ON mail_outbox (not_before, id) WHERE done_at IS NULL;
CREATE INDEX mail_outbox_user_ix ON mail_outbox (user_id, kind, created_at);
CREATE INDEX mail_outbox_age_ix ON mail_outbox (created_at);
