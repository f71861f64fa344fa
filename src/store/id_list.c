/* Text, since no driver has arrays: the database makes an array of it. */
#include "store/id_list.h"

Value id_list(Arena *arena, const Uuid *ids, size_t count)
{
    char *text = ARENA_ARRAY(arena, char, count *UUID_TEXT_SIZE + 1);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uuid_format(text + at, ids[i]);
        at += UUID_TEXT_SIZE; /* the end of one text is the comma before the next */
        text[at - 1] = ',';
    }
    return value_str((Str){text, at == 0 ? 0 : at - 1});
}

Value id_hex_list(Arena *arena, const Uuid *ids, size_t count)
{
    enum { HEX = 2 * sizeof ids->bytes };
    char *text = ARENA_ARRAY(arena, char, count *(HEX + 1) + 1);
    for (size_t i = 0; i < count; i++) {
        char *at = text + i * (HEX + 1);
        hex_format(at, ids[i].bytes, sizeof ids[i].bytes);
        for (size_t c = 0; c < HEX; c++)
            at[c] = at[c] >= 'a' ? (char)(at[c] - ('a' - 'A')) : at[c];
        at[HEX] = ',';
    }
    return value_text(text);
}
