/* A cursor says where a list goes on: an opaque text that carries the place, the sort, and a digest
 * of the filters, so that a cursor of one list is not taken for another. It holds no right: the
 * list that it is given to applies its own conditions. */
#ifndef OBLIGOR_HTTP_CURSOR_H
#define OBLIGOR_HTTP_CURSOR_H

#include "model/page.h"

enum { CURSOR_TEXT_MAX = 80 };

typedef struct Cursor {
    unsigned sort; /* below 256 */
    uint64_t filters;
    PageKey key;
    Str text; /* where the list is in order of a text; at most CURSOR_TEXT_MAX bytes */
} Cursor;

char *cursor_format(Arena *arena, const Cursor *cursor);

/* False for anything that cursor_format cannot have made. */
bool cursor_parse(Arena *arena, Str text, Cursor *ret_cursor);

#endif
