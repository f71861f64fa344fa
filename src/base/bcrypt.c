/* The only file that includes libcrypt. crypt_rn gives NULL where crypt_r gives a text that is no hash; and the address
 * sanitizer has a crypt_r of its own, for which the linker would leave the library out. */
#include "base/bcrypt.h"

#include "base/crypto.h"

#include <crypt.h>

enum { HASH_LENGTH = 60, LOOKED_AT = 72, COST_MIN = 4, COST_MAX = 16 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_of_its_alphabet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '/';
}

/* "$2b$12$", then 22 characters of salt and 31 of the digest. */
bool bcrypt_is_hash(const char *hash)
{
    if (strlen(hash) != HASH_LENGTH || hash[0] != '$' || hash[1] != '2' ||
        strchr("aby", hash[2]) == NULL || hash[3] != '$' || !is_digit(hash[4]) ||
        !is_digit(hash[5]) || hash[6] != '$')
        return false;
    int cost = 10 * (hash[4] - '0') + hash[5] - '0';
    for (size_t i = 7; i < HASH_LENGTH; i++)
        if (!is_of_its_alphabet(hash[i]))
            return false;
    return cost >= COST_MIN && cost <= COST_MAX;
}

bool bcrypt_verify(Str password, const char *hash)
{
    char phrase[LOOKED_AT + 1] = "";
    struct crypt_data data;
    size_t nul = 0;
    if (!bcrypt_is_hash(hash) || str_find(password, '\0', &nul))
        return false;
    memcpy(phrase, password.ptr, password.len < LOOKED_AT ? password.len : LOOKED_AT);
    memset(&data, 0, sizeof data);
    const char *made = crypt_rn(phrase, hash, &data, sizeof data);
    bool same =
        made != NULL && strlen(made) == HASH_LENGTH && crypto_equal(made, hash, HASH_LENGTH);
    explicit_bzero(phrase, sizeof phrase);
    explicit_bzero(&data, sizeof data);
    return same;
}
