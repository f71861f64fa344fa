/* What whoever makes or changes an account shares: the rules of its fields, and the entry in the audit trail. */
#ifndef OBLIGOR_DOMAIN_ACCOUNT_RULES_H
#define OBLIGOR_DOMAIN_ACCOUNT_RULES_H

#include "domain/accounts.h"

/* Each adds what is wrong to `fields`. */
void account_check_email(Arena *arena, Str email, ErrorField **fields);
void account_check_name(Arena *arena, const char *field, Str name, ErrorField **fields);
void account_check_password(Arena *arena, Str password, Str email, ErrorField **fields);

/* Slow on purpose. ERROR_BUSY: no memory for it now. */
Error *account_hash_password(Arena *arena, Str password, char **ret_hash) MUST_CHECK;

/* Checks `new` and makes the user of it, with its password hashed; nothing is stored yet. */
Error *account_new_user(Arena *arena, const NewUser *new, User **ret_user) MUST_CHECK;

/* An entry about a user in the system's audit trail. */
Error *account_note(Arena *arena, Db *db, const Principal *who, const char *action, Uuid user_id)
    MUST_CHECK;

/* The answer for a token that is none, or none any more. */
Error *account_unknown_token(Arena *arena) MUST_CHECK;

/* The answer for an account that may not be used now; NULL: it may. */
Error *account_refuse_unready(Arena *arena, const User *user) MUST_CHECK;

#endif
