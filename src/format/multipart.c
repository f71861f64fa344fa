/* What ends a part is its delimiter, CRLF and two hyphens and the boundary. A boundary holds no CR,
 * so the delimiter has one only at its front: where a match breaks off, no other can have begun
 * inside it. So nothing of the input has to be kept between feeds but how much of the delimiter has
 * matched, and when that turns out to be data, it is the delimiter's own bytes that are handed on.
 *
 * The first boundary may stand at the very beginning, without CRLF: parsing begins as if it had
 * been there. Header lines are short and go through a state machine byte by byte. */
#include "format/multipart.h"

#include "format/multipart_header.h"

typedef enum State {
    PREAMBLE,     /* before the first boundary: dropped */
    BOUNDARY_END, /* behind a boundary: "--" closes the form */
    BOUNDARY_PADDING,
    BOUNDARY_LF,
    CLOSING_HYPHEN,
    HEADER_LINE,
    HEADER_LF,
    DATA,
    EPILOGUE /* behind the closing boundary: dropped */
} State;

struct Multipart {
    Arena *arena;
    MultipartLimits limits;
    MultipartHandler handler;
    void *context;
    Str delimiter;
    size_t matched; /* bytes of `delimiter` that the input ends with, not handed on */
    State state;
    size_t part_count;
    MultipartHeader header;
    size_t header_bytes;
    char *line; /* [limits.max_header_bytes] */
    size_t line_size;
    Error *failed;
};

Error *multipart_new(Arena *arena, Str content_type, MultipartLimits limits,
                     MultipartHandler handler, void *context, Multipart **ret_parser)
{
    Str boundary;
    TRY(multipart_header_boundary(arena, content_type, &boundary));
    Multipart *parser = ARENA_NEW(arena, Multipart);
    *parser = (Multipart){
        .arena = arena,
        .limits = limits,
        .handler = handler,
        .context = context,
        .delimiter = str_printf(arena, "\r\n--" STR_FMT, STR_ARG(boundary)),
        .matched = 2,
    };
    if (parser->limits.max_parts == 0)
        parser->limits.max_parts = 64;
    if (parser->limits.max_header_bytes == 0)
        parser->limits.max_header_bytes = 8 * 1024;
    parser->line = arena_alloc_raw(arena, parser->limits.max_header_bytes);
    *ret_parser = parser;
    return NULL;
}

/* ---- data ----------------------------------------------------------------------------------- */

static Error *give_data(Multipart *parser, Str bytes)
{
    if (parser->state == PREAMBLE || bytes.len == 0)
        return NULL;
    return parser->handler.part_data(parser->context, bytes);
}

static Error *end_data(Multipart *parser)
{
    State before = parser->state;
    parser->matched = 0;
    parser->state = BOUNDARY_END;
    return before == DATA ? parser->handler.part_end(parser->context) : NULL;
}

/* Where in `bytes` the delimiter stands, or as much of its front as there are bytes; else the end.
 */
static size_t find_delimiter(Str bytes, Str delimiter)
{
    size_t from = 0;
    size_t at;
    while (str_find(str_slice(bytes, from, bytes.len), '\r', &at)) {
        from += at;
        Str here = str_slice(bytes, from, from + delimiter.len);
        if (str_starts_with(delimiter, here))
            return from;
        from++;
    }
    return bytes.len;
}

/* Some of the delimiter has matched before: either all of it follows, or that was data. */
static Error *continue_match(Multipart *parser, Str *bytes)
{
    size_t common = 0;
    while (common < bytes->len && parser->matched < parser->delimiter.len &&
           bytes->ptr[common] == parser->delimiter.ptr[parser->matched]) {
        common++;
        parser->matched++;
    }
    *bytes = str_slice(*bytes, common, bytes->len);
    if (parser->matched == parser->delimiter.len)
        return end_data(parser);
    if (bytes->len == 0)
        return NULL;
    Str held = str_slice(parser->delimiter, 0, parser->matched);
    parser->matched = 0;
    return give_data(parser, held);
}

/* Takes data, and the delimiter behind it, off the front of *bytes. */
static Error *feed_data(Multipart *parser, Str *bytes)
{
    if (parser->matched > 0)
        return continue_match(parser, bytes);
    size_t at = find_delimiter(*bytes, parser->delimiter);
    TRY(give_data(parser, str_slice(*bytes, 0, at)));
    *bytes = str_slice(*bytes, at, bytes->len);
    return bytes->len > 0 ? continue_match(parser, bytes) : NULL;
}

