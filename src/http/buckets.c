/* A bucket is one number: the time at which it will be full again. Taking one moves it on by an interval, and
 * one may be had while that is no further away than the burst. A bucket that is full is as good as none, so a
 * slot is free by itself once its time is over, and nothing has to be swept.
 *
 * A key has its place in one of a few slots. Where all of them are in use the one that is nearest to being full
 * makes room: it is the one whose owner loses least by being forgotten. Where a key goes depends on a secret of
 * this process, so that nobody can choose keys that meet somebody else's. */
#include "http/buckets.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/number.h"

#include <pthread.h>

enum { WAYS = 8, LOCKS = 64, BURST_MAX = 1000000, PER_MAX = 1000000 };

typedef struct Slot {
    BucketKey key;
    int64_t full_at; /* 0: never used */
} Slot;

struct Buckets {
    Rate rate;
    size_t sets; /* a power of two */
    uint8_t secret[16];
    Slot *slots;                    /* [sets][WAYS] */
    pthread_mutex_t mutexes[LOCKS]; /* of set n: n % LOCKS */
};

static bool read_unit(Str text, int64_t *ret_micros)
{
    static const struct {
        const char *word;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};
    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (str_is(text, units[i].word)) {
            *ret_micros = SECONDS(units[i].seconds);
            return true;
        }
    return false;
}

static bool read_rate(Str text, Rate *ret_rate)
{
    size_t slash, colon = text.len;
    int64_t number, unit;
    if (str_is(text, "0")) {
        *ret_rate = (Rate){0, 0};
        return true;
    }
    str_find(text, ':', &colon);
    if (!str_find(text, '/', &slash) || slash > colon ||
        !number_parse_int(str_slice(text, 0, slash), 1, PER_MAX, &number) ||
        !read_unit(str_slice(text, slash + 1, colon), &unit))
        return false;
    Rate rate = {unit / number, number};
    if (colon < text.len &&
        !number_parse_int(str_slice(text, colon + 1, text.len), 1, BURST_MAX, &rate.burst))
        return false;
    *ret_rate = rate;
    return true;
}

Error *rate_read(Arena *arena, const char *option, Str text, Rate *ret_rate)
{
    if (read_rate(text, ret_rate))
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_INVALID,
              "\"" STR_FMT
              "\" of %s is no rate: write it like 20/s:100 (20 a second, 100 at once), "
              "with s, m or h, each number from 1 to 1000000, or 0 for no limit.",
              STR_ARG(str_slice(text, 0, 80)), option),
        "usage");
}

Buckets *buckets_new(Arena *arena, Rate rate, size_t slots)
{
    Buckets *buckets = ARENA_NEW(arena, Buckets);
    *buckets = (Buckets){.rate = rate, .sets = 1};
    while (rate.interval != 0 && buckets->sets * WAYS < slots)
        buckets->sets *= 2;
    buckets->slots = ARENA_ARRAY(arena, Slot, buckets->sets * WAYS);
    crypto_random(buckets->secret, sizeof buckets->secret);
    for (size_t i = 0; i < LOCKS; i++)
        CHECK(pthread_mutex_init(&buckets->mutexes[i], NULL) == 0);
    return buckets;
}

static size_t set_of(const Buckets *buckets, BucketKey key)
{
    uint8_t mixed[sizeof buckets->secret + sizeof key.bytes];
    memcpy(mixed, buckets->secret, sizeof buckets->secret);
    memcpy(mixed + sizeof buckets->secret, key.bytes, sizeof key.bytes);
    Digest digest = digest_of((Str){(const char *)mixed, sizeof mixed});
    size_t number;
    memcpy(&number, digest.bytes, sizeof number);
    return number & (buckets->sets - 1);
}

/* The key's slot, or the one that makes room for it. */
static Slot *find(const Buckets *buckets, size_t set, BucketKey key)
{
    Slot *slots = &buckets->slots[set * WAYS], *least = slots;
    for (size_t i = 0; i < WAYS; i++) {
        if (slots[i].full_at != 0 && memcmp(&slots[i].key, &key, sizeof key) == 0)
            return &slots[i];
        if (slots[i].full_at < least->full_at)
            least = &slots[i];
    }
    return least;
}

typedef enum Action { ACTION_LOOK, ACTION_TAKE, ACTION_GIVE_BACK } Action;

/* Works on the key's time alone; a slot is only written when there is something to remember. */
static int64_t act(Buckets *buckets, BucketKey key, int64_t now, Action action)
{
    const Rate *rate = &buckets->rate;
    if (rate->interval == 0)
        return 0;
    size_t set = set_of(buckets, key);
    pthread_mutex_t *mutex = &buckets->mutexes[set % LOCKS];
    pthread_mutex_lock(mutex);
    Slot *slot = find(buckets, set, key);
    bool known = slot->full_at > now && memcmp(&slot->key, &key, sizeof key) == 0;
    int64_t full_at = known ? slot->full_at : now;
    int64_t wait = full_at - now - (rate->burst - 1) * rate->interval;
    if (action == ACTION_TAKE && wait <= 0)
        *slot = (Slot){key, full_at + rate->interval};
    if (action == ACTION_GIVE_BACK && known)
        slot->full_at -= rate->interval;
    pthread_mutex_unlock(mutex);
    return wait > 0 ? wait : 0;
}

int64_t buckets_take(Buckets *buckets, BucketKey key, int64_t now)
{
    return act(buckets, key, now, ACTION_TAKE);
}

int64_t buckets_wait(Buckets *buckets, BucketKey key, int64_t now)
{
    return act(buckets, key, now, ACTION_LOOK);
}

void buckets_give_back(Buckets *buckets, BucketKey key, int64_t now)
{
    act(buckets, key, now, ACTION_GIVE_BACK);
}
