/* A small table with open addressing: a digest is as good a hash as there is. A token that does not find a
 * place near its own is not noted. */
#include "domain/token_uses.h"

#include "store/token_store.h"

#include <pthread.h>

enum { TRIES_MAX = 16 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static TokenUse slots[TOKEN_USES_MAX]; /* `at` 0: free */
static size_t taken;

static size_t place_of(const Digest *digest)
{
    return (size_t)(digest->bytes[0] << 8 | digest->bytes[1]) % TOKEN_USES_MAX;
}

static void put(const Digest *digest, int64_t now)
{
    size_t place = place_of(digest);
    for (size_t i = 0; i < TRIES_MAX; i++, place = (place + 1) % TOKEN_USES_MAX) {
        TokenUse *slot = &slots[place];
        if (slot->at != 0 && memcmp(slot->digest.bytes, digest->bytes, DIGEST_SIZE) == 0)
            return;
        if (slot->at == 0) {
            *slot = (TokenUse){*digest, now};
            taken++;
            return;
        }
    }
}

void token_uses_note(const Token *token, int64_t now)
{
    if (token->last_used != 0 && now - token->last_used < TOKEN_USE_EVERY)
        return;
    pthread_mutex_lock(&mutex);
    put(&token->digest, now);
    pthread_mutex_unlock(&mutex);
}

bool token_uses_any(void)
{
    pthread_mutex_lock(&mutex);
    bool any = taken > 0;
    pthread_mutex_unlock(&mutex);
    return any;
}

static TokenUse *take_all(Arena *arena, size_t *ret_count)
{
    TokenUse *uses = ARENA_ARRAY(arena, TokenUse, TOKEN_USES_MAX);
    size_t count = 0;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < TOKEN_USES_MAX; i++)
        if (slots[i].at != 0)
            uses[count++] = slots[i];
    memset(slots, 0, sizeof slots);
    taken = 0;
    pthread_mutex_unlock(&mutex);
    *ret_count = count;
    return uses;
}

Error *token_uses_write(Arena *arena, Db *db, size_t *ret_count)
{
    const TokenUse *uses = take_all(arena, ret_count);
    if (*ret_count == 0)
        return NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(token_note_uses(arena, db, uses, *ret_count, TOKEN_USE_EVERY));
    return tx_commit(&tx, arena);
}
