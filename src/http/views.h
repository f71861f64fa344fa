/* Model structs as JSON. `key` is the member's name, or NULL inside an array. Shapes are those of
 * the HTTP contract; nothing here reads the database. */
#ifndef OBLIGOR_HTTP_VIEWS_H
#define OBLIGOR_HTTP_VIEWS_H

#include "domain/audit_list.h"
#include "domain/audit_verify.h"
#include "domain/companies.h"
#include "domain/deletion.h"
#include "domain/deletions.h"
#include "domain/jobs.h"
#include "domain/joining.h"
#include "domain/models.h"
#include "domain/predictions.h"
#include "domain/retries.h"
#include "domain/row_rules.h"
#include "domain/scoring.h"
#include "format/json_out.h"
#include "store/account_store.h"

/* access_level, organization_id and organization_name, as members of the object at hand. */
void view_ownership(JsonOut *out, const Principal *who, Uuid owner_id);

void view_user(JsonOut *out, const char *key, const User *user);
void view_users(JsonOut *out, const char *key, const User *users, size_t count);
void view_organization(JsonOut *out, const char *key, const Organization *organization);
void view_whitelist(JsonOut *out, const char *key, const Whitelist *list);
void view_session(JsonOut *out, const char *key, const Principal *who, const Token *session);
void view_api_key(JsonOut *out, const char *key, const Token *api_key);

/* What the request came with: {id, kind, scopes, expires_at}. */
void view_own_token(JsonOut *out, const char *key, const Principal *who);
void view_company(JsonOut *out, const char *key, const Principal *who, const Company *company);
void view_model(JsonOut *out, const char *key, const ModelRow *model);

/* {id, name, version}; null without an id. */
void view_model_name(JsonOut *out, const char *key, Uuid id, const char *name, const char *version);

void view_prediction(JsonOut *out, const char *key, const Principal *who,
                     const Prediction *prediction);

/* With what only a single one is asked for: current_id (nil gives null) and may_change. */
void view_prediction_detail(JsonOut *out, const char *key, const Principal *who,
                            const Prediction *prediction, Uuid current_id);
void view_predictions(JsonOut *out, const char *key, const Principal *who, const Prediction *items,
                      size_t count);
void view_lineage(Arena *arena, JsonOut *out, const char *key, const Principal *who,
                  const Lineage *lineage);

/* Of the last score of `kind`: also as "probability" where the kind names it otherwise. */
void view_score(JsonOut *out, Kind kind, const Score *score);
void view_contributions(JsonOut *out, const char *key, Kind kind, const Contribution *items,
                        size_t count);

/* What only the detail of a job shows. */
typedef struct JobDetail {
    int64_t predictions;       /* there now */
    int64_t companies;         /* made by the job */
    const ProblemPage *errors; /* NULL: not asked for */
    const Deletion *deletion;  /* that it is in or was; NULL: none */
    const Retries *retries;    /* the jobs that mend it */
} JobDetail;

/* `detail` NULL: as in lists. */
void view_job(Arena *arena, JsonOut *out, const char *key, const Principal *who, const Job *job,
              const JobDetail *detail);
void view_job_status(JsonOut *out, const char *key, const Job *job);

/* {id, status, job_type, original_filename, …}: a job that something else speaks of. Null for
 * NULL. */
void view_job_brief(Arena *arena, JsonOut *out, const char *key, const Job *job);

/* {row, column, code, error, value, data} each. */
void view_row_problems(JsonOut *out, const char *key, const Problem *items, size_t count);

/* {field, code, message} each: of those with severity warning. */
void view_warnings(JsonOut *out, const char *key, const ProblemList *problems);

/* How something that is shown though it is deleted came to be so: deletion_id, deleted_at, deleted_by,
 * deletion_reason, restorable_until. Null for NULL. */
void view_gone(JsonOut *out, const char *key, const Deletion *deletion);

/* `people` NULL: as in lists. */
void view_deletion(JsonOut *out, const char *key, const Principal *who, const Deletion *deletion,
                   const DeletionPeople *people);

/* deleted_predictions, kept, restored_versions, deleted_companies and more, as members of the object
 * at hand. `counts` NULL: not known yet. */
void view_deletion_counts(JsonOut *out, const DeletionCounts *counts);

/* The member "retries": {job_id, original_filename, status, predictions} each, with the deletion_id where there is one. */
void view_deletion_retries(JsonOut *out, const DeletionJob *retries, size_t count);

/* An entry of the audit trail as JSON; or as a row of CSV, below the header. */
void view_audit_entry(Arena *arena, JsonOut *out, const Principal *who, const AuditEntry *entry);
void view_audit_header(Buf *out);
void view_audit_row(Arena *arena, Buf *out, const Principal *who, const AuditEntry *entry);
void view_audit_head(Arena *arena, JsonOut *out, const Principal *who, const AuditHead *head);
void view_audit_finding(Arena *arena, JsonOut *out, const Principal *who,
                        const AuditFinding *finding);

#endif
