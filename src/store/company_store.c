/* Companies as rows; their figures are read from their predictions, never stored twice. */
#include "store/company_store.h"

#include "base/vec.h"
#include "store/id_list.h"
#include "store/statements.h"

static void fill_company(const void *self, size_t row, Value *values)
{
    const Company *company = (const Company *)self + row;
    const Value all[] = {value_uuid(company->owner_id),
                         value_uuid(company->id),
                         value_str(company->symbol),
                         value_str(company->name),
                         value_str(company->sector),
                         company->has_job ? value_uuid(company->job_id) : value_null(VALUE_UUID),
                         company->has_job ? value_int(company->job_row) : value_null(VALUE_INT),
                         value_uuid(company->created_by),
                         value_time(company->created_at)};
    memcpy(values, all, sizeof all);
}

Error *company_insert(Arena *arena, Db *db, const Company *company, bool *ret_made)
{
    uint8_t made = 0;
    TRY(db_run_many(db, arena, SQL_COMPANY_INSERT, 1, fill_company, company, &made));
    *ret_made = made != 0;
    return NULL;
}

Error *company_insert_many(Arena *arena, Db *db, const Company *companies, size_t count,
                           uint8_t *ret_made)
{
    return db_run_many(db, arena, SQL_COMPANY_INSERT, count, fill_company, companies, ret_made);
}

static Company *read_company(Arena *arena, const Rows *rows)
{
    Company *company = ARENA_NEW(arena, Company);
    *company = (Company){.id = row_uuid(rows, 0),
                         .owner_id = row_uuid(rows, 1),
                         .symbol = row_str(rows, 2),
                         .name = row_str(rows, 3),
                         .sector = row_str(rows, 4),
                         .has_job = !row_is_null(rows, 5),
                         .job_id = row_uuid(rows, 5),
                         .job_row = row_int(rows, 6),
                         .created_by = row_uuid(rows, 7),
                         .created_at = row_time(rows, 8),
                         .updated_at = row_time(rows, 9),
                         .deleted = !row_is_null(rows, 10),
                         .created_by_email = row_text(rows, 11),
                         .annual_count = -1,
                         .quarterly_count = -1};
    return company;
}

static Error *one_company(Arena *arena, Db *db, Sql sql, const Value *params, size_t count,
                          Company **ret_company)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    TRY(db_query(db, arena, sql, params, count, &rows));
    Company *company = rows_next(rows, &error) ? read_company(arena, rows) : NULL;
    TRY(error);
    *ret_company = company;
    return NULL;
}

Error *company_by_symbol(Arena *arena, Db *db, Uuid owner_id, Str symbol, Company **ret_company)
{
    return one_company(arena, db, SQL_COMPANY_BY_SYMBOL,
                       PARAMS(value_uuid(owner_id), value_str(symbol)), ret_company);
}

Error *company_by_symbols(Arena *arena, Db *db, Uuid owner_id, const Str *symbols, size_t count,
                          Company **ret_companies, size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Company) found = {0};
    if (count > 0 && db_can_load(db)) {
        Buf list = buf_new(arena, count * 128);
        for (size_t i = 0; i < count; i++)
            buf_printf(&list, "%s%.*s", i == 0 ? "" : "\x1f", STR_ARG(symbols[i]));
        TRY(db_query(db, arena, SQL_COMPANY_BY_SYMBOLS,
                     PARAMS(value_uuid(owner_id), value_str(buf_str(&list))), &rows));
        while (rows_next(rows, &error))
            vec_push(arena, &found, *read_company(arena, rows));
        TRY(error);
    } else { /* an embedded engine: a call is no journey */
        for (size_t i = 0; i < count; i++) {
            Company *company = NULL;
            TRY(company_by_symbol(arena, db, owner_id, symbols[i], &company));
            if (company != NULL)
                vec_push(arena, &found, *company);
        }
    }
    *ret_companies = found.items;
    *ret_count = found.count;
    return NULL;
}

Error *company_by_id(Arena *arena, Db *db, Uuid owner_id, Uuid id, Company **ret_company)
{
    return one_company(arena, db, SQL_COMPANY_BY_ID, PARAMS(value_uuid(owner_id), value_uuid(id)),
                       ret_company);
}

Error *company_update(Arena *arena, Db *db, Uuid owner_id, Uuid id, Str name, Str sector,
                      int64_t now)
{
    return db_run(db, arena, SQL_COMPANY_UPDATE,
                  PARAMS(value_uuid(owner_id), value_uuid(id), value_str(name), value_str(sector),
                         value_time(now)),
                  NULL);
}

