/* One entry of the audit trail: who did what, when, to how many. Append-only, in one chain for each owner. */
#ifndef OBLIGOR_MODEL_AUDIT_H
#define OBLIGOR_MODEL_AUDIT_H

#include "base/crypto.h"
#include "base/uuid.h"

enum { AUDIT_KEY_ID_SIZE = 17, AUDIT_WORD_MAX = 64 };

typedef struct AuditEvent {
    Uuid owner_id;
    int64_t seq; /* given at writing, 1, 2, 3, … within the owner */
    int64_t at;
    Uuid user_id;      /* nil: nobody signed in */
    const char *actor; /* the user's address as it was then */
    const char *via;   /* "http", "cli", "worker" */
    const char *address;
    const char *request_id;
    const char *action;      /* "job.accepted", "job.deleted", "prediction.created", … */
    const char *object_kind; /* "job", "prediction", "company", "model", "user", … */
    Uuid object_id;
    int64_t count; /* rows touched; -1: does not apply */
    const char *reason;
    const char *details; /* JSON object, or NULL */
    const char *token;   /* the beginning of the session's digest, or NULL */
    const char *key_id;  /* of the key that the digest was made with; NULL: with none */
} AuditEvent;

/* As it stands in the database. */
typedef struct AuditEntry {
    AuditEvent event;
    Digest digest;
    bool sound; /* false: it holds what cannot have been written by this program */
} AuditEntry;

/* The end of an owner's chain. */
typedef struct AuditHead {
    Uuid owner_id;
    int64_t seq;   /* 0: no entry yet */
    Digest digest; /* zeros: no entry yet */
    int64_t at;    /* of the last entry */
    bool sealed;   /* it was written with a key: */
    Digest seal;
} AuditHead;

/* Which entries a list shows; an empty one shows all. */
typedef struct AuditFilter {
    Str action;
    Str object_kind;
    bool has_object;
    Uuid object_id;
    bool has_user;
    Uuid user_id;
    Str actor;              /* in lower case; beside the user, for one who is gone */
    int64_t created_after;  /* >= ; INT64_MIN: any */
    int64_t created_before; /* < ; INT64_MAX: any */
} AuditFilter;

#define AUDIT_FILTER_ALL ((AuditFilter){.created_after = INT64_MIN, .created_before = INT64_MAX})

#endif
