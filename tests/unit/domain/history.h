/* Truth by model: what the parts of test_history.c share.
 *
 * A history is a list of steps: everything that people and workers do. A step says in plain numbers what is done,
 * to what was made by which step, whether a call to the database fails meanwhile, and how far the clock goes
 * before it. So a list means the same when steps are taken out of it, and a shorter one can be tried.
 *
 *   history_model.c   what is so: versions of keys, jobs, deletions, a queue; so small that it can be believed
 *   history_look.c    the database is as the model says
 *   history_make.c    steps that make something: uploads, predictions by hand
 *   history_undo.c    steps that take something away or bring it back
 *   history_work.c    the worker's steps
 *   history_plan.c    steps by chance, from a seed, and as text
 *   history_known.c   histories that failed once
 *   history_shrink.c  the shortest list that still fails */
#ifndef OBLIGOR_UNIT_DOMAIN_HISTORY_H
#define OBLIGOR_UNIT_DOMAIN_HISTORY_H

#include "world.h"

enum {
    COMPANIES = 3,
    YEARS = 2, /* of quarterly ones: quarters */
    OWNERS = 2,
    VERSIONS_MAX = 1000,
    JOBS_MAX = 64,
    DELETIONS_MAX = 64,
    LINES_MAX = 8,
    QUEUED_MAX = JOBS_MAX + DELETIONS_MAX * 2,
    STEPS_MAX = 200
};

/* --- steps ------------------------------------------------------------------------------------ */

typedef enum StepKind {
    STEP_UPLOAD,     /* lines, a limit of failed rows, and flags */
    STEP_WORK,       /* the owner's first task, or with FLAG_ALL all of them */
    STEP_CREATE,     /* by hand, at a company and year */
    STEP_EDIT,       /* of a version */
    STEP_TAKE_BACK,  /* the figures of a version come back */
    STEP_DELETE_ROW, /* of a version: its key, or with FLAG_THIS it alone */
    STEP_DELETE_JOB,
    STEP_CANCEL,
    STEP_RESTORE, /* of a deletion */
    STEP_PURGE,   /* by filter: a company, a year, or the rows of a job */
    STEP_COMPANY, /* deletes one */
    STEP_TRIP,    /* a job goes and comes back: nothing is left of that */
    STEP_RETRACT, /* an upload, and its deletion: likewise */
    STEP_KIND_COUNT
} StepKind;

enum {
    FLAG_REPLACE = 1,
    FLAG_SKIP = 2,
    FLAG_UNDO = 4, /* on_error */
    FLAG_DRY = 8,
    FLAG_QUARTERLY = 16,
    FLAG_CASCADE = 32, /* with predictions */
    FLAG_EDITED = 64,
    FLAG_ORPHANS = 128,
    FLAG_THIS = 256,
    FLAG_ALL = 512,
    FLAG_COUNT = 10
};

typedef struct Step {
    StepKind kind;
    int number; /* its name */
    int owner;
    int of;  /* the step that made what it is about; 0: none */
    int row; /* of an upload: which line made the row, from 1 */
    unsigned flags;
    int company; /* -1: any */
    int year;    /* -1: any */
    int value;
    int limit;                     /* max_failed_rows */
    int cut;                       /* the nth call to the database fails; 0: none does */
    int stop;                      /* the watch says stop before the nth batch; 0: never */
    int batch;                     /* rows a batch; 0: as ever */
    int wait;                      /* µs that pass before it */
    char lines[LINES_MAX * 4 + 1]; /* "A0=1B2=x": company, year, value or a row that fails */
} Step;

/* --- the model -------------------------------------------------------------------------------- */

typedef enum Fate {
    THERE,
    ARCHIVED, /* by a deletion */
    LOST      /* with an import that was undone */
} Fate;

typedef struct Version {
    Fate fate;
    int owner;
    Kind kind;
    int company;
    int year;
    int value;
    int made_by; /* the step, and its line */
    int line;
    int job;  /* index; -1: by hand */
    int root; /* the job at the bottom; -1: none */
    const struct Version *derived;
    Source source;
    int archive;      /* index of the deletion, where it is archived */
    uint64_t retired; /* bit n: deletion n left it behind */
    bool known;       /* its id and all the rest were seen */
    Prediction fact;  /* as it was seen first */
} Version;

typedef struct ModelJob {
    Uuid id;
    int made_by;
    int owner;
    Kind kind;
    JobStatus status;
    JobStatus before; /* what it was when it was deleted */
    bool hidden;
    bool cancel;
    bool applied;  /* its batch is committed; its end may be to come */
    bool settling; /* as the database says */
    ImportOptions options;
    struct {
        int company, year, value; /* value -1: a row that fails */
    } lines[LINES_MAX];
    int line_count;
    int good, failed, skipped, unchanged, replaced;
    int deletion; /* its latest; -1: none */
} ModelJob;

