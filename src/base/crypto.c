/* The only file that includes libsodium. It initialises itself at first use, from any thread. */
#include "base/crypto.h"

#include "base/aside.h"
#include "base/bcrypt.h"
#include "base/check.h"
#include "base/number.h"

#include <pthread.h>
#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof((DigestState *)0)->opaque, "room");
_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "room");

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    CHECK(sodium_init() >= 0);
}

static void ready(void)
{
    pthread_once(&once, start);
}

void digest_start(DigestState *state)
{
    ready();
    crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)state->opaque);
}

void digest_add(DigestState *state, const void *bytes, size_t size)
{
    crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)state->opaque, bytes, size);
}

Digest digest_end(DigestState *state)
{
    Digest digest;
    crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)state->opaque, digest.bytes);
    return digest;
}

Digest digest_of(Str bytes)
{
    DigestState state;
    digest_start(&state);
    digest_add(&state, bytes.ptr, bytes.len);
    return digest_end(&state);
}

Digest digest_keyed(Str key, Str bytes)
{
    crypto_auth_hmacsha256_state state;
    Digest digest;
    ready();
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)bytes.ptr, bytes.len);
    crypto_auth_hmacsha256_final(&state, digest.bytes);
    sodium_memzero(&state, sizeof state);
    return digest;
}

char *digest_text(Arena *arena, Digest digest)
{
    char *text = arena_alloc_raw(arena, DIGEST_TEXT_SIZE);
    hex_format(text, digest.bytes, sizeof digest.bytes);
    return text;
}

bool digest_parse(Str text, Digest *ret_digest)
{
    return hex_parse(text, ret_digest->bytes, sizeof ret_digest->bytes);
}

void crypto_random(void *bytes, size_t size)
{
    ready();
    randombytes_buf(bytes, size);
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

char *crypto_token(Arena *arena)
{
    uint8_t secret[32];
    crypto_random(secret, sizeof secret);
    return base64url_encode(arena, (Str){(const char *)secret, sizeof secret});
}

typedef struct PasswordWork {
    Str password;
    const char *known; /* NULL: a new hash is made */
    char *made;
    bool good;
} PasswordWork;

static bool hash_now(Str password, char ret_hash[PASSWORD_HASH_SIZE])
{
    ready();
    return crypto_pwhash_str_alg(
               ret_hash, password.ptr, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
               crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static bool verify_now(Str password, const char *hash)
{
    if (bcrypt_is_hash(hash))
        return bcrypt_verify(password, hash);
    ready();
    return crypto_pwhash_str_verify(hash, password.ptr, password.len) == 0;
}

static void work_on_password(void *argument)
{
    PasswordWork *work = argument;
    work->good = work->known == NULL ? hash_now(work->password, work->made)
                                     : verify_now(work->password, work->known);
}

bool crypto_password_hash(Str password, char ret_hash[PASSWORD_HASH_SIZE])
{
    PasswordWork work = {.password = password, .made = ret_hash};
    aside_run(work_on_password, &work);
    return work.good;
}

bool crypto_password_verify(Str password, const char *hash)
{
    PasswordWork work = {.password = password, .known = hash};
    aside_run(work_on_password, &work);
    return work.good;
}

/* The number behind `mark` in "m=65536,t=2,…", and goes behind it; 0: there is none. */
static int64_t next_parameter(Str *rest, Str mark)
{
    Str word;
    int64_t number = 0;
    if (!str_next(rest, ',', &word) || !str_starts_with(word, mark) ||
        !number_parse_int(str_slice(word, mark.len, word.len), 1, INT64_MAX, &number))
        return 0;
    return number;
}

bool crypto_password_is_weak(const char *hash)
{
    const Str ours = STR("$argon2id$v=19$");
    Str rest = str_from(hash);
    if (!str_starts_with(rest, ours))
        return true;
    rest = str_slice(rest, ours.len, rest.len);
    int64_t kibibytes = next_parameter(&rest, STR("m="));
    int64_t passes = next_parameter(&rest, STR("t="));
    return kibibytes * 1024 < (int64_t)crypto_pwhash_MEMLIMIT_INTERACTIVE ||
           passes < (int64_t)crypto_pwhash_OPSLIMIT_INTERACTIVE;
}

char *base64url_encode(Arena *arena, Str bytes)
{
    ready();
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, size);
    sodium_bin2base64(text, size, (const unsigned char *)bytes.ptr, bytes.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

bool base64url_decode(Arena *arena, Str text, Str *ret_bytes)
{
    ready();
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] >= 0x80)
            return false; /* libsodium 1.0.18 takes each of these for '_' */
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t size = 0;
    if (sodium_base642bin((unsigned char *)bytes, text.len, text.ptr, text.len, NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    *ret_bytes = (Str){bytes, size};
    return true;
}
