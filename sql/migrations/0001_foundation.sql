-- The tables that one upload, its predictions and its deletion touch.
--
-- {uuid} {time} {real} {bool} {int} {small} {text} {bytes} {strict} {nil} stand for the engine's own words
-- (tools/make_statements.py). Times are µs UTC on SQLite, timestamptz on PostgreSQL.

-- Every row of business data belongs to one owner: a user, an organization, or the system (nil).
CREATE TABLE owners (
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  data_revision {int} NOT NULL,
  CONSTRAINT owners_pk PRIMARY KEY (id),
  CONSTRAINT owners_kind_ck CHECK (kind IN ('personal', 'organization', 'system'))
) {strict};

INSERT INTO owners (id, kind, data_revision) VALUES ({nil}, 'system', 0);

CREATE TABLE users (
  id {uuid} NOT NULL,
  email {text} NOT NULL,
  username {text},
  full_name {text},
  password_hash {text},
  role {text} NOT NULL,
  organization_id {uuid},
  is_active {bool} NOT NULL,
  verified_at {time},
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  CONSTRAINT users_pk PRIMARY KEY (id),
  CONSTRAINT users_role_ck CHECK (role IN ('user', 'org_viewer', 'org_member', 'org_auditor', 'org_admin', 'super_admin'))
) {strict};

CREATE UNIQUE INDEX users_email_uq ON users (lower(email));

-- Secrets are kept as their SHA-256 alone.
CREATE TABLE tokens (
  digest {bytes} NOT NULL,
  kind {text} NOT NULL,
  user_id {uuid} NOT NULL,
  name {text},
  scopes {text},
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  last_used {time},
  CONSTRAINT tokens_pk PRIMARY KEY (digest),
  CONSTRAINT tokens_kind_ck CHECK (kind IN ('session', 'api_key', 'verify', 'reset', 'setup'))
) {strict};

CREATE INDEX tokens_user_ix ON tokens (user_id, kind);
CREATE INDEX tokens_expiry_ix ON tokens (expires_at);

CREATE TABLE models (
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  name {text} NOT NULL,
  version {text} NOT NULL,
  digest {bytes} NOT NULL,
  file {bytes} NOT NULL,
  active {bool} NOT NULL,
  illustrative {bool} NOT NULL,
  created_by {uuid},
  created_at {time} NOT NULL,
  CONSTRAINT models_pk PRIMARY KEY (id),
  CONSTRAINT models_kind_ck CHECK (kind IN ('annual', 'quarterly'))
) {strict};

CREATE UNIQUE INDEX models_name_uq ON models (kind, name, version);
CREATE UNIQUE INDEX models_active_uq ON models (kind) WHERE active;

CREATE TABLE bulk_upload_jobs (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  job_type {text} NOT NULL,
  status {text} NOT NULL,
  status_before {text},
  hides_rows {bool} NOT NULL,
  hides_inferred {bool} NOT NULL,
  cancel_requested {bool} NOT NULL,
  revision {int} NOT NULL,
  options {text} NOT NULL,
  dry_run {bool} NOT NULL,
  original_filename {text} NOT NULL,
  file_size {int} NOT NULL,
  file_sha256 {bytes} NOT NULL,
  model_id {uuid} NOT NULL,
  total_rows {int},
  processed_rows {int} NOT NULL,
  successful_rows {int} NOT NULL,
  failed_rows {int} NOT NULL,
  skipped_rows {int} NOT NULL,
  unchanged_rows {int} NOT NULL,
  replaced_rows {int} NOT NULL,
  removed_rows {int} NOT NULL,
  inferred_rows {int} NOT NULL,
  warning_count {int} NOT NULL,
  companies_created {int} NOT NULL,
  resume_row {int} NOT NULL,
  bytes_done {int} NOT NULL,
  first_created_at {time},
  first_id {uuid},
  last_created_at {time},
  last_id {uuid},
  error_message {text},
  created_at {time} NOT NULL,
  started_at {time},
  completed_at {time},
  updated_at {time} NOT NULL,
  legal_hold {text},
  deleted_at {time},
  CONSTRAINT bulk_upload_jobs_pk PRIMARY KEY (owner_id, id),
  CONSTRAINT bulk_upload_jobs_owner_fk FOREIGN KEY (owner_id) REFERENCES owners (id),
  CONSTRAINT bulk_upload_jobs_model_fk FOREIGN KEY (model_id) REFERENCES models (id),
  CONSTRAINT bulk_upload_jobs_type_ck CHECK (job_type IN ('annual', 'quarterly')),
  CONSTRAINT bulk_upload_jobs_status_ck CHECK (status IN ('receiving', 'pending', 'processing', 'completed', 'failed', 'cancelled', 'undoing', 'deleting', 'deleted', 'restoring'))
) {strict};

