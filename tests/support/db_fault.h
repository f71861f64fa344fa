/* A driver that stands in front of another, counts its calls, and fails the nth on purpose. */
#ifndef OBLIGOR_TESTS_DB_FAULT_H
#define OBLIGOR_TESTS_DB_FAULT_H

#include "fixture.h"

typedef enum FaultPoint {
    FAULT_BEGIN,
    FAULT_COMMIT,
    FAULT_RUN,
    FAULT_QUERY,
    FAULT_NEXT,
    FAULT_SCRIPT,
    FAULT_POINT_COUNT
} FaultPoint;

typedef struct Fault Fault;

/* Takes ownership of `db` and gives a session that behaves like it until a fault is armed. *ret_fault
 * lives as long as that session. */
Db *fault_wrap(Db *db, Fault **ret_fault);

/* From now on the nth call (1: the next) fails with `code`, before the engine sees it, and no other;
 * 0: none. The counts start anew. */
void fault_arm(Fault *fault, int64_t nth, ErrorCode code);
bool fault_fired(const Fault *fault);
int64_t fault_calls(const Fault *fault, FaultPoint point);
int64_t fault_open_cursors(const Fault *fault);
#define FAULT_MESSAGE "The database failed on purpose."

/* Work on a session without a transaction, which it opens itself where it writes. */
typedef Error *(*FaultOperation)(Arena *arena, Db *db, void *context);

/* Runs the operation with its first call failing, then with its second, until it passes. After each
 * failure: its error is the one made here, no transaction and no cursor is open, the database is as it
 * was, and the same session still works. Gives the number of calls of the run that passed, whose effect
 * stays. */
int64_t fault_every(const Fixture *f, FaultOperation operation, void *context);

#endif
