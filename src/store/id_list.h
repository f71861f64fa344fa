/* Many ids as one parameter, for statements that deal with all of them at once. */
#ifndef OBLIGOR_STORE_ID_LIST_H
#define OBLIGOR_STORE_ID_LIST_H

#include "store/db.h"

/* "id,id,…" for string_to_array(…)::uuid[]; empty for none. */
Value id_list(Arena *arena, const Uuid *ids, size_t count);

/* "ID,ID,…,": each 32 hexadecimal digits in capitals, for strpos and the words {job_hex} (tools/make_statements.py). */
Value id_hex_list(Arena *arena, const Uuid *ids, size_t count);

#endif
