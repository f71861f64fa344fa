/* Passwords that another system hashed with bcrypt: libcrypt behind one door. Nothing here makes such a
 * hash; crypto.h makes ours. */
#ifndef OBLIGOR_BASE_BCRYPT_H
#define OBLIGOR_BASE_BCRYPT_H

#include "base/str.h"

/* Is it a hash of the form $2a$, $2b$ or $2y$, whole, and of a cost (4 to 16) that a sign-in can bear? */
bool bcrypt_is_hash(const char *hash);

/* Slow on purpose: how slow, the hash says (2 to the power of its cost). As bcrypt does, it looks at the
 * first 72 bytes. No password that holds a NUL has such a hash. */
bool bcrypt_verify(Str password, const char *hash);

#endif
