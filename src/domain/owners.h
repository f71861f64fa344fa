/* What every read over several owners shares: cutting a merged list to a page, saying that it is about to
 * change by itself, and saying how something was deleted. */
#ifndef OBLIGOR_DOMAIN_OWNERS_H
#define OBLIGOR_DOMAIN_OWNERS_H

#include "base/error.h"
#include "model/deletion.h"
#include "model/page.h"
#include "store/db.h"

/* Of `count` merged rows: where the page begins, how many it has, and whether more follow. */
size_t owners_page(const Page *page, size_t count, bool *ret_more, size_t *ret_count);

/* Is a deletion or restoration of one of these owners still moving versions into their places? Then lists and
 * totals say so. */
Error *owners_settling(Arena *arena, Db *db, const Uuid *owners, size_t count, bool *ret_settling)
    MUST_CHECK;

/* Adds the deletion's id, time, person and reason to a "gone" answer. */
Error *owners_describe_deletion(Arena *arena, Error *error, const Deletion *deletion);

#endif
