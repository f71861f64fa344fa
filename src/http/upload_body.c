/* The form's fields are few and short and stay in memory; the file goes straight to the spool.
 * Fields become Params, so that the same readers serve them and the query. */
#include "http/upload_body.h"

#include "base/utf8.h"
#include "format/multipart.h"
#include "http/spool.h"

struct UploadBody {
    Request *request;
    Spool *spool;
    Multipart *form; /* NULL: the body is the file */
    bool has_file;
    bool in_file;
    Str name; /* of the field at hand */
    Buf value;
};

static Error *begin_file(UploadBody *upload, const MultipartPart *part)
{
    Arena *arena = upload->request->arena;
    if (!str_is(part->name, "file"))
        return ERROR(arena, ERROR_INVALID, "The file must be in the form's field \"file\".");
    if (upload->has_file)
        return ERROR(arena, ERROR_INVALID,
                     "The form holds more than one file; send one at a time.");
    upload->has_file = true;
    upload->in_file = true;
    upload->request->upload.filename = part->filename;
    return NULL;
}

static Error *part_begin(void *context, const MultipartPart *part)
{
    UploadBody *upload = context;
    Params *fields = &upload->request->upload.fields;
    if (part->has_filename)
        return begin_file(upload, part);
    upload->in_file = false;
    upload->name = part->name;
    upload->value = buf_new(fields->arena, PARAM_VALUE_MAX);
    if (str_is(part->name, "file"))
        return ERROR(fields->arena, ERROR_INVALID,
                     "The form's field \"file\" is no file: it has no file name.");
    for (size_t i = 0; i < fields->count; i++)
        if (str_equal(fields->items[i].name, part->name))
            return ERROR(fields->arena, ERROR_MALFORMED, "The field \"%s\" stands there twice.",
                         json_shown(fields->arena, part->name));
    return NULL;
}

static Error *part_data(void *context, Str bytes)
{
    UploadBody *upload = context;
    if (upload->in_file)
        return spool_write(upload->spool, upload->request->arena, bytes);
    buf_add(&upload->value, bytes);
    if (!upload->value.over)
        return NULL;
    return ERROR(upload->request->arena, ERROR_INVALID, "The field \"%s\" is too long.",
                 json_shown(upload->request->arena, upload->name));
}

static Error *part_end(void *context)
{
    UploadBody *upload = context;
    size_t bad;
    if (upload->in_file)
        return NULL;
    Str value = buf_str(&upload->value);
    if (!utf8_check(value, &bad) || str_find(value, '\0', &bad))
        return ERROR(upload->request->arena, ERROR_MALFORMED, "The field \"%s\" is not UTF-8.",
                     json_shown(upload->request->arena, upload->name));
    params_add(&upload->request->upload.fields, upload->name, value);
    return NULL;
}

Error *upload_body_new(Request *request, const char *directory, int64_t max,
                       UploadBody **ret_upload)
{
    static const MultipartHandler handler = {part_begin, part_data, part_end};
    Str type = request_header(request, HEADER_CONTENT_TYPE);
    UploadBody *upload = ARENA_NEW(request->arena, UploadBody);
    upload->request = request;
    request->upload.fields = (Params){.arena = request->arena, .strict = true};
    if (str_equal_fold(str_slice(type, 0, 10), STR("multipart/")))
        TRY(multipart_new(request->arena, type, (MultipartLimits){0}, handler, upload,
                          &upload->form));
    TRY(spool_open(request->arena, directory, max, true, &upload->spool));
    *ret_upload = upload;
    return NULL;
}

Error *upload_body_add(UploadBody *upload, Str bytes)
{
    if (upload->form != NULL)
        return multipart_feed(upload->form, bytes.ptr, bytes.len);
    upload->has_file = true;
    return spool_write(upload->spool, upload->request->arena, bytes);
}

Error *upload_body_end(UploadBody *upload)
{
    Request *request = upload->request;
    if (upload->form != NULL)
        TRY(multipart_finish(upload->form));
    bool none_chosen =
        upload->form != NULL && request->upload.filename.len == 0 && upload->spool->size == 0;
    if (!upload->has_file || none_chosen)
        return error_with_reason(ERROR(request->arena, ERROR_INVALID,
                                       "No file was sent. Send a multipart form with the file in "
                                       "the field \"file\"."),
                                 "no_file");
    request->upload.present = true;
    request->upload.fd = upload->spool->fd;
    request->upload.size = upload->spool->size;
    request->upload.sha256 = spool_digest(upload->spool);
    return NULL;
}