/* --- names that uploads change ---------------------------------------------------------------- */

static void fill_change(const void *self, size_t row, Value *values)
{
    const CompanyRenames *renames = self;
    const CompanyName *name = &renames->names[row];
    const Value all[] = {value_uuid(renames->owner_id), value_uuid(renames->job_id),
                         value_time(renames->at),       value_uuid(name->id),
                         value_str(name->name),         value_str(name->sector)};
    memcpy(values, all, sizeof all);
}

static void fill_update(const void *self, size_t row, Value *values)
{
    const CompanyRenames *renames = self;
    const CompanyName *name = &renames->names[row];
    const Value all[] = {value_uuid(renames->owner_id), value_uuid(name->id), value_str(name->name),
                         value_str(name->sector), value_time(renames->at)};
    memcpy(values, all, sizeof all);
}

/* Names as one text: a mark before each, since an empty one would be none, and a character that no name holds
 * between them. */
static Value text_list(Arena *arena, const CompanyRenames *renames, bool sectors)
{
    Buf list = buf_new(arena, SIZE_MAX);
    for (size_t i = 0; i < renames->count; i++) {
        Str text = sectors ? renames->names[i].sector : renames->names[i].name;
        buf_printf(&list, "%s=%.*s", i == 0 ? "" : "\x1f", STR_ARG(text));
    }
    return value_str(buf_str(&list));
}

Error *company_rename_many(Arena *arena, Db *db, const CompanyRenames *renames)
{
    if (renames->count == 0)
        return NULL;
    if (!db_can_load(db)) { /* an embedded engine: a call is no journey */
        TRY(db_run_many(db, arena, SQL_NAME_CHANGE_RECORD, renames->count, fill_change, renames,
                        NULL));
        return db_run_many(db, arena, SQL_COMPANY_UPDATE, renames->count, fill_update, renames,
                           NULL);
    }
    Uuid *ids = ARENA_ARRAY(arena, Uuid, renames->count);
    for (size_t i = 0; i < renames->count; i++)
        ids[i] = renames->names[i].id;
    Value owner = value_uuid(renames->owner_id), list = id_list(arena, ids, renames->count);
    Value names = text_list(arena, renames, false), sectors = text_list(arena, renames, true);
    TRY(db_run(
        db, arena, SQL_NAME_CHANGE_RECORD_MANY,
        PARAMS(owner, value_uuid(renames->job_id), value_time(renames->at), list, names, sectors),
        NULL));
    return db_run(db, arena, SQL_COMPANY_UPDATE_MANY,
                  PARAMS(owner, list, names, sectors, value_time(renames->at)), NULL);
}

#define CHANGES_PARAMS(changes)                                                                    \
    value_uuid((changes)->owner_id), value_uuid((changes)->job_id), value_bool(!(changes)->back)

Error *name_changes_count(Arena *arena, Db *db, const NameChanges *changes, int64_t *ret_all,
                          int64_t *ret_in_force)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    *ret_all = *ret_in_force = 0;
    TRY(db_query(db, arena, SQL_NAME_CHANGE_COUNT,
                 PARAMS(value_uuid(changes->owner_id), value_uuid(changes->job_id)), &rows));
    if (rows_next(rows, &error)) {
        *ret_all = row_int(rows, 0);
        *ret_in_force = row_int(rows, 1);
    }
    return error;
}

Error *name_changes_drop(Arena *arena, Db *db, const NameChanges *changes)
{
    return db_run(db, arena, SQL_NAME_CHANGE_DROP, PARAMS(CHANGES_PARAMS(changes)), NULL);
}

Error *name_changes_turn(Arena *arena, Db *db, const NameChanges *changes, int64_t now)
{
    return db_run(db, arena, SQL_NAME_CHANGE_TURN, PARAMS(CHANGES_PARAMS(changes), value_time(now)),
                  NULL);
}

Error *name_changes_pass_on(Arena *arena, Db *db, const NameChanges *changes)
{
    return db_run(db, arena, SQL_NAME_CHANGE_PASS_ON, PARAMS(CHANGES_PARAMS(changes)), NULL);
}

Error *name_changes_mark(Arena *arena, Db *db, const NameChanges *changes)
{
    return db_run(db, arena, SQL_NAME_CHANGE_MARK,
                  PARAMS(value_uuid(changes->owner_id), value_uuid(changes->job_id),
                         value_bool(changes->back)),
                  NULL);
}

