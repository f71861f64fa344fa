/* The audit trail. Entries are written in the transaction of what they record, as its last step: the
 * owner's chain head is the last lock a transaction takes. Each entry carries the digest of the one
 * before it in its owner's chain; with a key, nobody without it can make that digest. */
#ifndef OBLIGOR_DOMAIN_AUDIT_H
#define OBLIGOR_DOMAIN_AUDIT_H

#include "model/audit.h"
#include "model/user.h"
#include "store/db.h"

enum { AUDIT_KEYS_MAX = 8, AUDIT_KEY_MIN = 32, AUDIT_KEY_FILE_MAX = 64 << 10 };

typedef struct AuditKey {
    Digest secret; /* what the line of the file is worth */
    char id[AUDIT_KEY_ID_SIZE];
} AuditKey;

/* The first is written with; the others were, and are good for reading what they made. */
typedef struct AuditKeys {
    AuditKey items[AUDIT_KEYS_MAX];
    size_t count; /* 0: the trail is kept without a key */
} AuditKeys;

/* One key a line, the present one first. ERROR_INVALID says what is wrong with it, and shows none. */
Error *audit_keys_parse(Arena *arena, Str text, AuditKeys *ret_keys) MUST_CHECK;

/* The keys of this process, for writing and by default for verifying. Before its threads start. */
void audit_use_keys(const AuditKeys *keys);
const AuditKeys *audit_keys(void);

/* What happened; who and when are filled in from the principal and the clock. `count` -1: does not
 * apply; `reason` and `details` (a JSON object) may be NULL. Needs an open write transaction. */
typedef struct AuditNote {
    Uuid owner_id;
    const char *action;
    const char *object_kind;
    Uuid object_id;
    int64_t count;
    const char *reason;
    const char *details;
} AuditNote;

/* ERROR_UNAVAILABLE where the chain was sealed with a key that this process does not write with, or is not
 * sealed although it writes with one: an entry of ours would hide what was done to those before it. */
Error *audit_write(Arena *arena, Db *db, const Principal *who, AuditNote note) MUST_CHECK;

/* Would audit_write refuse for that reason, in the system's chain? For a start that should fail early. */
Error *audit_check_keys(Arena *arena, Db *db) MUST_CHECK;

/* --- for those who verify and seal -------------------------------------------------------------- */

/* What the entry's digest must be, behind an entry with this digest. `key` NULL: without one. */
Digest audit_digest(Arena *arena, const AuditEvent *event, const Digest *before,
                    const AuditKey *key);
Digest audit_seal(const AuditHead *head, const AuditKey *key);

/* Puts an entry behind the head that was locked, whatever its seal says. */
Error *audit_put(Arena *arena, Db *db, const AuditHead *head, const Principal *who, AuditNote note)
    MUST_CHECK;

#endif
