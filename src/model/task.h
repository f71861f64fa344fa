/* A task of the work queue. */
#ifndef OBLIGOR_MODEL_TASK_H
#define OBLIGOR_MODEL_TASK_H

#include "base/uuid.h"

typedef enum TaskKind {
    TASK_IMPORT,
    TASK_DELETION,           /* of a job's rows, or of keys */
    TASK_RESTORE,            /* of what a deletion removed */
    TASK_PURGE,              /* of a deletion's archive */
    TASK_PURGE_ORGANIZATION, /* of all that a deleted organization had */
    TASK_KIND_COUNT
} TaskKind;
extern const char *const TASK_KIND_WORDS[TASK_KIND_COUNT];

/* A lease lasts this long and is renewed at a third of it. */
enum { TASK_LEASE_SECONDS = 30, TASK_ATTEMPTS_MAX = 3 };

/* A row in the unit of task sizes, which is bytes of a file: 50,000 rows are about 4 MiB. */
enum { TASK_ROW_BYTES = 84 };

typedef struct Task {
    Uuid id;
    TaskKind kind;
    Uuid owner_id;
    Uuid object_id;   /* the job of an import, else the deletion */
    int64_t size;     /* bytes of the file, or rows: decides the lane */
    int64_t token;    /* fencing */
    int64_t attempts; /* claims without progress, this one included */
    int64_t position; /* where the last batch ended */
    int64_t accepted_at;
} Task;

#endif
