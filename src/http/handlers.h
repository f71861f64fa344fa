/* The handlers of the route table. Each reads its parameters, calls the domain, and writes the
 * answer; what it allocates or opens belongs to the request's arena. */
#ifndef OBLIGOR_HTTP_HANDLERS_H
#define OBLIGOR_HTTP_HANDLERS_H

#include "http/request.h"

#define HANDLER(name) Error *name(Request *request, Response *response) MUST_CHECK

HANDLER(handle_login);
HANDLER(handle_logout);
HANDLER(handle_refresh);
HANDLER(handle_password_change);
HANDLER(handle_profile_change);
HANDLER(handle_sessions_list);
HANDLER(handle_session_end);
HANDLER(handle_sessions_end_others);
HANDLER(handle_api_keys_list);
HANDLER(handle_api_key_create);
HANDLER(handle_api_key_revoke);
HANDLER(handle_me);
HANDLER(handle_api_setup);
HANDLER(handle_setup_page);
HANDLER(handle_setup_form);

HANDLER(handle_register);
HANDLER(handle_verify);
HANDLER(handle_resend);
HANDLER(handle_forgot);
HANDLER(handle_reset);
HANDLER(handle_verify_page);
HANDLER(handle_verify_form);
HANDLER(handle_reset_page);
HANDLER(handle_reset_form);

HANDLER(handle_organizations_list);
HANDLER(handle_organization_create);
HANDLER(handle_organization_get);
HANDLER(handle_organization_change);
HANDLER(handle_organization_preview);
HANDLER(handle_organization_delete);
HANDLER(handle_organization_new_token);
HANDLER(handle_whitelist_get);
HANDLER(handle_whitelist_add);
HANDLER(handle_whitelist_remove);
HANDLER(handle_members_list);
HANDLER(handle_member_change);
HANDLER(handle_member_remove);
HANDLER(handle_users_list);
HANDLER(handle_user_invite);
HANDLER(handle_user_get);
HANDLER(handle_user_change);
HANDLER(handle_user_delete);
HANDLER(handle_user_restore);
HANDLER(handle_user_link);
HANDLER(handle_join);
HANDLER(handle_leave);

HANDLER(handle_models_list);
HANDLER(handle_model_add);
HANDLER(handle_model_get);
HANDLER(handle_model_activate);

HANDLER(handle_companies_list);
HANDLER(handle_company_get);
HANDLER(handle_company_by_symbol);
HANDLER(handle_company_predictions);
HANDLER(handle_company_delete);

HANDLER(handle_predictions_list);
HANDLER(handle_prediction_get);
HANDLER(handle_prediction_lineage);
HANDLER(handle_prediction_versions);
HANDLER(handle_prediction_create);
HANDLER(handle_prediction_change);
HANDLER(handle_prediction_restore);
HANDLER(handle_prediction_delete);
HANDLER(handle_predictions_purge);
HANDLER(handle_predictions_score);
HANDLER(handle_predictions_export);
HANDLER(handle_predictions_template);

HANDLER(handle_job_events);

HANDLER(handle_upload_of_kind);
HANDLER(handle_upload);

HANDLER(handle_jobs_list);
HANDLER(handle_job_get);
HANDLER(handle_job_status);
HANDLER(handle_job_cancel);
HANDLER(handle_job_errors);
HANDLER(handle_job_warnings);
HANDLER(handle_job_results);
HANDLER(handle_job_download);
HANDLER(handle_job_file);
HANDLER(handle_job_preview);
HANDLER(handle_job_delete);
HANDLER(handle_job_change);
HANDLER(handle_job_restore);

HANDLER(handle_deletions_list);
HANDLER(handle_deletion_get);
HANDLER(handle_deletion_restore);
HANDLER(handle_deletion_purge);
HANDLER(handle_deletion_retry);

HANDLER(handle_audit_list);
HANDLER(handle_audit_head);
HANDLER(handle_audit_verify);

HANDLER(handle_alive);
HANDLER(handle_ready);
HANDLER(handle_metrics);

#endif
