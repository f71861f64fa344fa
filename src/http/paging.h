/* The three ways to ask for a part of a list, and what the answer says about it:
 *   limit, cursor                 → pagination {limit, has_more, next_cursor, total?}
 *   page, size, or none of these  → pagination {page, size, total, pages, has_more, next_cursor}
 *   limit, offset (jobs only)     → pagination {limit, offset, total, has_more, next_cursor} */
#ifndef OBLIGOR_HTTP_PAGING_H
#define OBLIGOR_HTTP_PAGING_H

#include "http/cursor.h"
#include "http/request.h"

typedef enum PageForm { FORM_CURSOR, FORM_PAGE, FORM_OFFSET } PageForm;

typedef struct Paging {
    Page page;
    PageForm form;
    int64_t number; /* of the page, from 1; with FORM_PAGE */
    unsigned sort;
    uint64_t filters;
    Str after_text; /* of the cursor */
} Paging;

/* To be called after all filters were read: their values are part of the digest that a cursor must
 * carry. What is wrong is noted in the request's query. */
void paging_read(Request *request, unsigned sort, bool with_offset, Paging *ret_paging);

/* Adds "pagination". `next_text` is for lists in order of a text; else empty. */
void paging_view(Arena *arena, JsonOut *out, const Paging *paging, const PageEnd *end,
                 Str next_text);

#endif
