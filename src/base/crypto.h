/* Digests, random bytes, password hashes and secret tokens: libsodium behind one door. */
#ifndef OBLIGOR_BASE_CRYPTO_H
#define OBLIGOR_BASE_CRYPTO_H

#include "base/str.h"

enum { DIGEST_SIZE = 32, DIGEST_TEXT_SIZE = 65, PASSWORD_HASH_SIZE = 128 };

typedef struct Digest { /* SHA-256 */
    uint8_t bytes[DIGEST_SIZE];
} Digest;

typedef struct DigestState {
    _Alignas(16) uint8_t opaque[256];
} DigestState;

void digest_start(DigestState *state);
void digest_add(DigestState *state, const void *bytes, size_t size);
Digest digest_end(DigestState *state);
Digest digest_of(Str bytes);
char *digest_text(Arena *arena, Digest digest); /* 64 lower-case hex digits */
bool digest_parse(Str text, Digest *ret_digest);

/* HMAC-SHA-256: only who has the key can make it. */
Digest digest_keyed(Str key, Str bytes);

void crypto_random(void *bytes, size_t size);

/* Takes the same time wherever the first difference is. */
bool crypto_equal(const void *a, const void *b, size_t size);

/* A secret of 256 random bits as 43 characters of base64url. */
char *crypto_token(Arena *arena);

/* argon2id at libsodium's interactive limits: 64 MiB and some 50 ms each, aside (aside.h); the caller bounds how
 * many run at once. False only when memory is out. */
bool crypto_password_hash(Str password, char ret_hash[PASSWORD_HASH_SIZE]);
bool crypto_password_verify(Str password, const char *hash);

/* Is it of another kind (bcrypt is understood too), or made with less work or memory than ours? Then a new
 * one is due, when the password is there. */
bool crypto_password_is_weak(const char *hash);

/* base64url without padding. Decoding refuses anything else. */
char *base64url_encode(Arena *arena, Str bytes);
bool base64url_decode(Arena *arena, Str text, Str *ret_bytes);

#endif
