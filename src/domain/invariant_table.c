/* The invariants in words. What looks at them stands in store/invariant_store.c, under the same name. */
#include "domain/invariants.h"

#include "base/check.h"

static const Invariant INVARIANTS[INVARIANT_COUNT] = {
    [INVARIANT_PREDICTION_JOB] =
        {"prediction_job", "prediction", "A prediction's upload is there, and is of its kind.",
         "Nobody can tell which upload made it, or take that upload back."},
    [INVARIANT_PREDICTION_ROOT] =
        {"prediction_root", "prediction",
         "The upload at the bottom of a chain of edits is there; of an uploaded row it is its own.",
         "The preview of that upload's deletion counts its edits wrong."},
    [INVARIANT_PREDICTION_COMPANY] = {"prediction_company", "prediction",
                                      "A prediction's company is there.",
                                      "No list and no export shows the prediction."},
    [INVARIANT_PREDICTION_MODEL] =
        {"prediction_model", "prediction",
         "The model that scored a prediction is there, and is of its kind.",
         "The score cannot be computed again, and no list shows it."},
    [INVARIANT_PREDICTION_USER] = {"prediction_user", "prediction",
                                   "Who made a prediction is a user, or the operator.",
                                   "It cannot be said who made it, and only an administrator may "
                                   "change it."},
    [INVARIANT_PREDICTION_DERIVED] =
        {"prediction_derived", "prediction",
         "An edit was made of an older version of the same key, or of one that was removed.",
         "The history of the key cannot be told."},
    [INVARIANT_PREDICTION_WORDS] =
        {"prediction_words", "prediction",
         "Level, source and link of a prediction are words that we know, its scores lie between 0 "
         "and 1, and its lineage is whole.",
         "Something else than this program wrote it."},
    [INVARIANT_VERSION_TWICE] = {"version_twice", "prediction",
                                 "A key has at most one current version.",
                                 "The unique index of the table is missing or damaged; lists show "
                                 "the key twice."},
    [INVARIANT_VERSION_ORDER] =
        {"version_order", "prediction",
         "A former version that can be seen has a newer one that is current and can be seen.",
         "A value is missing from lists and exports, or an older one has taken its place."},
    [INVARIANT_ROW_ORDER] = {"row_order", "prediction",
                             "Rows of an upload ascend in time and id as they do in its file.",
                             "Pages of the upload's predictions leave rows out or repeat them."},
    [INVARIANT_ROW_SPAN] = {"row_span", "prediction",
                            "Rows of an upload lie in the span that its job keeps.",
                            "A list that meets the hidden job jumps over rows that it should show, "
                            "or wades through those that it should not."},
    [INVARIANT_ROW_NUMBER] =
        {"row_number", "prediction",
         "A row's number lies between the header and the row up to which its job has read.",
         "A row was stored without the position behind it: the import may store it again."},
    [INVARIANT_PREDICTION_COUNTS] =
        {"prediction_counts", "job",
         "The counts by job, year, level and sector are those of the current predictions.",
         "Totals of lists and statistics are wrong. A nil id stands for work by hand."},
    [INVARIANT_COUNT_WORDS] = {"count_words", "job",
                               "A count is of a kind and a job that are there.",
                               "Totals of lists and statistics are wrong."},
    [INVARIANT_COMPANY_SYMBOL] = {"company_symbol", "company",
                                  "A company's symbol is in capitals, without spaces around it.",
                                  "Uploads do not find the company and make another one."},
    [INVARIANT_COMPANY_JOB] = {"company_job", "company",
                               "The upload that made a company is there, with the row.",
                               "It cannot be told which upload made it."},
    [INVARIANT_COMPANY_USER] = {"company_user", "company",
                                "Who made a company is a user, or the operator.",
                                "It cannot be said who made it."},
    [INVARIANT_COMPANY_DELETED] =
        {"company_deleted", "company",
         "A company that is marked deleted has no current prediction that "
         "can be seen.",
         "The prediction is in lists, and its company in none."},
    [INVARIANT_JOB_USER] = {"job_user", "job", "Who uploaded a file is a user, or the operator.",
                            "It cannot be said who uploaded it, and a worker acts for nobody."},
    [INVARIANT_JOB_MODEL] = {"job_model", "job", "A job's model is there, and is of its kind.",
                             "The import cannot go on, and its scores not be computed again."},
    [INVARIANT_JOB_STATES] = {"job_states", "job",
                              "A job's times and former state fit the state that it is in.",
                              "It was changed by half a step: its next one may be refused."},
    [INVARIANT_JOB_COUNTERS] =
        {"job_counters", "job",
         "The rows that a job has read are those that were good, failed, were skipped or "
         "unchanged.",
         "The summary of the upload is wrong: rows may have been lost or counted twice."},
    [INVARIANT_JOB_RETRY] =
        {"job_retry", "job",
         "The job that another one mends is there, is of the same kind and older.",
         "It cannot be told which upload was mended, or what goes with which."},
    [INVARIANT_JOB_ROWS] =
        {"job_rows", "job",
         "A job has as many predictions as it made, less those that were removed since.",
         "Predictions were lost or doubled, or previews of its deletion are wrong."},
    [INVARIANT_JOB_HIDES] =
        {"job_hides", "job",
         "A job hides its rows while they are removed or brought back, and only "
         "then.",
         "Predictions are out of sight that should be seen, or the reverse."},
    [INVARIANT_JOB_ERRORS] = {"job_errors", "job", "Of every row that failed the reasons are kept.",
                              "A rejected row was lost in silence."},
    [INVARIANT_JOB_WARNINGS] = {"job_warnings", "job", "Every warning that was counted is kept.",
                                "A warning was lost in silence."},
    [INVARIANT_JOB_MARKS] =
        {"job_marks", "job",
         "Of every row that was skipped or left unchanged is noted which it is.",
         "The rows that were skipped cannot be handed out."},
    [INVARIANT_MARK_JOB] = {"mark_job", "job",
                            "Rows that are noted as skipped or unchanged are rows of a job's file "
                            "that it has read.",
                            "The rows that were skipped cannot be handed out."},
    [INVARIANT_JOB_TASK] = {"job_task", "job",
                            "A job that waits or is at work has its task in the queue.",
                            "No worker comes for it: it will never end by itself."},
    [INVARIANT_JOB_DELETION] = {"job_deletion", "job",
                                "A job that is being deleted has one deletion under way, a deleted "
                                "one has one that is over, and no other job has one under way.",
                                "It cannot be told who deleted it and why, or its removal never "
                                "ends."},
    [INVARIANT_ERROR_JOB] = {"error_job", "job", "A rejected row belongs to a job that is there.",
                             "Nobody can see the row any more."},
    [INVARIANT_ERROR_ROW] = {"error_row", "job",
                             "Rejected rows and warnings lie within what their job has read.",
                             "They were stored without the position behind them: the import may "
                             "store them again."},
    [INVARIANT_FILE_JOB] = {"file_job", "job", "A piece of a file belongs to a job that is there.",
                            "It takes room and nobody can read it."},
    [INVARIANT_FILE_CHUNKS] =
        {"file_chunks", "job",
         "A job's file is kept whole: its pieces follow each other and have its size.",
         "The file cannot be downloaded, and an import of it cannot go on."},
    [INVARIANT_FILE_DIGEST] = {"file_digest", "job",
                               "A job's file is the one that was uploaded, by its SHA-256.",
                               "The file was changed or damaged since: it is no evidence."},
    [INVARIANT_AUDIT_CHAIN] = {"audit_chain", "owner",
                               "Each entry of the audit trail holds the digest of the one before.",
                               "An entry was altered, removed, inserted or moved: 'obligor audit "
                               "verify' names it."},
    [INVARIANT_DELETION_FACTS] =
        {"deletion_facts", "deletion",
         "A deletion names its user and job, and its counts and times fit its state.",
         "What it removed cannot be told or brought back."},
    [INVARIANT_DELETION_ROWS] =
        {"deletion_rows", "job", "What deletions removed of a job is counted off at the job.",
         "The job takes removed rows for its own; previews of its deletion are wrong."},
    [INVARIANT_CHUNK_ORDER] = {"chunk_order", "deletion",
                               "The pieces of an archive follow each other without a gap.",
                               "The deletion cannot be undone, or not wholly."},
    [INVARIANT_CHUNK_ROWS] = {"chunk_rows", "deletion",
                              "An archive has as many rows as its deletion says.",
                              "Undoing the deletion loses rows, or brings back too many."},
    [INVARIANT_CHUNK_WHOLE] =
        {"chunk_whole", "deletion",
         "Every piece of an archive can be unpacked, and holds the rows that it is noted with.",
         "Undoing the deletion stops at the piece, or brings back other rows than it took."},
    [INVARIANT_ARCHIVE_COMPANY] = {"archive_company", "company",
                                   "Every company that an archive names is there.",
                                   "The archive cannot be brought back."},
    [INVARIANT_COMPANY_NAME] = {"company_name", "company",
                                "A company whose name an upload changed is there.",
                                "Removing the upload cannot give the former name back."},
    [INVARIANT_TASK_IMPORT] = {"task_import", "task",
                               "The job of a task is there and waits for it.",
                               "A worker finds nothing to do, or does again what is over."},
    [INVARIANT_TASK_DELETION] = {"task_deletion", "task",
                                 "The deletion of a task is there and is not over.",
                                 "A worker finds nothing to do, or does again what is over."},
    [INVARIANT_TASK_ORGANIZATION] =
        {"task_organization", "task",
         "The purge of an organization is a task of one that is deleted.",
         "A worker removes what should be kept, or finds nothing to do."},
    [INVARIANT_TASK_TWICE] = {"task_twice", "object of two tasks",
                              "A job or deletion has one task at most.",
                              "Two workers may do the same work."},
    [INVARIANT_TASK_WORDS] = {"task_words", "task",
                              "A task is of a sort that we know, and who has its lease has a name.",
                              "No worker takes it, and it keeps its owner's others back."},
    [INVARIANT_IDEMPOTENCY] = {"idempotency", "object of a key",
                               "An idempotency key is a user's and knows its request.",
                               "The same request sent again may take effect twice."},
    [INVARIANT_OWNER_KIND] = {"owner_kind", "owner",
                              "The system is one owner, a personal owner is a user, and any "
                              "other is an organization.",
                              "Rows have an owner whom nobody can be."},
    [INVARIANT_OWNER_MISSING] = {"owner_missing", "owner", "The owner of every row is there.",
                                 "Nobody may read the rows, and this check passes them by."},
    [INVARIANT_TASK_OWNER] = {"task_owner", "owner", "The owner of every task is there.",
                              "A worker takes the task and fails."},
    [INVARIANT_USER_OWNER] = {"user_owner", "user",
                              "Every user has an address and is an owner of rows.",
                              "The user can sign in or store nothing."},
    [INVARIANT_TOKEN_USER] = {"token_user", "user",
                              "Every token is a user's, but for the link that makes the first one.",
                              "Somebody may be signed in as nobody."},
    [INVARIANT_USER_PLACE] =
        {"user_place", "user",
         "Who is a member of an organization that is there has one of its roles, and nobody else "
         "has.",
         "The user reaches data that is not theirs, or not what is."},
    [INVARIANT_ORGANIZATION_FACTS] =
        {"organization_facts", "organization",
         "An organization has a name, is an owner of rows with an audit trail, and names the "
         "deletion that it was deleted by.",
         "Its members can store nothing, or it cannot be brought back."},
    [INVARIANT_WHITELIST_PLACE] = {"whitelist_place", "organization",
                                   "A list of addresses is that of an organization.",
                                   "Nobody can see or change the list."},
    [INVARIANT_MODEL_FACTS] = {"model_facts", "model",
                               "A kind has at most one active model, and its author is a user or "
                               "the operator.",
                               "New predictions may be scored by the one or by the other."},
    [INVARIANT_MODEL_DIGEST] = {"model_digest", "model",
                                "A model's card is the one that was added.",
                                "The card was changed or damaged since: scores are not what their "
                                "model says."},
};

const Invariant *invariant_get(InvariantId id)
{
    CHECK(id < INVARIANT_COUNT && INVARIANTS[id].name != NULL);
    return &INVARIANTS[id];
}