typedef struct ModelDeletion {
    Uuid id;
    int made_by;
    int owner;
    DeletionSubject subject;
    int job; /* -1: none */
    bool record_only, edited, orphans;
    bool restoring;    /* its phase is restore */
    bool done;         /* with the phase */
    bool settled_late; /* there were passes behind the first transaction */
    Kind kind;         /* of a filter; likewise what follows */
    int company;       /* -1: any */
    int year;
    int of_job;
    int64_t at;
    DeletionCounts expected; /* of a job */
    int former;              /* of a restoration: how many go behind newer ones; -1: not foretold */
    int owner_steps;         /* of its owner when that was foretold */
    bool alone;              /* no other task of its owner was to be done then */
} ModelDeletion;

typedef struct Queued {
    int owner;
    int job; /* an import; else -1 */
    int deletion;
} Queued;

typedef struct History {
    World *w;
    Db *looker; /* a session that no cut ends: its statements are prepared once */
    const Principal *people[OWNERS];
    const Step *step; /* the one that is done */
    uint64_t noise;   /* what to look at */
    Version versions[VERSIONS_MAX];
    int version_count;
    ModelJob jobs[JOBS_MAX];
    int job_count;
    ModelDeletion deletions[DELETIONS_MAX];
    int deletion_count;
    Queued queue[QUEUED_MAX];
    int queue_count;
    bool left_behind;        /* a current version was deleted alone */
    bool marked[OWNERS];     /* companies may be deleted */
    int64_t latest;          /* that a clock showed before it was set back */
    int owner_steps[OWNERS]; /* how many were done */
    Arena *facts;
    bool small; /* what is planned goes in batches of a row or two */
    int steps;
    int cuts;
} History;

/* A place for a value. */
typedef struct Key {
    int owner;
    Kind kind;
    int company;
    int year;
} Key;

extern const char *const HISTORY_SYMBOLS[COMPANIES];

const Principal *history_person(const History *h, int owner);
Kind history_kind(const Step *step);
Key history_key(const Version *version);
bool history_in_key(const Version *version, Key key);

bool history_visible(const History *h, const Version *version);
Version *history_newest(History *h, Key key);  /* that can be seen; NULL: none */
Version *history_current(History *h, Key key); /* the newest, unless it is retired */

/* Versions are on their way back here, or away: what is current is known when that is over. */
bool history_unsettled(const History *h, Key key);

/* Whoever writes there finds it as if it were settled: only versions of hidden jobs are on their way. */
bool history_foreseen(const History *h, Key key);

bool history_owner_unsettled(const History *h, int owner);

Version *history_add(History *h, Key key, int value);
bool history_company_id(const History *h, int owner, int company, Uuid *ret_id);
int history_rows_left(const History *h, int job);
bool history_is_edit_of(const Version *version, int job);
int history_job_by_step(const History *h, int step);
int history_deletion_by_step(const History *h, int step);
Version *history_version_by_step(History *h, int step, int row);

void history_enqueue(History *h, Queued queued);
void history_unqueue(History *h, int job, int deletion); /* either -1 */
int history_first_task(const History *h, int owner);     /* -1: none */

/* An import's only batch, row by row, and the end that it comes to. */
void history_apply_batch(History *h, int job);
JobStatus history_end_of_import(const ModelJob *job);
bool history_takes_back(const ModelJob *job);

/* Does a purge by filter or the deletion of a company take the key, as it is now? */
bool history_is_chosen(History *h, const ModelDeletion *deletion, Key key);

/* --- the parts -------------------------------------------------------------------------------- */

void history_look(History *h);     /* behind each step */
void history_look_all(History *h); /* at all of it */
void history_learn(History *h, Version *version, const Prediction *seen);
size_t history_value_ratio(Kind kind);

/* A database call may fail in what comes. True when it did: the sessions are new. */
void history_arm(History *h);
bool history_was_cut(History *h, const Error *error);

void history_upload(History *h);
void history_create(History *h);
void history_edit(History *h);
void history_take_back(History *h);
void history_delete_row(History *h);
void history_delete_job(History *h);
void history_cancel(History *h);
void history_restore(History *h);
void history_purge(History *h);
void history_company(History *h);
void history_trip(History *h);
void history_retract(History *h);
void history_work(History *h);
void history_work_all(History *h, int owner);

/* A deletion that the database has accepted. */
ModelDeletion *history_add_deletion(History *h, const Deletion *deletion, int owner);

/* With two people of whom there is nothing yet, in the saved world or, which is cheaper, in the one that is there. The
 * rest fails where model and database part. */
void history_begin(History *h, World *w, bool anew);
void history_do(History *h, const Step *step);
void history_finish(History *h);

/* What comes next, by chance. */
Step history_plan(History *h, uint64_t *seed, int number);

/* Lists that failed once. */
typedef struct KnownHistory {
    const Step *steps;
    size_t count;
} KnownHistory;
extern const KnownHistory HISTORY_KNOWN[];
extern const size_t HISTORY_KNOWN_COUNT;

/* As it is written in a test. */
void history_print(const Step *steps, size_t count);

/* The smallest list that still fails, printed. The world is saved; nothing is connected meanwhile. */
void history_shrink(World *w, History *h, const Step *steps, size_t count);

#endif
