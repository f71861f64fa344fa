/* A company has a few hundred predictions at most, so all of its keys are looked at when it is asked for. */
#include "domain/company_deletion.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "domain/audit.h"
#include "domain/companies.h"
#include "domain/key_removal.h"
#include "domain/queue.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/chunk_store.h"

/* What was found of a company. */
typedef struct Look {
    DeletionCounts counts;
    int64_t held;
    int64_t others; /* keys whose current version somebody else made */
    Uuid held_job;
} Look;

/* --- looking --------------------------------------------------------------------------------- */

static void count_rows(Arena *arena, const Principal *who, const KeySet *set, const KeyRows *rows,
                       Look *look)
{
    Uuid *ids = NULL;
    size_t count = 0;
    int64_t held = 0;
    key_rows_choose(arena, set, rows, &ids, &count, &held);
    look->held += held;
    if (held > 0)
        look->held_job = rows->held_job;
    look->counts.predictions[set->keys[0].kind] += (int64_t)count;
    for (size_t i = 0; i < rows->count; i++)
        look->others +=
            rows->versions[i].is_current &&
            !principal_may_change(who, set->keys[0].owner_id, rows->versions[i].created_by);
}

static Error *look_at(Arena *arena, Db *db, const Principal *who, const Company *company,
                      Look *ret_look)
{
    Look look = {0};
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        int64_t after = 0;
        size_t count = PAGE_LIMIT_MAX;
        while (count == PAGE_LIMIT_MAX) {
            ArenaMark mark = arena_mark(arena);
            PredictionKey *keys = NULL;
            KeyRows rows;
            TRY(key_of_company(arena, db, kind, company->owner_id, company->id, after,
                               PAGE_LIMIT_MAX, &keys, &count));
            if (count > 0) {
                KeySet set = {.keys = keys, .count = count, .before = INT64_MAX};
                TRY(key_rows_read(arena, db, &set, &rows));
                count_rows(arena, who, &set, &rows, &look);
                after = keys[count - 1].year * 4 + keys[count - 1].quarter;
            }
            arena_rewind(arena, mark);
        }
    }
    *ret_look = look;
    return NULL;
}

static int64_t rows_found(const Look *look)
{
    return deletion_rows(&look->counts) + look->held;
}

static Error *make_etag(Arena *arena, Db *db, const Company *company, const CompanyDeletion *asked,
                        char **ret_etag)
{
    int64_t revision = 0;
    char hex[33];
    TRY(owner_revision(arena, db, company->owner_id, &revision));
    Digest digest = digest_of(str_printf(arena, "%s %lld %d", uuid_text(arena, company->id),
                                         (long long)revision, asked->with_predictions));
    hex_format(hex, digest.bytes, 16);
    *ret_etag = arena_printf(arena, "\"%s\"", hex);
    return NULL;
}

/* Is it his, and all that goes with it? */
static Error *refuse_others(Arena *arena, const Principal *who, const Company *company,
                            const Look *look)
{
    if (!principal_may_change(who, company->owner_id, company->created_by))
        return ERROR(arena, ERROR_DENIED, "Only who made this company may delete it.");
    if (look->others > 0)
        return ERROR(arena, ERROR_DENIED,
                     "%lld of its predictions were made by others, and only they may delete them.",
                     (long long)look->others);
    return NULL;
}

Error *company_deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid id,
                                const CompanyDeletion *asked, CompanyDeletionPreview *ret_preview)
{
    Company *company = NULL;
    Look look;
    char *etag = NULL;
    CompanyDeletionPreview preview = {0};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(companies_get(arena, db, who, id, &company));
    TRY(look_at(arena, db, who, company, &look));
    TRY(refuse_others(arena, who, company, &look));
    TRY(make_etag(arena, db, company, asked, &etag));
    TRY(tx_commit(&tx, arena));
    preview.company = company;
    preview.etag = etag;
    preview.held = look.held;
    if (asked->with_predictions)
        preview.counts = look.counts;
    else
        preview.predictions_kept = rows_found(&look);
    if (preview.predictions_kept == 0 && look.held == 0)
        preview.counts.companies_empty = preview.counts.companies_deleted = 1;
    *ret_preview = preview;
    return NULL;
}