CREATE INDEX bulk_upload_jobs_list_ix ON bulk_upload_jobs (owner_id, created_at, id);
CREATE INDEX bulk_upload_jobs_digest_ix ON bulk_upload_jobs (owner_id, file_sha256, created_at, id);
CREATE INDEX bulk_upload_jobs_hiding_ix ON bulk_upload_jobs (owner_id, job_type, last_created_at, last_id) WHERE hides_rows;
CREATE INDEX bulk_upload_jobs_span_ix ON bulk_upload_jobs (owner_id, last_created_at);
CREATE INDEX bulk_upload_jobs_receiving_ix ON bulk_upload_jobs (updated_at) WHERE status = 'receiving';

-- The upload in chunks of 1 MiB, each a zstd frame of its own.
CREATE TABLE bulk_upload_files (
  owner_id {uuid} NOT NULL,
  job_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  byte_offset {int} NOT NULL,
  size {int} NOT NULL,
  data {bytes} NOT NULL,
  CONSTRAINT bulk_upload_files_pk PRIMARY KEY (owner_id, job_id, seq),
  CONSTRAINT bulk_upload_files_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id)
) {strict};

-- What is wrong with which row (severity 0, with the row as it stood) and what is odd (1). The severity
-- stands in the key so that a page of errors never wades through warnings.
CREATE TABLE bulk_upload_errors (
  owner_id {uuid} NOT NULL,
  job_id {uuid} NOT NULL,
  severity {small} NOT NULL,
  job_row {int} NOT NULL,
  seq {int} NOT NULL,
  column_name {text},
  code {text} NOT NULL,
  message {text} NOT NULL,
  value {text},
  raw {bytes},
  CONSTRAINT bulk_upload_errors_pk PRIMARY KEY (owner_id, job_id, severity, job_row, seq),
  CONSTRAINT bulk_upload_errors_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id),
  CONSTRAINT bulk_upload_errors_severity_ck CHECK (severity IN (0, 1))
) {strict};

CREATE TABLE companies (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  symbol {ordered_text} NOT NULL,
  name {text} NOT NULL,
  sector {text} NOT NULL,
  job_id {uuid},
  job_row {int},
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  deleted_at {time},
  CONSTRAINT companies_pk PRIMARY KEY (owner_id, id),
  CONSTRAINT companies_symbol_uq UNIQUE (owner_id, symbol),
  CONSTRAINT companies_owner_fk FOREIGN KEY (owner_id) REFERENCES owners (id),
  CONSTRAINT companies_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id)
) {strict};

CREATE INDEX companies_job_ix ON companies (owner_id, job_id) WHERE job_id IS NOT NULL;

-- A prediction is an immutable fact; only is_current ever changes. job_link, source and risk_level are
-- the numbers of the enums in src/model/prediction.h.
CREATE TABLE annual_predictions (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  company_id {uuid} NOT NULL,
  reporting_year {small} NOT NULL,
  reporting_quarter {small} NOT NULL,
  job_id {uuid},
  job_row {int},
  job_link {small} NOT NULL,
  source {small} NOT NULL,
  derived_from {uuid},
  root_job_id {uuid},
  sector {text} NOT NULL,
  market_cap {real},
  risk_level {small} NOT NULL,
  confidence {real} NOT NULL,
  model_id {uuid} NOT NULL,
  is_current {bool} NOT NULL,
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  long_term_debt_to_total_capital {real},
  total_debt_to_ebitda {real},
  net_income_margin {real},
  ebit_to_interest_expense {real},
  return_on_assets {real},
  probability {real} NOT NULL,
  CONSTRAINT annual_predictions_pk PRIMARY KEY (owner_id, id),
  CONSTRAINT annual_predictions_company_fk FOREIGN KEY (owner_id, company_id) REFERENCES companies (owner_id, id),
  CONSTRAINT annual_predictions_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id),
  CONSTRAINT annual_predictions_model_fk FOREIGN KEY (model_id) REFERENCES models (id),
  CONSTRAINT annual_predictions_quarter_ck CHECK (reporting_quarter BETWEEN 1 AND 4)
) {strict};

