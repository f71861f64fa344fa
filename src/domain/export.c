/* The list's own pages, only larger, so that an export finds what the list finds and in its order. Each page is
 * read, written and forgotten; nothing but the key of its last row is carried on. */
#include "domain/export.h"

#include "domain/audit.h"
#include "domain/prediction_table.h"
#include "format/json_out.h"
#include "store/prediction_store.h"

enum { EXPORT_PAGE = 5000 };

typedef struct Export {
    Arena *page; /* of the page at hand */
    Db *db;
    const Principal *who;
    const ExportRequest *request;
    TableOut *table;
    Uuid owners[PRINCIPAL_OWNERS_MAX];
    int64_t counts[PRINCIPAL_OWNERS_MAX];
    size_t owner_count;
} Export;

static void find_owners(Export *export)
{
    const PredictionFilter *filter = export->request->filter;
    const Principal *who = export->who;
    if (export->request->job != NULL) {
        export->owners[export->owner_count++] = export->request->job->owner_id;
        return;
    }
    for (size_t i = 0; i < who->owner_count; i++)
        if (!filter->has_access_level || filter->access_level == who->owner_kinds[i])
            export->owners[export->owner_count++] = who->owners[i];
}

/* --- pages -------------------------------------------------------------------------------------- */

static Error *read_page(const Export *export, const Page *page, PredictionList *ret_list)
{
    const ExportRequest *request = export->request;
    if (request->job != NULL)
        return predictions_of_job(export->page, export->db, request->job, page, ret_list);
    const PredictionQuery query = {request->kind, export->owners, export->owner_count,
                                   request->filter, page};
    return prediction_list(export->page, export->db, &query, &ret_list->items, &ret_list->count,
                           &ret_list->end);
}

static Error *write_page(Export *export, const PredictionList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        TableCell cells[PREDICTION_TABLE_COLUMNS];
        ArenaMark mark = arena_mark(export->page);
        prediction_table_cells(export->page, &list->items[i], cells);
        TRY(table_out_row(export->table, export->page, cells));
        arena_rewind(export->page, mark);
        for (size_t k = 0; k < export->owner_count; k++)
            export->counts[k] += uuid_equal(export->owners[k], list->items[i].owner_id);
    }
    return NULL;
}

static Error *write_pages(Export *export)
{
    Page page = {.limit = EXPORT_PAGE};
    do {
        PredictionList list = {0};
        arena_rewind(export->page, (ArenaMark){0});
        TRY(read_page(export, &page, &list));
        TRY(write_page(export, &list));
        page.after = list.end.next;
        page.after.set = list.end.has_more;
    } while (page.after.set);
    return table_out_end(export->table, export->page);
}

static Error *write_all(Arena *arena, Export *export, ByteSink sink)
{
    Str names[PREDICTION_TABLE_COLUMNS];
    const ExportRequest *request = export->request;
    const TableSpec spec = {.format = request->format,
                            .name = kind_spec(request->kind)->word,
                            .columns = names,
                            .count = prediction_table_columns(request->kind, names)};
    Tx TX_AUTO tx = {0};
    TRY(table_out_open(arena, &spec, sink, &export->table));
    TRY(tx_begin(export->db, arena, TX_READ, &tx));
    export->page = arena_new(0);
    Error *error = error_copy(arena, write_pages(export));
    arena_free(export->page);
    TRY(error);
    return tx_commit(&tx, arena);
}

/* --- the trail ---------------------------------------------------------------------------------- */

static const char *details(Arena *arena, const ExportRequest *request)
{
    Buf text = buf_new(arena, 1024);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    json_put_text(&out, "kind", kind_spec(request->kind)->word);
    json_put_text(&out, "format", TABLE_FORMAT_WORDS[request->format]);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&text));
}

/* One owner a transaction, as everywhere. */
static Error *note(Arena *arena, const Export *export, size_t owner)
{
    const Job *job = export->request->job;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(export->db, arena, TX_WRITE, &tx));
    TRY(audit_write(
        arena, export->db, export->who,
        (AuditNote){.owner_id = export->owners[owner],
                    .action = job != NULL ? "job.results_exported" : "predictions.exported",
                    .object_kind = job != NULL ? "job" : "predictions",
                    .object_id = job != NULL ? job->id : export->owners[owner],
                    .count = export->counts[owner],
                    .details = details(arena, export->request)}));
    return tx_commit(&tx, arena);
}

Error *export_predictions(Arena *arena, Db *db, const Principal *who, const ExportRequest *request,
                          ByteSink sink, int64_t *ret_rows)
{
    Export export = {.db = db, .who = who, .request = request};
    find_owners(&export);
    TRY(write_all(arena, &export, sink));
    for (size_t i = 0; i < export.owner_count; i++)
        TRY(note(arena, &export, i));
    *ret_rows = table_out_rows(export.table);
    return NULL;
}
