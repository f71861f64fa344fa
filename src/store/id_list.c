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
