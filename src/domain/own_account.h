/* What people do with their own account, in a session of theirs: another password, other names. */
#ifndef OBLIGOR_DOMAIN_OWN_ACCOUNT_H
#define OBLIGOR_DOMAIN_OWN_ACCOUNT_H

#include "domain/accounts.h"

typedef struct PasswordChange {
    int64_t sessions_ended;
    int64_t api_keys; /* that go on working: whoever learned the password may have made one */
} PasswordChange;

/* Ends all other sessions, and links that were mailed for a new password. ERROR_INVALID names what is wrong,
 * with `current_password` among it. Slow on purpose, twice. */
Error *own_account_change_password(Arena *arena, Db *db, const Principal *who, Str current, Str new,
                                   PasswordChange *ret_change) MUST_CHECK;

typedef struct Profile {
    Str full_name; /* .ptr NULL: stays as it is; empty: none */
    Str username;  /* likewise */
} Profile;

Error *own_account_set_profile(Arena *arena, Db *db, const Principal *who, const Profile *profile,
                               User **ret_user) MUST_CHECK;

#endif