/* --- accepting ------------------------------------------------------------------------------- */

static Error *refuse_named(Arena *arena, const Look *look)
{
    int64_t rows = rows_found(look);
    if (rows == 0)
        return NULL;
    Error *error = error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "%lld predictions name this company. Delete them first, or with it by "
              "delete_predictions=true.",
              (long long)rows),
        "has_predictions");
    error->extra_json = arena_printf(arena, "\"predictions\": %lld", (long long)rows);
    return error;
}

static Error *refuse(Arena *arena, Db *db, const Principal *who, const Company *company,
                     const CompanyDeletion *asked, const Look *look)
{
    KeyRows held = {.held_job = look->held_job};
    char *etag = NULL;
    TRY(refuse_others(arena, who, company, look));
    if (!asked->with_predictions)
        TRY(refuse_named(arena, look));
    TRY(key_rows_refuse_held(arena, db, company->owner_id, &held, look->held));
    TRY(make_etag(arena, db, company, asked, &etag));
    return key_deletion_refuse_changed(arena, &asked->options, etag);
}

/* Nothing has to be removed: the mark is all. */
static Error *mark_now(Arena *arena, Db *db, Deletion *deletion)
{
    DeletionStep step = {0};
    bool marked = false;
    TRY(company_lock(arena, db, deletion->owner_id, deletion->object_id));
    TRY(company_delete(arena, db, deletion->owner_id, deletion->object_id, deletion->created_at,
                       &marked));
    if (!marked)
        return error_with_reason(
            ERROR(arena, ERROR_BUSY, "Somebody else changed the same company. Try again."),
            ERROR_RETRY);
    deletion->state = DELETION_RUNNING;
    step.counts.companies_empty = step.counts.companies_deleted = 1;
    TRY(deletion_insert(arena, db, deletion));
    TRY(archived_companies_add(arena, db, deletion, &deletion->object_id, 1));
    TRY(owner_touch(arena, db, deletion->owner_id));
    TRY(deletion_progress(arena, db, deletion, &step));
    TRY(deletion_finish(arena, db, deletion, DELETION_DONE, deletion->created_at));
    deletion->state = DELETION_DONE;
    deletion->completed_at = deletion->created_at;
    return NULL;
}

static Error *note(Arena *arena, Db *db, const Principal *who, const Company *company,
                   const Deletion *deletion)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_str(&out, "symbol", company->symbol);
    json_end_object(&out);
    json_out_close(&out);
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = company->owner_id,
                                   .action = "company.deleted",
                                   .object_kind = "company",
                                   .object_id = company->id,
                                   .count = deletion->expected,
                                   .reason = deletion->reason,
                                   .details = str_dup(arena, buf_str(&buf))});
}

Error *company_deletion_request(Arena *arena, Db *db, const Principal *who, Uuid id,
                                const CompanyDeletion *asked, const Company **ret_company,
                                Deletion **ret_deletion)
{
    Company *company = NULL;
    Look look;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(companies_get(arena, db, who, id, &company));
    TRY(look_at(arena, db, who, company, &look));
    TRY(refuse(arena, db, who, company, asked, &look));
    Deletion *deletion =
        key_deletion_new(arena, who, company->owner_id, SUBJECT_COMPANY, &asked->options);
    deletion->object_id = company->id;
    deletion->expected = deletion_rows(&look.counts);
    if (deletion->expected == 0)
        TRY(mark_now(arena, db, deletion));
    else
        TRY(key_deletion_queue(arena, db, deletion));
    TRY(note(arena, db, who, company, deletion));
    TRY(tx_commit(&tx, arena));
    if (deletion->state != DELETION_DONE)
        queue_wake();
    *ret_company = company;
    *ret_deletion = deletion;
    return NULL;
}
