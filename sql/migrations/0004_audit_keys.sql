-- Entries of the audit trail that are made with a key name it, and a head that was written with a key is sealed with
-- it. NULL: without a key. `token` says in which session something was done.
ALTER TABLE audit_events ADD COLUMN token {text};
ALTER TABLE audit_events ADD COLUMN key_id {text};
ALTER TABLE audit_heads ADD COLUMN seal {bytes};
