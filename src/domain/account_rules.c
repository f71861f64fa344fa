/* What an address, a name and a password have to be. */
#include "domain/account_rules.h"

#include "base/utf8.h"
#include "domain/accounts.h"

enum { EMAIL_MAX = 254, FULL_NAME_MAX = 200 };

static bool email_is_good(Str email)
{
    size_t at = 0, dot = 0;
    if (email.len < 3 || email.len > EMAIL_MAX || !str_find(email, '@', &at) || at == 0)
        return false;
    Str domain = str_slice(email, at + 1, email.len);
    for (size_t i = 0; i < email.len; i++)
        if ((unsigned char)email.ptr[i] <= ' ' || email.ptr[i] == 0x7F)
            return false;
    return domain.len > 0 && !str_find(domain, '@', &dot) && domain.ptr[0] != '.';
}

void account_check_email(Arena *arena, Str email, ErrorField **fields)
{
    if (!email_is_good(email))
        error_field_add(arena, fields, "email", "not_an_address",
                        "\"%s\" is not an e-mail address.", str_dup(arena, utf8_cut(email, 80)));
}

void account_check_name(Arena *arena, const char *field, Str name, ErrorField **fields)
{
    size_t bad = 0;
    if (name.len > FULL_NAME_MAX || !utf8_check(name, &bad))
        error_field_add(arena, fields, field, "too_long", "A name has at most %d bytes of UTF-8.",
                        FULL_NAME_MAX);
}

void account_check_password(Arena *arena, Str password, Str email, ErrorField **fields)
{
    bool letter = false, digit = false;
    for (size_t i = 0; i < password.len; i++) {
        unsigned char c = (unsigned char)password.ptr[i];
        digit |= c >= '0' && c <= '9';
        letter |= (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' || c >= 0x80 : c >= 0x80;
    }
    if (password.len < PASSWORD_MIN || !letter || !digit)
        error_field_add(arena, fields, "password", "weak",
                        "A password needs at least %d characters, with a letter and a digit.",
                        PASSWORD_MIN);
    else if (password.len > PASSWORD_MAX)
        error_field_add(arena, fields, "password", "too_long", "A password has at most %d bytes.",
                        PASSWORD_MAX);
    else if (str_equal_fold(password, email))
        error_field_add(arena, fields, "password", "weak",
                        "A password must not be the e-mail address.");
}

Error *account_hash_password(Arena *arena, Str password, char **ret_hash)
{
    char *hash = arena_alloc(arena, PASSWORD_HASH_SIZE);
    if (!crypto_password_hash(password, hash))
        return ERROR(arena, ERROR_BUSY, "The server is short of memory. Try again in a moment.");
    *ret_hash = hash;
    return NULL;
}
