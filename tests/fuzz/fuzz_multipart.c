/* The input is a line with the request's Content-Type and, behind it, the body. However the body is
 * cut, the handler must hear the same. */
#include "format/multipart.h"

#include "base/check.h"
#include "base/utf8.h"
#include "replay.h"

typedef struct Heard {
    Buf text;
    bool open;
} Heard;

static void check_name(Str name)
{
    size_t at;
    CHECK(utf8_check(name, &at));
    for (size_t i = 0; i < name.len; i++)
        CHECK((uint8_t)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7F);
}

static Error *hear_begin(void *context, const MultipartPart *part)
{
    Heard *heard = context;
    CHECK(!heard->open);
    heard->open = true;
    size_t at;
    check_name(part->name);
    check_name(part->filename);
    CHECK(!str_find(part->filename, '/', &at) && !str_find(part->filename, '\\', &at));
    CHECK(part->has_filename || part->filename.len == 0);
    buf_printf(&heard->text, "{%zu|" STR_FMT "|%d|" STR_FMT "|" STR_FMT "}", part->name.len,
               STR_ARG(part->name), part->has_filename, STR_ARG(part->filename),
               STR_ARG(part->content_type));
    return NULL;
}

static Error *hear_data(void *context, Str bytes)
{
    Heard *heard = context;
    CHECK(heard->open && bytes.len > 0);
    buf_add(&heard->text, bytes);
    return NULL;
}

static Error *hear_end(void *context)
{
    Heard *heard = context;
    CHECK(heard->open);
    heard->open = false;
    buf_add_char(&heard->text, ';');
    return NULL;
}

static Error *feed_pieces(Multipart *parser, Str body, size_t piece)
{
    while (body.len > 0) {
        Str part = str_slice(body, 0, piece);
        TRY(multipart_feed(parser, part.ptr, part.len));
        body = str_slice(body, part.len, body.len);
    }
    return multipart_finish(parser);
}

static Str describe(Arena *arena, Str content_type, Str body, size_t piece)
{
    static const MultipartHandler handler = {hear_begin, hear_data, hear_end};
    static const MultipartLimits limits = {.max_parts = 5, .max_header_bytes = 300};
    Heard heard = {.text = buf_new(arena, 64 << 20)};
    Multipart *parser;
    Error *error = multipart_new(arena, content_type, limits, handler, &heard, &parser);
    if (error == NULL)
        error = feed_pieces(parser, body, piece);
    if (error != NULL)
        buf_printf(&heard.text, "%s %s", error_word(error->code), error->message);
    else
        CHECK(!heard.open);
    return buf_str(&heard.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    Str body = {(const char *)data, size};
    Str content_type;
    str_next(&body, '\n', &content_type);
    if (body.ptr == NULL)
        body = (Str){"", 0};
    Str whole = describe(arena, content_type, body, body.len + 1);
    for (size_t piece = 1; piece <= 9; piece += 2)
        CHECK(str_equal(describe(arena, content_type, body, piece), whole));
    arena_free(arena);
    return 0;
}
