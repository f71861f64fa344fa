/* When sessions and API keys were last used. Whoever is asked for a token's user notes it here, in memory,
 * without waiting for anything; who has time for it writes what was noted. Coarse on purpose: once in some
 * minutes for each token, and what is lost with a process is lost. One set for a process. */
#ifndef OBLIGOR_DOMAIN_TOKEN_USES_H
#define OBLIGOR_DOMAIN_TOKEN_USES_H

#include "base/clock.h"
#include "store/account_store.h"

#define TOKEN_USE_EVERY (SECONDS(60) * 5)
enum { TOKEN_USES_MAX = 1024 };

/* From any thread. Where the set is full, nothing is noted: the next use will do. */
void token_uses_note(const Token *token, int64_t now);

/* Writes what was noted and forgets it, whether or not that worked; *ret_count: how many there were. */
Error *token_uses_write(Arena *arena, Db *db, size_t *ret_count) MUST_CHECK;

/* Is there anything to write? */
bool token_uses_any(void);

#endif