CREATE UNIQUE INDEX annual_predictions_key_uq ON annual_predictions (owner_id, company_id, reporting_year, reporting_quarter) WHERE is_current;
CREATE UNIQUE INDEX annual_predictions_job_uq ON annual_predictions (owner_id, job_id, job_row);
CREATE INDEX annual_predictions_list_ix ON annual_predictions (owner_id, created_at, id) WHERE is_current;
CREATE INDEX annual_predictions_period_ix ON annual_predictions (owner_id, reporting_year, reporting_quarter, probability, id) WHERE is_current;
CREATE INDEX annual_predictions_manual_ix ON annual_predictions (owner_id, created_at, id) WHERE job_id IS NULL;
CREATE INDEX annual_predictions_root_ix ON annual_predictions (owner_id, root_job_id) WHERE derived_from IS NOT NULL;
CREATE INDEX annual_predictions_former_ix ON annual_predictions (owner_id, company_id, created_at) WHERE NOT is_current;

CREATE TABLE quarterly_predictions (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  company_id {uuid} NOT NULL,
  reporting_year {small} NOT NULL,
  reporting_quarter {small} NOT NULL,
  job_id {uuid},
  job_row {int},
  job_link {small} NOT NULL,
  source {small} NOT NULL,
  derived_from {uuid},
  root_job_id {uuid},
  sector {text} NOT NULL,
  market_cap {real},
  risk_level {small} NOT NULL,
  confidence {real} NOT NULL,
  model_id {uuid} NOT NULL,
  is_current {bool} NOT NULL,
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  total_debt_to_ebitda {real},
  sga_margin {real},
  long_term_debt_to_total_capital {real},
  return_on_capital {real},
  logistic_probability {real} NOT NULL,
  gbm_probability {real},
  ensemble_probability {real} NOT NULL,
  CONSTRAINT quarterly_predictions_pk PRIMARY KEY (owner_id, id),
  CONSTRAINT quarterly_predictions_company_fk FOREIGN KEY (owner_id, company_id) REFERENCES companies (owner_id, id),
  CONSTRAINT quarterly_predictions_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id),
  CONSTRAINT quarterly_predictions_model_fk FOREIGN KEY (model_id) REFERENCES models (id),
  CONSTRAINT quarterly_predictions_quarter_ck CHECK (reporting_quarter BETWEEN 1 AND 4)
) {strict};

CREATE UNIQUE INDEX quarterly_predictions_key_uq ON quarterly_predictions (owner_id, company_id, reporting_year, reporting_quarter) WHERE is_current;
CREATE UNIQUE INDEX quarterly_predictions_job_uq ON quarterly_predictions (owner_id, job_id, job_row);
CREATE INDEX quarterly_predictions_list_ix ON quarterly_predictions (owner_id, created_at, id) WHERE is_current;
CREATE INDEX quarterly_predictions_period_ix ON quarterly_predictions (owner_id, reporting_year, reporting_quarter, ensemble_probability, id) WHERE is_current;
CREATE INDEX quarterly_predictions_manual_ix ON quarterly_predictions (owner_id, created_at, id) WHERE job_id IS NULL;
CREATE INDEX quarterly_predictions_root_ix ON quarterly_predictions (owner_id, root_job_id) WHERE derived_from IS NOT NULL;
CREATE INDEX quarterly_predictions_former_ix ON quarterly_predictions (owner_id, company_id, created_at) WHERE NOT is_current;

