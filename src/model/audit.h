/* One entry of the audit trail: who did what, when, to how many. Append-only. */
#ifndef OBLIGOR_MODEL_AUDIT_H
#define OBLIGOR_MODEL_AUDIT_H

#include "base/uuid.h"

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
} AuditEvent;

#endif
