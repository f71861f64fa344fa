/* Deletions of an owner as a list, newest first, with filters. */
#ifndef OBLIGOR_STORE_DELETION_LIST_H
#define OBLIGOR_STORE_DELETION_LIST_H

#include "model/deletion.h"
#include "store/db.h"

/* Bit of a state within a phase, for DeletionQuery.states. */
#define DELETION_STATE_BIT(phase, state) (1u << ((phase)*DELETION_STATE_COUNT + (state)))
#define DELETION_STATES_ALL              ((1u << PHASE_COUNT * DELETION_STATE_COUNT) - 1)
#define DELETION_SUBJECTS_ALL            ((1u << SUBJECT_COUNT) - 1)

typedef struct DeletionQuery {
    Uuid owner_id;
    int64_t before_created_at; /* newest first: strictly before this key */
    Uuid before_id;
    unsigned states;   /* of DELETION_STATE_BIT */
    unsigned subjects; /* bit n: DeletionSubject n */
    bool has_job;
    Uuid job_id;
    bool has_user;
    Uuid user_id;
    int restorable; /* 1: those that can be restored `now`; -1: those that cannot; 0: all */
    int64_t now;
    int64_t limit;
} DeletionQuery;

Error *deletion_list(Arena *arena, Db *db, const DeletionQuery *query, Deletion **ret_deletions,
                     size_t *ret_count) MUST_CHECK;
Error *deletion_count(Arena *arena, Db *db, const DeletionQuery *query, int64_t *ret_count)
    MUST_CHECK;

#endif
