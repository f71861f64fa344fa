/* One-time links: what is mailed to somebody, or handed to them by an administrator, to prove an address or to set
 * a password. Of the secret in a link only the digest is kept, as of every token. */
#ifndef OBLIGOR_DOMAIN_LINKS_H
#define OBLIGOR_DOMAIN_LINKS_H

#include "model/user.h"
#include "store/db.h"

typedef enum LinkKind {
    LINK_VERIFY, /* proves the address; 48 hours */
    LINK_RESET,  /* sets a password, and proves the address by the way; 1 hour */
    LINK_INVITE, /* the same for who never had one; 7 days */
    LINK_KIND_COUNT
} LinkKind;

typedef struct Link {
    LinkKind kind;
    const char *token; /* shown once */
    int64_t expires_at;
} Link;

/* In a write transaction: makes one, and ends the user's earlier ones for the same purpose. It asks nobody whether
 * that is allowed: see registration_link. */
Error *link_make(Arena *arena, Db *db, LinkKind kind, Uuid user_id, Link *ret_link) MUST_CHECK;

/* "https://obligor.example/reset?token=…" */
const char *link_address(Arena *arena, const char *public_url, const Link *link);

#endif
