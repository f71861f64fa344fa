/* The first byte chooses an encoding, the rest is a file: unpacked, converted, and read as CSV. However it is cut
 * into pieces, the same comes out; what is converted is good UTF-8 but for the marks of what was none. */
#include "format/text_source.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/csv.h"
#include "format/text_decode.h"
#include "pieces.h"
#include "replay.h"

enum { MAX_BYTES = 1 << 20 };

static Error *read_text(Arena *arena, TextSource *text, size_t size, Buf *out)
{
    ByteSource source = text_source_bytes(text);
    char *bytes = arena_alloc_raw(arena, size);
    for (size_t got = 1; got > 0;) {
        TRY(source.read(source.self, arena, bytes, size, &got));
        buf_add(out, (Str){bytes, got});
    }
    CHECK(!out->over);
    return NULL;
}

static void check_converted(Str text)
{
    size_t at;
    while (!utf8_check(text, &at)) {
        CHECK(text.ptr[at] == TEXT_DECODE_WRONG);
        text = str_slice(text, at + 1, text.len);
    }
}

/* What came out, and behind it why no more did. */
static Str describe(Arena *arena, Str file, const TextEncoding *encoding, size_t piece)
{
    Buf out = buf_new(arena, 64 << 20);
    TextSource *text;
    Error *error =
        text_source_open(arena, pieces_of(arena, file, piece), encoding, MAX_BYTES, &text);
    if (error == NULL) {
        error = read_text(arena, text, piece < 4 ? 4096 : piece, &out);
        if (text_source_encoding(text) != NULL)
            check_converted(buf_str(&out));
        CHECK(text_source_stored(text, (int64_t)file.len) <= (int64_t)file.len);
    }
    /* A limit, or damage, is seen behind a piece, wherever that ends. */
    if (error != NULL && !error_is(error, "truncated"))
        buf_clear(&out);
    if (error != NULL)
        buf_printf(&out, "\n%s %s", error_word(error->code), error->message);
    return buf_str(&out);
}

static void read_as_csv(Arena *arena, Str file, const TextEncoding *encoding)
{
    TextSource *text;
    CsvReader *reader;
    CsvRow row;
    bool more = true;
    if (text_source_open(arena, byte_source_from_str(arena, file), encoding, MAX_BYTES, &text) !=
        NULL)
        return;
    CsvOptions options = {.encoding = text_source_encoding(text), .max_row_bytes = 4096};
    if (csv_open(arena, text_source_bytes(text), options, &reader) != NULL)
        return;
    ArenaMark mark = arena_mark(arena);
    while (more && csv_next(reader, arena, &row, &more) == NULL)
        arena_rewind(arena, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL,       "utf-8",      "utf-16",    "utf-16be",
                                        "utf-32le", "cp1252",     "cp1258",    "shift_jis",
                                        "euc-jp",   "gb18030",    "big5",      "euc-kr",
                                        "us-ascii", "iso-8859-7", "macintosh", "utf-32"};
    if (size == 0)
        return 0;
    const char *name = names[data[0] % ARRAY_COUNT(names)];
    const TextEncoding *encoding = name == NULL ? NULL : text_encoding_find(str_from(name));
    Str file = {(const char *)data + 1, size - 1};
    Arena *arena = arena_new(0);
    Str whole = describe(arena, file, encoding, file.len + 1);
    CHECK(str_equal(describe(arena, file, encoding, 1), whole));
    CHECK(str_equal(describe(arena, file, encoding, 2 + size % 29), whole));
    read_as_csv(arena, file, encoding);
    arena_free(arena);
    return 0;
}
