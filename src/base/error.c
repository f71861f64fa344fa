/* Errors are values in an arena; making one never fails. */
#include "base/error.h"

#include "base/check.h"

static const char *const WORDS[ERROR_CODE_COUNT] = {
    [ERROR_INVALID] = "invalid",
    [ERROR_MALFORMED] = "malformed",
    [ERROR_UNAUTHENTICATED] = "unauthenticated",
    [ERROR_DENIED] = "denied",
    [ERROR_NOT_FOUND] = "not_found",
    [ERROR_CONFLICT] = "conflict",
    [ERROR_GONE] = "gone",
    [ERROR_CHANGED] = "changed",
    [ERROR_TOO_LARGE] = "too_large",
    [ERROR_UNSUPPORTED] = "unsupported",
    [ERROR_TOO_MANY] = "too_many",
    [ERROR_BUSY] = "busy",
    [ERROR_UNAVAILABLE] = "unavailable",
    [ERROR_INTERNAL] = "internal",
};

Error *error_new(Arena *arena, ErrorCode code, const char *file, int line, const char *format, ...)
{
    Error *error = ARENA_NEW(arena, Error);
    va_list arguments;
    va_start(arguments, format);
    error->message = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    error->code = code;
    error->file = file;
    error->line = line;
    return error;
}

Error *error_because(Error *error, Error *cause)
{
    error->cause = cause;
    return error;
}

Error *error_with_reason(Error *error, const char *reason)
{
    error->reason = reason;
    return error;
}

void error_field_add(Arena *arena, ErrorField **list, const char *field, const char *code,
                     const char *format, ...)
{
    while (*list != NULL)
        list = &(*list)->next;
    ErrorField *added = ARENA_NEW(arena, ErrorField);
    va_list arguments;
    va_start(arguments, format);
    added->message = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    added->field = arena_strdup(arena, field);
    added->code = code;
    *list = added;
}

Error *error_from_fields(Arena *arena, ErrorField *fields)
{
    if (fields == NULL)
        return NULL;
    Error *error = ERROR(arena, ERROR_INVALID, "%s", fields->message);
    error->fields = fields;
    return error;
}

Error *error_copy(Arena *arena, const Error *error)
{
    if (error == NULL)
        return NULL;
    Error *copy = ARENA_NEW(arena, Error);
    *copy = *error;
    copy->message = arena_strdup(arena, error->message);
    copy->reason = arena_strdup(arena, error->reason);
    copy->extra_json = arena_strdup(arena, error->extra_json);
    copy->fields = NULL;
    for (const ErrorField *field = error->fields; field != NULL; field = field->next)
        error_field_add(arena, &copy->fields, field->field, arena_strdup(arena, field->code), "%s",
                        field->message);
    copy->cause = error_copy(arena, error->cause);
    return copy;
}

const char *error_word(ErrorCode code)
{
    CHECK(code < ERROR_CODE_COUNT);
    return WORDS[code];
}

const char *error_chain(Arena *arena, const Error *error)
{
    Buf text = buf_new(arena, 64 * 1024);
    for (const Error *e = error; e != NULL; e = e->cause)
        buf_printf(&text, "%s%.8000s [%s:%d]", e == error ? "" : " <- ", e->message, e->file,
                   e->line);
    return str_dup(arena, buf_str(&text));
}

Error *arena_room(Arena *arena)
{
    if (!arena_is_full(arena))
        return NULL;
    return ERROR(arena, ERROR_TOO_LARGE, "The request needs more memory than one request may use.");
}

bool error_is(const Error *error, const char *reason)
{
    return error != NULL && error->reason != NULL && strcmp(error->reason, reason) == 0;
}
