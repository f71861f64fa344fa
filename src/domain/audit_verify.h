/* Verifying chains of the audit trail: streamed, in constant memory, up to the first fault of each. */
#ifndef OBLIGOR_DOMAIN_AUDIT_VERIFY_H
#define OBLIGOR_DOMAIN_AUDIT_VERIFY_H

#include "domain/audit.h"

typedef enum AuditFault {
    AUDIT_WHOLE,
    AUDIT_ALTERED,     /* an entry is not what was written */
    AUDIT_REMOVED,     /* entries are missing, in the middle or, as the head tells, at the end */
    AUDIT_INSERTED,    /* entries stand there that were not written */
    AUDIT_REORDERED,   /* two entries stand in each other's place */
    AUDIT_HEAD_WRONG,  /* the head does not fit the chain's end */
    AUDIT_UNSEALED,    /* written without the key, behind entries that were not, or at the end */
    AUDIT_UNKNOWN_KEY, /* written with a key that is not given */
    AUDIT_CUT,         /* the chain ends before a noted head */
    AUDIT_REWRITTEN,   /* the chain is another one than that of a noted head */
    AUDIT_FAULT_COUNT
} AuditFault;
extern const char *const AUDIT_FAULT_WORDS[AUDIT_FAULT_COUNT];

/* What came of one chain. */
typedef struct AuditFinding {
    Uuid owner_id;
    AuditFault fault;
    int64_t seq;     /* the entry that the fault is at */
    int64_t to;      /* the last one that is missing or inserted; the other one of two */
    int64_t checked; /* entries that were found whole */
    bool over;       /* the end or a fault was reached; else there is more behind them */
} AuditFinding;

/* A sentence: "Entry 5 is not what was written." */
const char *audit_finding_text(Arena *arena, const AuditFinding *finding);

/* A head that was noted elsewhere. */
typedef struct AuditNoted {
    Uuid owner_id;
    int64_t seq;
    Digest digest;
} AuditNoted;

/* Reads lines as `obligor audit head` or the log writes them: owner, number, digest, and what else there is. Sorted by
 * owner and number. ERROR_INVALID names the line. */
Error *audit_noted_parse(Arena *arena, Str text, AuditNoted **ret_noted, size_t *ret_count)
    MUST_CHECK;

typedef struct AuditVerifying {
    const AuditKeys *keys;
    const AuditNoted *noted; /* sorted */
    size_t noted_count;
    bool any_end;  /* the end need not be sealed with the present key */
    int64_t limit; /* entries in one go; 0: to the end */
} AuditVerifying;

/* Where the noted heads of this owner begin; without any, those of the next one. */
size_t audit_noted_of(const AuditVerifying *how, Uuid owner_id);

/* Where verifying one chain stands; {owner_id} begins. */
typedef struct AuditPlace {
    Uuid owner_id;
    int64_t seq; /* verified up to this entry, … */
    Digest digest;
} AuditPlace;

/* Goes on from *place, which moves on. ERROR_CHANGED when *place is of another chain than this. */
Error *audit_verify_some(Arena *arena, Db *db, const AuditVerifying *how, AuditPlace *place,
                         AuditFinding *ret_finding) MUST_CHECK;

typedef struct AuditReport {
    int64_t chains;
    int64_t entries;
    AuditFinding *faults; /* one for each chain that is not whole */
    size_t fault_count;
    int64_t sealed; /* chains, by audit_seal_all */
} AuditReport;

/* All chains of the database, and those of which a head was noted. */
Error *audit_verify(Arena *arena, Db *db, const AuditVerifying *how, AuditReport *ret_report)
    MUST_CHECK;

/* Seals what was written without the key, or with a former one, by an entry with the present one in each
 * chain: once all of it was verified, and the system's chain last, if no chain has a fault. Where that one is
 * sealed with the present key already, another that is not is a fault. */
Error *audit_seal_all(Arena *arena, Db *db, const Principal *who, AuditReport *ret_report)
    MUST_CHECK;

#endif
