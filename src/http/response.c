/* What goes out besides JSON. Header values are cleaned here, at the one place they pass through,
 * so that no input can end a header line and begin another. */
#include "http/response.h"

#include "base/check.h"

#include <strings.h>

void response_constant(Response *response, const char *name, const char *value)
{
    CHECK(response->header_count < RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] = (Header){name, value};
}

void response_header(Arena *arena, Response *response, const char *name, const char *value)
{
    char *clean = arena_strdup(arena, value);
    for (char *p = clean; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
    response_constant(response, name, clean);
}

const char *response_find_header(const Response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return NULL;
}

void response_set(Response *response, int status, const char *content_type, Str body)
{
    response->status = status;
    response->content_type = content_type;
    response->body = body;
    response->file = -1;
}

void response_empty(Response *response, int status)
{
    response_set(response, status, NULL, STR(""));
}

void response_file(Response *response, const char *content_type, int file, int64_t size)
{
    response->status = 200;
    response->content_type = content_type;
    response->file = file;
    response->file_size = size;
}

void response_stream(Response *response, const char *content_type, const Stream *stream)
{
    response->status = 200;
    response->content_type = content_type;
    response->stream = stream;
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

void response_attachment(Arena *arena, Response *response, Str filename)
{
    Buf value = buf_new(arena, 16 * 1024);
    buf_add(&value, STR("attachment; filename=\""));
    for (size_t i = 0; i < filename.len; i++) {
        char c = filename.ptr[i];
        buf_add_char(&value, is_plain(c) || c == ' ' ? c : '_');
    }
    buf_add(&value, STR("\"; filename*=UTF-8''"));
    for (size_t i = 0; i < filename.len; i++) {
        if (is_plain(filename.ptr[i]))
            buf_add_char(&value, filename.ptr[i]);
        else
            buf_printf(&value, "%%%02X", (unsigned)(unsigned char)filename.ptr[i]);
    }
    CHECK(!value.over);
    response_header(arena, response, "Content-Disposition", buf_str(&value).ptr);
}