/* ---- header --------------------------------------------------------------------------------- */

static Error *start_header(Multipart *parser)
{
    if (parser->part_count == parser->limits.max_parts)
        return ERROR(parser->arena, ERROR_TOO_LARGE,
                     "The form has more parts than are allowed (%zu).", parser->limits.max_parts);
    parser->part_count++;
    parser->header = (MultipartHeader){0};
    parser->header_bytes = 0;
    parser->line_size = 0;
    parser->state = HEADER_LINE;
    return NULL;
}

static Error *end_header_line(Multipart *parser)
{
    if (parser->line_size > 0) {
        Str line = {parser->line, parser->line_size};
        parser->line_size = 0;
        parser->state = HEADER_LINE;
        return multipart_header_add(parser->arena, &parser->header, line);
    }
    if (!parser->header.has_disposition)
        return ERROR(parser->arena, ERROR_MALFORMED,
                     "Part %zu of the form has no Content-Disposition.", parser->part_count);
    parser->state = DATA;
    return parser->handler.part_begin(parser->context, &parser->header.part);
}

static Error *count_header_byte(Multipart *parser)
{
    if (parser->header_bytes == parser->limits.max_header_bytes)
        return ERROR(parser->arena, ERROR_TOO_LARGE,
                     "The header of part %zu of the form has more than the %zu bytes that are "
                     "allowed.",
                     parser->part_count, parser->limits.max_header_bytes);
    parser->header_bytes++;
    return NULL;
}

static Error *feed_header(Multipart *parser, char byte)
{
    TRY(count_header_byte(parser));
    if (parser->state == HEADER_LF && byte == '\n')
        return end_header_line(parser);
    if (parser->state == HEADER_LF || byte == '\n')
        return ERROR(parser->arena, ERROR_MALFORMED,
                     "A header line of part %zu of the form does not end with CR and LF.",
                     parser->part_count);
    if (byte == '\r')
        parser->state = HEADER_LF;
    else
        parser->line[parser->line_size++] = byte;
    return NULL;
}

/* Behind a boundary: "--", or CRLF with blanks before it. */
static Error *feed_boundary_end(Multipart *parser, char byte)
{
    State state = parser->state;
    if (state == BOUNDARY_LF && byte == '\n')
        return start_header(parser);
    if (state == CLOSING_HYPHEN && byte == '-')
        parser->state = EPILOGUE;
    else if (state == BOUNDARY_END && byte == '-')
        parser->state = CLOSING_HYPHEN;
    else if ((state == BOUNDARY_END || state == BOUNDARY_PADDING) && byte == '\r')
        parser->state = BOUNDARY_LF;
    else if ((state == BOUNDARY_END || state == BOUNDARY_PADDING) && (byte == ' ' || byte == '\t'))
        parser->state = BOUNDARY_PADDING;
    else
        return ERROR(
            parser->arena, ERROR_MALFORMED,
            "The form is malformed: behind a boundary stands neither a line end nor \"--\".");
    return NULL;
}

/* ---- the door ------------------------------------------------------------------------------- */

static Error *feed(Multipart *parser, Str bytes)
{
    while (bytes.len > 0 && parser->state != EPILOGUE) {
        if (parser->state == PREAMBLE || parser->state == DATA) {
            TRY(feed_data(parser, &bytes));
            continue;
        }
        if (parser->state == HEADER_LINE || parser->state == HEADER_LF)
            TRY(feed_header(parser, bytes.ptr[0]));
        else
            TRY(feed_boundary_end(parser, bytes.ptr[0]));
        bytes = str_slice(bytes, 1, bytes.len);
    }
    return NULL;
}

Error *multipart_feed(Multipart *parser, const char *bytes, size_t size)
{
    if (parser->failed == NULL)
        parser->failed = feed(parser, (Str){bytes, size});
    return parser->failed;
}

Error *multipart_finish(Multipart *parser)
{
    if (parser->failed == NULL && parser->state == PREAMBLE)
        parser->failed =
            ERROR(parser->arena, ERROR_MALFORMED,
                  "The request holds no form: the boundary that its Content-Type names "
                  "does not occur.");
    if (parser->failed == NULL && parser->state != EPILOGUE)
        parser->failed = ERROR(parser->arena, ERROR_MALFORMED,
                               "The upload was cut off: its closing boundary is missing.");
    return parser->failed;
}
