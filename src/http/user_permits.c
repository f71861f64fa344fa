/* A short list of those who hold one: few do at a time, and whoever holds none is not in it. */
#include "http/user_permits.h"

#include "base/vec.h"

#include <pthread.h>

typedef struct Holder {
    Uuid user;
    int count; /* 0: the place is free */
} Holder;

struct UserPermits {
    Arena *arena;
    pthread_mutex_t lock;
    VEC(Holder) holders;
    int each;
};

typedef struct Hold {
    UserPermits *permits;
    size_t place;
} Hold;

static void destroy(void *permits)
{
    pthread_mutex_destroy(&((UserPermits *)permits)->lock);
}

UserPermits *user_permits_new(Arena *arena, int each)
{
    UserPermits *permits = ARENA_NEW(arena, UserPermits);
    permits->arena = arena;
    permits->each = each;
    pthread_mutex_init(&permits->lock, NULL);
    arena_defer(arena, destroy, permits);
    return permits;
}

/* The user's place, or a free one. */
static size_t find_place(UserPermits *permits, Uuid user)
{
    size_t free_place = permits->holders.count;
    for (size_t i = 0; i < permits->holders.count; i++) {
        const Holder *holder = &permits->holders.items[i];
        if (holder->count > 0 && uuid_equal(holder->user, user))
            return i;
        if (holder->count == 0)
            free_place = i;
    }
    if (free_place == permits->holders.count)
        vec_push(permits->arena, &permits->holders, (Holder){.count = 0});
    permits->holders.items[free_place].user = user;
    return free_place;
}

static void give(void *object)
{
    const Hold *hold = object;
    pthread_mutex_lock(&hold->permits->lock);
    hold->permits->holders.items[hold->place].count--;
    pthread_mutex_unlock(&hold->permits->lock);
}

bool user_permits_take(UserPermits *permits, Arena *arena, Uuid user)
{
    pthread_mutex_lock(&permits->lock);
    size_t place = find_place(permits, user);
    bool got = permits->holders.items[place].count < permits->each;
    permits->holders.items[place].count += got;
    pthread_mutex_unlock(&permits->lock);
    if (!got)
        return false;
    Hold *hold = ARENA_NEW(arena, Hold);
    *hold = (Hold){permits, place};
    arena_defer(arena, give, hold);
    return true;
}
