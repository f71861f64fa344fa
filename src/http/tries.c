/* One mutex: what follows a try that may go on takes fifty milliseconds of hashing, and one that may not is
 * over in a microsecond.
 *
 * Where all the slots that a pair may have are in use, the one makes room that is worth least: a pair that is not
 * known before one that is, then the one with the fewest failures, then the oldest. A flood of new pairs has one
 * failure each and so drives out its like, neither those that have to wait nor those that are known. */
#include "http/tries.h"

#include "base/check.h"
#include "base/crypto.h"

#include <pthread.h>

enum { WAYS = 8, DOUBLINGS_MAX = 20 };

typedef struct Pair {
    BucketKey key;
    int64_t last; /* when it was tried last; 0: never used */
    int64_t wait_until;
    int32_t failures; /* those that have not ended yet among them */
    bool known;
    bool tried; /* more than looked up */
} Pair;

struct Tries {
    size_t sets; /* a power of two */
    uint8_t secret[16];
    pthread_mutex_t mutex; /* guards the pairs */
    Pair *pairs;           /* [sets][WAYS] */
};

Tries *tries_new(Arena *arena, size_t slots)
{
    Tries *tries = ARENA_NEW(arena, Tries);
    *tries = (Tries){.sets = 1};
    while (tries->sets * WAYS < slots)
        tries->sets *= 2;
    tries->pairs = ARENA_ARRAY(arena, Pair, tries->sets * WAYS);
    crypto_random(tries->secret, sizeof tries->secret);
    CHECK(pthread_mutex_init(&tries->mutex, NULL) == 0);
    return tries;
}

static bool worth_less(const Pair *a, const Pair *b)
{
    if (a->known != b->known)
        return b->known;
    if (a->failures != b->failures)
        return a->failures < b->failures;
    return a->last < b->last;
}

static size_t set_of(const Tries *tries, BucketKey key)
{
    Digest digest = digest_keyed((Str){(const char *)tries->secret, sizeof tries->secret},
                                 (Str){(const char *)key.bytes, sizeof key.bytes});
    size_t number;
    memcpy(&number, digest.bytes, sizeof number);
    return number & (tries->sets - 1);
}

/* The pair's slot, made new where it has none. */
static Pair *find(const Tries *tries, BucketKey key, int64_t now)
{
    Pair *pairs = &tries->pairs[set_of(tries, key) * WAYS], *least = pairs;
    for (size_t i = 0; i < WAYS; i++) {
        Pair *pair = &pairs[i];
        if (pair->last != 0 && memcmp(&pair->key, &key, sizeof key) == 0) {
            if (now - pair->last > TRIES_FORGET)
                *pair = (Pair){.key = key, .last = now, .known = pair->known};
            return pair;
        }
        if (pair->last == 0 ? least->last != 0 : least->last != 0 && worth_less(pair, least))
            least = pair;
    }
    *least = (Pair){.key = key, .last = now};
    return least;
}

/* Behind so many failures. */
static int64_t pause_after(int32_t failures)
{
    int32_t doublings = failures - TRIES_FREE;
    if (doublings < 0)
        return 0;
    int64_t pause = TRIES_WAIT_FIRST << (doublings > DOUBLINGS_MAX ? DOUBLINGS_MAX : doublings);
    return pause < TRIES_WAIT_MOST ? pause : TRIES_WAIT_MOST;
}

int64_t tries_begin(Tries *tries, BucketKey key, int64_t now, TriesBefore *ret_before)
{
    pthread_mutex_lock(&tries->mutex);
    Pair *pair = find(tries, key, now);
    int64_t wait = pair->wait_until > now ? pair->wait_until - now : 0;
    ret_before->known = pair->known;
    ret_before->lately = pair->tried && now - pair->last < TRIES_LATELY;
    if (wait == 0) {
        pair->last = now;
        pair->tried = true;
        pair->failures += pair->failures < INT32_MAX;
        pair->wait_until = now + pause_after(pair->failures);
    }
    pthread_mutex_unlock(&tries->mutex);
    return wait;
}

void tries_end(Tries *tries, BucketKey key, TryEnd end, int64_t now)
{
    if (end == TRY_FAILED)
        return; /* it counts as that already */
    pthread_mutex_lock(&tries->mutex);
    Pair *pair = find(tries, key, now);
    if (end == TRY_SUCCEEDED) {
        pair->failures = 0;
        pair->known = true;
    } else if (pair->failures > 0) {
        pair->failures--;
    }
    pair->wait_until = 0;
    pthread_mutex_unlock(&tries->mutex);
}