-- Append-only differences of the number of current predictions, folded by a worker. job_id is nil for
-- work by hand, so that folding can group by it.
CREATE TABLE prediction_counts (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  kind {small} NOT NULL,
  job_id {uuid} NOT NULL,
  reporting_year {small} NOT NULL,
  risk_level {small} NOT NULL,
  sector {text} NOT NULL,
  delta {int} NOT NULL,
  CONSTRAINT prediction_counts_pk PRIMARY KEY (owner_id, id)
) {strict};

CREATE INDEX prediction_counts_job_ix ON prediction_counts (owner_id, job_id);

CREATE TABLE deletions (
  owner_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  job_id {uuid},
  kind {text} NOT NULL,
  user_id {uuid} NOT NULL,
  reason {text},
  record_only {bool} NOT NULL,
  include_inferred {bool} NOT NULL,
  orphaned_companies {bool} NOT NULL,
  state {text} NOT NULL,
  expected_rows {int} NOT NULL,
  deleted_rows {int} NOT NULL,
  edits_kept {int} NOT NULL,
  inferred_kept {int} NOT NULL,
  already_deleted {int} NOT NULL,
  companies_empty {int} NOT NULL,
  companies_deleted {int} NOT NULL,
  created_at {time} NOT NULL,
  completed_at {time},
  restorable_until {time},
  CONSTRAINT deletions_pk PRIMARY KEY (owner_id, id),
  CONSTRAINT deletions_job_fk FOREIGN KEY (owner_id, job_id) REFERENCES bulk_upload_jobs (owner_id, id),
  CONSTRAINT deletions_state_ck CHECK (state IN ('pending', 'running', 'done', 'stalled'))
) {strict};

CREATE INDEX deletions_job_ix ON deletions (owner_id, job_id, created_at);

-- What workers claim from: the oldest task of each owner, one owner at a time.
CREATE TABLE work_queue (
  id {uuid} NOT NULL,
  task {text} NOT NULL,
  owner_id {uuid} NOT NULL,
  object_id {uuid} NOT NULL,
  size {int} NOT NULL,
  accepted_at {time} NOT NULL,
  not_before {time} NOT NULL,
  lease_until {time},
  worker {text},
  token {int} NOT NULL,
  attempts {int} NOT NULL,
  position {int} NOT NULL,
  CONSTRAINT work_queue_pk PRIMARY KEY (id)
) {strict};

CREATE INDEX work_queue_owner_ix ON work_queue (owner_id, accepted_at, id);
CREATE INDEX work_queue_order_ix ON work_queue (accepted_at, id);

CREATE TABLE idempotency_keys (
  owner_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  key {text} NOT NULL,
  route {text} NOT NULL,
  request {bytes} NOT NULL,
  object_id {uuid} NOT NULL,
  expires_at {time} NOT NULL,
  CONSTRAINT idempotency_keys_pk PRIMARY KEY (owner_id, user_id, key)
) {strict};

CREATE INDEX idempotency_keys_expiry_ix ON idempotency_keys (expires_at);

-- Append-only; each entry holds the digest of all that came before it in its owner's chain.
CREATE TABLE audit_events (
  owner_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  at {time} NOT NULL,
  user_id {uuid} NOT NULL,
  actor {text},
  via {text} NOT NULL,
  address {text},
  request_id {text},
  action {text} NOT NULL,
  object_kind {text} NOT NULL,
  object_id {uuid} NOT NULL,
  row_count {int},
  reason {text},
  details {text},
  digest {bytes} NOT NULL,
  CONSTRAINT audit_events_pk PRIMARY KEY (owner_id, seq)
) {strict};

CREATE TABLE audit_heads (
  owner_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  digest {bytes} NOT NULL,
  at {time} NOT NULL,
  CONSTRAINT audit_heads_pk PRIMARY KEY (owner_id)
) {strict};

-- An owner's chain has a head from the start, so that its first entries queue at the same lock as all others.
INSERT INTO audit_heads (owner_id, seq, digest, at) VALUES ({nil}, 0, {no_digest}, {epoch});