Error *company_revive(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now)
{
    int64_t revived = 0;
    TRY(db_run(db, arena, SQL_COMPANY_REVIVE,
               PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), &revived));
    if (revived > 0)
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_BUSY, "The company was removed a moment ago. Try again."), ERROR_RETRY);
}

typedef struct RestoredCompanies {
    Uuid owner_id;
    const Uuid *ids;
} RestoredCompanies;

static void fill_restored(const void *self, size_t row, Value *values)
{
    const RestoredCompanies *restored = self;
    values[0] = value_uuid(restored->owner_id);
    values[1] = value_uuid(restored->ids[row]);
}

Error *company_restore_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count)
{
    if (count == 0)
        return NULL;
    if (db_can_load(db))
        return db_run(db, arena, SQL_COMPANY_RESTORE_MANY,
                      PARAMS(value_uuid(owner_id), id_list(arena, ids, count)), NULL);
    RestoredCompanies restored = {owner_id, ids};
    return db_run_many(db, arena, SQL_COMPANY_RESTORE, count, fill_restored, &restored, NULL);
}

Error *company_count_bereft(Arena *arena, Db *db, const JobSlice *job, const Uuid *ids,
                            size_t count, int64_t *ret_count)
{
    *ret_count = 0;
    if (count > 0 && db_can_load(db))
        return db_number(
            db, arena, SQL_COMPANY_BEREFT_MANY + (int)job->kind,
            PARAMS(value_uuid(job->owner_id), id_list(arena, ids, count), value_uuid(job->job_id)),
            ret_count);
    for (size_t i = 0; i < count; i++) {
        int64_t bereft = 0;
        TRY(db_number(
            db, arena, SQL_COMPANY_BEREFT + (int)job->kind,
            PARAMS(value_uuid(job->owner_id), value_uuid(ids[i]), value_uuid(job->job_id)),
            &bereft));
        *ret_count += bereft;
    }
    return NULL;
}

Error *company_mark_deleted(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now,
                            bool *ret_marked)
{
    int64_t changed = 0;
    TRY(db_run(db, arena, SQL_COMPANY_MARK_DELETED,
               PARAMS(value_uuid(owner_id), value_uuid(id), value_time(now)), &changed));
    *ret_marked = changed > 0;
    return NULL;
}

Error *company_list(Arena *arena, Db *db, const CompanyQuery *query, Company **ret_companies,
                    size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Company) companies = {0};
    TRY(db_query(db, arena, SQL_COMPANY_LIST,
                 PARAMS(value_uuid(query->owner_id), value_str(query->after_symbol),
                        value_uuid(query->after_id), value_str(query->search),
                        value_str(query->sector), value_int(query->limit)),
                 &rows));
    while (rows_next(rows, &error))
        vec_push(arena, &companies, *read_company(arena, rows));
    TRY(error);
    *ret_companies = companies.items;
    *ret_count = companies.count;
    return NULL;
}

Error *company_count(Arena *arena, Db *db, const CompanyQuery *query, int64_t *ret_count)
{
    return db_number(db, arena, SQL_COMPANY_COUNT,
                     PARAMS(value_uuid(query->owner_id), value_str(query->search),
                            value_str(query->sector), value_int(query->limit)),
                     ret_count);
}

Error *company_figures(Arena *arena, Db *db, Company *company)
{
    int64_t newest = -1;
    int64_t *counts[KIND_COUNT] = {&company->annual_count, &company->quarterly_count};
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        TRY(db_number(db, arena, SQL_COMPANY_PREDICTION_COUNT + (int)kind,
                      PARAMS(value_uuid(company->owner_id), value_uuid(company->id)),
                      counts[kind]));
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        TRY(db_query(db, arena, SQL_COMPANY_NEWEST_CAP + (int)kind,
                     PARAMS(value_uuid(company->owner_id), value_uuid(company->id)), &rows));
        if (rows_next(rows, &error)) {
            int64_t period = row_int(rows, 1) * 4 + row_int(rows, 2);
            if (period > newest) {
                newest = period;
                company->has_market_cap = true;
                company->market_cap = row_real(rows, 0);
            }
        }
        TRY(error);
    }
    return NULL;
}

Error *company_count_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_count)
{
    return db_number(db, arena, SQL_COMPANY_COUNT_OF_JOB,
                     PARAMS(value_uuid(owner_id), value_uuid(job_id)), ret_count);
}
