/* The table of routes. What is decided before a handler runs stands in its row and nowhere else.
 *
 * A file that is opened or exported is noted in the audit trail: those routes are no mere reads. A job's note and its legal
 * hold are changed by different people, auditors among them: the domain tells them apart. An export of the audit trail is noted there, too.
 *
 * /metrics answers this machine (a request that did not come through a proxy) and super_admins: the
 * numbers name no person, but they tell a stranger how the server is doing. */
#include "base/check.h"
#include "http/handlers.h"
#include "http/route.h"

#define API         "/api/v1"
#define PREDICTIONS API "/predictions"
#define JOBS        PREDICTIONS "/jobs"

enum { LOGIN_MAX = 16 << 10, CARD_MAX = 4 << 20 };

const Route ROUTES[] = {
    {"GET", "/health", PERMIT_ANYONE, BODY_NONE, 0, RUNS_AT_ONCE, handle_alive},
    {"GET", "/healthz", PERMIT_ANYONE, BODY_NONE, 0, RUNS_AT_ONCE, handle_alive},
    {"GET", "/readyz", PERMIT_ANYONE, BODY_NONE, 0, RUNS_AT_ONCE, handle_ready},
    {"GET", "/metrics", PERMIT_LOCAL, BODY_NONE, 0, RUNS_AT_ONCE, handle_metrics},

    {"GET", "/setup", PERMIT_ANYONE, BODY_NONE, 0, RUNS_AT_ONCE, handle_setup_page},
    {"POST", "/setup", PERMIT_ANYONE, BODY_FORM, LOGIN_MAX, RUNS_HASHING, handle_setup_form},
    {"POST", API "/auth/setup", PERMIT_ANYONE, BODY_JSON, LOGIN_MAX, RUNS_HASHING,
     handle_api_setup},
    {"POST", API "/auth/login", PERMIT_ANYONE, BODY_JSON, LOGIN_MAX, RUNS_HASHING, handle_login},
    {"POST", API "/auth/logout", PERMIT_USER, BODY_EMPTY, 0, RUNS_WORKER, handle_logout},
    {"GET", API "/auth/me", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_me},
    {"GET", API "/users/me", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_me},

    {"GET", API "/models", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_models_list},
    {"POST", API "/models", PERMIT_SUPER_ADMIN, BODY_JSON, CARD_MAX, RUNS_WORKER, handle_model_add},
    {"GET", API "/models/{id}", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_model_get},
    {"POST", API "/models/{id}/activate", PERMIT_SUPER_ADMIN, BODY_EMPTY, 0, RUNS_WORKER,
     handle_model_activate},

    {"GET", API "/companies", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_companies_list},
    {"GET", API "/companies/search/{symbol}", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_company_by_symbol},
    {"GET", API "/companies/{id}", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_company_get},
    {"DELETE", API "/companies/{id}", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER,
     handle_company_delete},
    {"GET", API "/companies/{id}/predictions", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_company_predictions},

    {"GET", PREDICTIONS "/{kind}", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_predictions_list},
    {"POST", PREDICTIONS "/{kind}", PERMIT_EDITOR, BODY_JSON, 0, RUNS_WORKER,
     handle_prediction_create},
    {"GET", PREDICTIONS "/{kind}/{id}", PERMIT_USER, BODY_NONE, 0, RUNS_INLINE,
     handle_prediction_get},
    {"PUT", PREDICTIONS "/{kind}/{id}", PERMIT_EDITOR, BODY_JSON, 0, RUNS_WORKER,
     handle_prediction_change},
    {"POST", PREDICTIONS "/{kind}/{id}", PERMIT_EDITOR, BODY_JSON, 0, RUNS_WORKER,
     handle_prediction_change},
    {"DELETE", PREDICTIONS "/{kind}/{id}", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER,
     handle_prediction_delete},
    {"GET", PREDICTIONS "/{kind}/{id}/lineage", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_prediction_lineage},
    {"GET", PREDICTIONS "/{kind}/{id}/versions", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_prediction_versions},
    {"POST", PREDICTIONS "/{kind}/{id}/versions/{version_id}/restore", PERMIT_EDITOR, BODY_EMPTY, 0,
     RUNS_WORKER, handle_prediction_restore},
    {"POST", PREDICTIONS "/{kind}/score", PERMIT_USER, BODY_JSON, 0, RUNS_WORKER,
     handle_predictions_score},
    {"POST", PREDICTIONS "/{kind}/purge", PERMIT_EDITOR, BODY_JSON, 0, RUNS_WORKER,
     handle_predictions_purge},
    {"GET", PREDICTIONS "/{kind}/export", PERMIT_USER, BODY_NONE, 0, RUNS_WORKER,
     handle_predictions_export},
    {"GET", PREDICTIONS "/{kind}/template", PERMIT_USER, BODY_NONE, 0, RUNS_AT_ONCE,
     handle_predictions_template},
    {"POST", PREDICTIONS "/{kind}/bulk-upload-async", PERMIT_EDITOR, BODY_UPLOAD, 0, RUNS_WORKER,
     handle_upload_of_kind},

    {"POST", JOBS, PERMIT_EDITOR, BODY_UPLOAD, 0, RUNS_WORKER, handle_upload},
    {"GET", JOBS, PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_jobs_list},
    {"GET", JOBS "/{id}", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_job_get},
    {"DELETE", JOBS "/{id}", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER, handle_job_delete},
    {"PATCH", JOBS "/{id}", PERMIT_USER, BODY_JSON, 0, RUNS_WORKER, handle_job_change},
    {"GET", JOBS "/{id}/status", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_job_status},
    {"POST", JOBS "/{id}/cancel", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER, handle_job_cancel},
    {"GET", JOBS "/{id}/errors", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_job_errors},
    {"GET", JOBS "/{id}/warnings", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_job_warnings},
    {"GET", JOBS "/{id}/results", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_job_results},
    {"POST", JOBS "/{id}/results", PERMIT_USER, BODY_NONE, 0, RUNS_WORKER, handle_job_results},
    {"GET", JOBS "/{id}/download", PERMIT_USER, BODY_NONE, 0, RUNS_WORKER, handle_job_download},
    {"GET", JOBS "/{id}/file", PERMIT_USER, BODY_NONE, 0, RUNS_WORKER, handle_job_file},
    {"GET", JOBS "/{id}/deletion-preview", PERMIT_USER, BODY_NONE, 0, RUNS_READING,
     handle_job_preview},
    {"POST", JOBS "/{id}/restore", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER, handle_job_restore},

    {"GET", API "/deletions", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_deletions_list},
    {"GET", API "/deletions/{id}", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_deletion_get},
    {"DELETE", API "/deletions/{id}", PERMIT_SUPER_ADMIN, BODY_EMPTY, 0, RUNS_WORKER,
     handle_deletion_purge},
    {"POST", API "/deletions/{id}/restore", PERMIT_EDITOR, BODY_EMPTY, 0, RUNS_WORKER,
     handle_deletion_restore},
    {"POST", API "/deletions/{id}/retry", PERMIT_SUPER_ADMIN, BODY_EMPTY, 0, RUNS_WORKER,
     handle_deletion_retry},

    {"GET", API "/audit", PERMIT_USER, BODY_NONE, 0, RUNS_WORKER, handle_audit_list},
    {"GET", API "/audit/head", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_audit_head},
    {"GET", API "/audit/verify", PERMIT_USER, BODY_NONE, 0, RUNS_READING, handle_audit_verify},
};
const size_t ROUTE_COUNT = ARRAY_COUNT(ROUTES);
