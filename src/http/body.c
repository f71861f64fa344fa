/* Which kind of body is kept where, and which content types it may have: one table. An upload's
 * limit has some slack over the file's, for boundaries and fields; the file itself is held to its
 * limit by the spool. */
#include "http/body.h"

#include "base/check.h"
#include "http/upload_body.h"

enum { EMPTY_MAX = 1024, UPLOAD_SLACK = 256 * 1024 };

static const struct {
    const char *types[9]; /* a leading + is the end of a type: "+json" */
    const char *wanted;
} ACCEPTS[] = {
    [BODY_NONE] = {{NULL}, NULL},
    [BODY_EMPTY] = {{NULL}, NULL},
    [BODY_JSON] = {{"application/json", "+json", NULL}, "application/json"},
    [BODY_FORM] = {{"application/x-www-form-urlencoded", NULL},
                   "application/x-www-form-urlencoded"},
    [BODY_UPLOAD] = {{"multipart/form-data", "text/csv", "text/plain", "application/csv",
                      "application/octet-stream", "application/vnd.ms-excel", "application/gzip",
                      "application/zstd", NULL},
                     "multipart/form-data with the file in the field \"file\", or text/csv"},
};

struct Body {
    Request *request;
    BodyKind kind;
    int64_t limit;
    int64_t size;
    Buf text;
    UploadBody *upload;
};

int64_t body_limit(const Route *route, const BodyConfig *config)
{
    if (route->limit > 0)
        return route->limit;
    switch (route->body) {
    case BODY_NONE:
    case BODY_JSON:
    case BODY_FORM:
        return config->max_body;
    case BODY_EMPTY:
        return EMPTY_MAX;
    case BODY_UPLOAD:
        return config->max_upload + UPLOAD_SLACK;
    }
    return 0;
}

Error *body_check_type(Arena *arena, BodyKind kind, Str content_type)
{
    size_t end = content_type.len;
    str_find(content_type, ';', &end);
    Str type = str_trim(str_slice(content_type, 0, end));
    if (ACCEPTS[kind].wanted == NULL || (type.len == 0 && kind == BODY_JSON))
        return NULL;
    for (size_t i = 0; ACCEPTS[kind].types[i] != NULL; i++) {
        Str known = str_from(ACCEPTS[kind].types[i]);
        size_t from = known.ptr[0] == '+' && type.len > known.len ? type.len - known.len : 0;
        if (str_equal_fold(str_slice(type, from, type.len), known))
            return NULL;
    }
    return ERROR(arena, ERROR_UNSUPPORTED, "The body must be %s.", ACCEPTS[kind].wanted);
}

Error *body_new(Request *request, BodyKind kind, int64_t limit, const BodyConfig *config,
                Body **ret_body)
{
    Body *body = ARENA_NEW(request->arena, Body);
    *body = (Body){.request = request, .kind = kind, .limit = limit};
    if (kind == BODY_UPLOAD)
        TRY(upload_body_new(request, config->spool, config->max_upload, &body->upload));
    else
        body->text = buf_new(request->arena, (size_t)limit);
    *ret_body = body;
    return NULL;
}

Error *body_add(Body *body, Str bytes)
{
    body->size += (int64_t)bytes.len;
    if (body->size > body->limit)
        return ERROR(body->request->arena, ERROR_TOO_LARGE,
                     "The body is larger than the %lld bytes that are allowed.",
                     (long long)body->limit);
    if (body->upload != NULL)
        return upload_body_add(body->upload, bytes);
    if (body->kind != BODY_NONE)
        buf_add(&body->text, bytes);
    return NULL;
}

Error *body_end(Body *body)
{
    if (body->upload != NULL)
        return upload_body_end(body->upload);
    Str text = buf_str(&body->text);
    Str trimmed = str_trim(text);
    if (body->kind == BODY_EMPTY && trimmed.len > 0 && !str_is(trimmed, "{}"))
        return ERROR(body->request->arena, ERROR_INVALID,
                     "This request takes no body; its options are query parameters.");
    body->request->body = text;
    return NULL;
}
