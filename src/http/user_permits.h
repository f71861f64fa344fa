/* Permits of each user: so that nobody takes what is there for all. */
#ifndef OBLIGOR_HTTP_USER_PERMITS_H
#define OBLIGOR_HTTP_USER_PERMITS_H

#include "base/arena.h"
#include "base/uuid.h"

typedef struct UserPermits UserPermits;

/* At most `each` for a user at one time. Lives in `arena`, and is used by many threads. */
UserPermits *user_permits_new(Arena *arena, int each);

/* Never waits. What is got goes back when `arena` is freed or rewound. */
bool user_permits_take(UserPermits *permits, Arena *arena, Uuid user);

#endif
