/* The two filters, one behind the other. */
#include "format/text_source.h"

#include "format/inflate.h"
#include "format/text_decode.h"

struct TextSource {
    Inflate *inflate;
    TextDecode *decode;
};

Error *text_source_open(Arena *arena, ByteSource stored, const TextEncoding *encoding, int64_t max,
                        TextSource **ret_text)
{
    TextSource *text = ARENA_NEW(arena, TextSource);
    TRY(inflate_open(arena, stored, max, &text->inflate));
    TRY(text_decode_open(arena, inflate_source(text->inflate), encoding, &text->decode));
    *ret_text = text;
    return NULL;
}

ByteSource text_source_bytes(TextSource *text)
{
    return text_decode_source(text->decode);
}

const char *text_source_encoding(const TextSource *text)
{
    return text_decode_encoding(text->decode);
}

int64_t text_source_stored(const TextSource *text, int64_t given)
{
    bool same = inflate_format(text->inflate) == NULL && text_decode_encoding(text->decode) == NULL;
    return same ? given : inflate_stored(text->inflate);
}
