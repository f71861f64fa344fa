/* iconv does the work. Where it stops at something that is no text, one mark is put in its place for each unit
 * (byte, or pair of bytes) and the work goes on behind it; what it wants to see more of stays in the intake. */
#include "format/text_decode.h"

#include "base/check.h"
#include "format/byte_intake.h"
#include "format/csv_sniff.h"

#include <errno.h>
#include <iconv.h>

enum { PIECE = 32 * 1024, OUT = 64 * 1024, LONGEST = 16 };

struct TextDecode {
    ByteIntake in;
    const TextEncoding *encoding; /* NULL: as it is */
    iconv_t converter;
    char *out;    /* [OUT] */
    Str ready;    /* converted and not given yet, in `out` */
    bool flushed; /* the converter holds nothing back any more */
};

/* One step of the converter behind `to`, which has room for LONGEST bytes at least. *ret_more: it waits for more
 * bytes than there are. */
static char *convert_some(TextDecode *decode, char *to, bool *ret_more)
{
    char *from = (char *)(uintptr_t)decode->in.rest.ptr;
    size_t left = decode->in.rest.len, room = (size_t)(decode->out + OUT - to);
    size_t result = iconv(decode->converter, &from, &left, &to, &room);
    int why = result == (size_t)-1 ? errno : 0;
    decode->in.rest = (Str){from, left};
    bool cut = why == EINVAL && decode->in.ended;
    CHECK(why == 0 || why == EILSEQ || why == EINVAL || why == E2BIG);
    if (why == EILSEQ || cut) {
        *to++ = TEXT_DECODE_WRONG;
        decode->in.rest = cut ? str_slice(decode->in.rest, left, left)
                              : str_slice(decode->in.rest, decode->encoding->unit, left);
    }
    *ret_more = why == EINVAL && !cut;
    return to;
}

/* Some converters hold a letter back, to see whether a mark belongs on it. */
static char *flush(TextDecode *decode, char *to)
{
    size_t room = (size_t)(decode->out + OUT - to);
    CHECK(iconv(decode->converter, NULL, NULL, &to, &room) != (size_t)-1);
    decode->flushed = true;
    return to;
}

static Error *convert(TextDecode *decode, Arena *arena)
{
    char *to = decode->out;
    size_t least = 1;
    while (to == decode->out && !decode->flushed) {
        bool more = false;
        TRY(byte_intake_fill(&decode->in, arena, least));
        while (decode->in.rest.len > 0 && decode->out + OUT - to >= LONGEST + 1 && !more)
            to = convert_some(decode, to, &more);
        least = more ? decode->in.rest.len + 1 : 1;
        if (decode->in.rest.len == 0 && decode->in.ended)
            to = flush(decode, to);
    }
    decode->ready = (Str){decode->out, (size_t)(to - decode->out)};
    return NULL;
}

static Error *read_converted(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    TextDecode *decode = self;
    if (decode->ready.len == 0)
        TRY(convert(decode, arena));
    Str part = str_slice(decode->ready, 0, cap);
    memcpy(bytes, part.ptr, part.len);
    decode->ready = str_slice(decode->ready, part.len, decode->ready.len);
    *ret_size = part.len;
    return NULL;
}

static Error *read_as_it_is(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    TextDecode *decode = self;
    return byte_intake_pass(&decode->in, arena, bytes, cap, ret_size);
}

/* By its byte order mark; a file in UTF-32 begins like one in UTF-16, with a NUL behind. */
static const TextEncoding *encoding_of(Str head, const TextEncoding *encoding)
{
    if (str_starts_with(head, STR("\xEF\xBB\xBF")))
        return text_encoding_find(STR("utf-8"));
    if (str_starts_with(head, STR("\xFF\xFE")) && !str_starts_with(head, STR("\xFF\xFE\0\0")))
        return text_encoding_find(STR("utf-16le"));
    if (str_starts_with(head, STR("\xFE\xFF")))
        return text_encoding_find(STR("utf-16be"));
    return encoding;
}

static void close_converter(void *object)
{
    iconv_close(((TextDecode *)object)->converter);
}

static Error *open_converter(Arena *arena, TextDecode *decode)
{
    decode->converter = iconv_open("UTF-8", decode->encoding->converter);
    if (decode->converter == (iconv_t)-1)
        return error_with_reason(
            ERROR(arena, ERROR_UNSUPPORTED,
                  "This server has no converter for %s. Save the file as UTF-8.",
                  decode->encoding->name),
            "not_available");
    arena_defer(arena, close_converter, decode);
    decode->out = arena_alloc_raw(arena, OUT);
    decode->ready = (Str){decode->out, 0};
    return NULL;
}

Error *text_decode_open(Arena *arena, ByteSource source, const TextEncoding *encoding,
                        TextDecode **ret_decode)
{
    TextDecode *decode = ARENA_NEW(arena, TextDecode);
    decode->in = byte_intake_new(arena, source, PIECE);
    TRY(byte_intake_fill(&decode->in, arena, CSV_SNIFF_HEAD));
    const TextEncoding *found = encoding_of(decode->in.rest, encoding);
    if (found != NULL && found->converter != NULL) {
        TRY(csv_sniff_binary(arena, decode->in.rest));
        decode->encoding = found;
        TRY(open_converter(arena, decode));
    }
    *ret_decode = decode;
    return NULL;
}

ByteSource text_decode_source(TextDecode *decode)
{
    return (ByteSource){decode->encoding == NULL ? read_as_it_is : read_converted, decode};
}

const char *text_decode_encoding(const TextDecode *decode)
{
    return decode->encoding == NULL ? NULL : decode->encoding->name;
}
