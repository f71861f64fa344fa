/* Accounts: users, signing in and out, and who a token stands for. */
#ifndef OBLIGOR_DOMAIN_ACCOUNTS_H
#define OBLIGOR_DOMAIN_ACCOUNTS_H

#include "model/user.h"
#include "store/db.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 1024 };

typedef struct NewUser {
    Str email;
    Str full_name; /* may be empty, like the user name */
    Str username;
    Str password; /* empty: none set, cannot sign in yet */
    Role role;
    Uuid organization_id; /* of a role of an organization; else nil */
    bool verified;
    bool is_service;
} NewUser;

/* Where a request comes from, before it is known who sends it. */
typedef struct Peer {
    const char *via; /* "http" or "cli" */
    const char *address;
    const char *request_id; /* may be NULL */
} Peer;

/* ERROR_INVALID names each wrong field; ERROR_CONFLICT when the address is taken. */
Error *accounts_create(Arena *arena, Db *db, const Principal *who, const NewUser *user,
                       User **ret_user) MUST_CHECK;
Error *accounts_list(Arena *arena, Db *db, User **ret_users, size_t *ret_count) MUST_CHECK;
Error *accounts_find(Arena *arena, Db *db, Str email, User **ret_user)
    MUST_CHECK; /* may give NULL */
Error *accounts_set_password(Arena *arena, Db *db, const Principal *who, const User *user,
                             Str password) MUST_CHECK; /* ends the user's sessions */
Error *accounts_verify(Arena *arena, Db *db, const Principal *who, const User *user) MUST_CHECK;
Error *accounts_set_active(Arena *arena, Db *db, const Principal *who, const User *user,
                           bool active) MUST_CHECK; /* disabling ends the user's sessions */

typedef struct Session {
    const char *token; /* shown once */
    int64_t expires_at;
    const User *user;
} Session;

/* Checks the password. A wrong address, a wrong password and an address that is not verified are the same
 * ERROR_UNAUTHENTICATED and take the same time; a user who is not active gets ERROR_DENIED, and only with
 * the right password. Slow on purpose (argon2id): never on a thread that serves sockets. */
Error *accounts_sign_in(Arena *arena, Db *db, const Peer *peer, Str email, Str password,
                        Session *ret_session) MUST_CHECK;
Error *accounts_sign_out(Arena *arena, Db *db, const Principal *who) MUST_CHECK;

/* Who a session token or an API key stands for. ERROR_UNAUTHENTICATED: unknown or expired; ERROR_DENIED: the user is
 * not verified or not active. One indexed read. */
Error *accounts_authenticate(Arena *arena, Db *db, const Peer *peer, Str token,
                             Principal **ret_principal) MUST_CHECK;

/* The same by the token's digest: for who was let in with it and is still there. */
Error *accounts_authenticate_digest(Arena *arena, Db *db, const Peer *peer, Digest digest,
                                    Principal **ret_principal) MUST_CHECK;

/* Is the user still verified and active, and may they still make something for this owner: a member who left
 * meanwhile may not. ERROR_DENIED if not. For what began long ago. */
Error *accounts_recheck(Arena *arena, Db *db, const Principal *who, Uuid owner_id) MUST_CHECK;

/* The principal of a user without a token: the command line, and the worker acting for a job's user. */
Principal *accounts_principal(Arena *arena, const User *user, const Peer *peer);

/* A worker that does what this user asked for; nil, or one who is not there: the operator. */
Error *accounts_worker(Arena *arena, Db *db, Uuid user_id, Principal **ret_who) MUST_CHECK;
Error *accounts_user(Arena *arena, Db *db, Uuid id, User **ret_user) MUST_CHECK; /* NOT_FOUND */

/* The operator at the command line, with nobody signed in: user nil, system owner. */
Principal *accounts_operator(Arena *arena, const Peer *peer);

/* On a database without users: a one-time token, valid 24 hours, with which the first super_admin can be
 * made; an earlier one stops working. *ret_token is NULL when there are users. */
Error *accounts_offer_setup(Arena *arena, Db *db, const char **ret_token) MUST_CHECK;

/* Uses that token. ERROR_UNAUTHENTICATED when it is not good (any more). The user is verified. */
Error *accounts_set_up(Arena *arena, Db *db, const Peer *peer, Str token, const NewUser *user,
                       User **ret_user) MUST_CHECK;

/* Removes expired tokens; returns how many. */
Error *accounts_sweep_tokens(Arena *arena, Db *db, int64_t *ret_removed) MUST_CHECK;

#endif
