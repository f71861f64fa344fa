/* Small shared pieces of the reading side. */
#include "domain/owners.h"

#include "base/clock.h"
#include "format/json_out.h"
#include "store/job_store.h"

size_t owners_page(const Page *page, size_t count, bool *ret_more, size_t *ret_count)
{
    size_t from = (size_t)page->offset < count ? (size_t)page->offset : count;
    size_t left = count - from;
    *ret_more = left > (size_t)page->limit;
    *ret_count = *ret_more ? (size_t)page->limit : left;
    return from;
}

Error *owners_settling(Arena *arena, Db *db, const Uuid *owners, size_t count, bool *ret_settling)
{
    *ret_settling = false;
    for (size_t i = 0; i < count && !*ret_settling; i++)
        TRY(job_is_settling(arena, db, owners[i], ret_settling));
    return NULL;
}

Error *owners_describe_deletion(Arena *arena, Error *error, const Deletion *deletion)
{
    Buf buf = buf_new(arena, 16 * 1024);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion->id);
    json_put_time(&out, "deleted_at", deletion->created_at);
    json_put_text(&out, "deleted_by", deletion->user_email);
    json_put_text(&out, "deletion_reason", deletion->reason);
    json_end_object(&out);
    json_out_close(&out);
    Str text = buf_str(&buf); /* members alone: the answer has the brackets */
    error->extra_json = str_dup(arena, str_slice(text, 1, text.len - 1));
    return error;
}
