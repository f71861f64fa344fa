/* Histories that failed once, as they were printed, each under what was wrong. */
#include "history.h"

/* A job that had not begun was deleted and came back: nobody ran it any more. */
static const Step NOT_BEGUN[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "B0=0"},
    {STEP_DELETE_JOB, .number = 4, .of = 1, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_WORK, .number = 6, .wait = 1},
    {STEP_RESTORE, .number = 22, .of = 4, .wait = 1},
};

/* A single version was on its way back when its job was deleted: it took the key from the version below, and went
 * with its job, and nobody had the key. */
static const Step BACK_INTO_A_HIDDEN_JOB[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "B1=1"},
    {STEP_UPLOAD, .number = 2, .limit = -1, .wait = 1, .flags = FLAG_REPLACE, .lines = "B1=3"},
    {STEP_WORK, .number = 3, .wait = 1, .flags = FLAG_ALL},
    {STEP_DELETE_ROW, .number = 4, .of = 2, .row = 1, .wait = 1, .flags = FLAG_THIS},
    {STEP_RESTORE, .number = 5, .of = 4, .wait = 1},
    {STEP_DELETE_JOB, .number = 6, .of = 2, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_WORK, .number = 7, .wait = 1, .flags = FLAG_ALL},
    {STEP_RESTORE, .number = 8, .of = 6, .wait = 1},
};

/* The same of a purge. */
static const Step PURGED_INTO_A_HIDDEN_JOB[] = {
    {STEP_RETRACT, .number = 1, .limit = -1, .wait = 1, .lines = "B1=1"},
    {STEP_RETRACT, .number = 6, .limit = -1, .wait = 1, .lines = "B1=3"},
    {STEP_RESTORE, .number = 7, .of = 6, .wait = 1},
    {STEP_PURGE, .number = 9, .of = 6, .company = 1, .year = -1, .wait = 1},
    {STEP_RESTORE, .number = 12, .of = 1, .wait = 1},
    {STEP_TRIP, .number = 13, .of = 6, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_RESTORE, .number = 15, .of = 9, .wait = 1},
    {STEP_DELETE_JOB, .number = 26, .of = 6, .wait = 1, .flags = FLAG_CASCADE},
};

/* The clock was set back behind a deletion that was taken back: the next one was not the latest. */
static const Step EARLIER_THAN_THE_LAST[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "B1=2"},
    {STEP_TRIP, .number = 10, .of = 1, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_DELETE_JOB, .number = 22, .of = 1, .wait = -4000000},
    {STEP_DELETE_JOB, .number = 24, .of = 1, .wait = 1, .flags = FLAG_CASCADE},
};

/* A row came back to a job that was being deleted: more rows went than were expected. */
static const Step MORE_THAN_EXPECTED[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "A1=3B1=0C0=3"},
    {STEP_WORK, .number = 5, .wait = 1, .flags = FLAG_ALL},
    {STEP_DELETE_ROW, .number = 16, .of = 1, .row = 3, .wait = 1},
    {STEP_RESTORE, .number = 17, .of = 16, .wait = 1},
    {STEP_DELETE_JOB, .number = 18, .of = 1, .wait = 1, .flags = FLAG_CASCADE},
};

/* A company without predictions was deleted, and the deletion knew of none that was empty. */
static const Step EMPTY_COMPANY[] = {
    {STEP_RETRACT, .number = 2, .limit = -1, .wait = 1, .lines = "A0=1"},
    {STEP_COMPANY, .number = 13, .wait = 1},
};

/* A row came back behind a version that was deleted before the job of the row was shown: nobody had the key. */
static const Step GONE_BEFORE_IT_IS_SHOWN[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "C1=1A1=1"},
    {STEP_WORK, .number = 3, .wait = 1},
    {STEP_DELETE_JOB, .number = 7, .of = 1, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_WORK, .number = 8, .batch = 1, .wait = 1},
    {STEP_RESTORE, .number = 16, .of = 7, .wait = 1},
    {STEP_CREATE, .number = 19, .year = 1, .value = 2, .wait = 1, .flags = FLAG_REPLACE},
    {STEP_WORK, .number = 21, .stop = 3, .wait = 1},
    {STEP_DELETE_ROW, .number = 23, .of = 19, .wait = 1, .flags = FLAG_THIS},
};

/* The preview took the hidden row of another deletion for one that stays. */
static const Step LAST_BUT_HIDDEN[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "C0=3"},
    {STEP_UPLOAD, .number = 5, .limit = -1, .wait = 1, .lines = "C1=3"},
    {STEP_WORK, .number = 6, .wait = 1, .flags = FLAG_ALL},
    {STEP_DELETE_JOB, .number = 14, .of = 5, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_DELETE_JOB, .number = 19, .of = 1, .wait = 1, .flags = FLAG_CASCADE | FLAG_ORPHANS},
};

/* What was edited, and taken back, may be gone though nothing at its bottom is an upload. */
static const Step EDIT_OF_NOTHING[] = {
    {STEP_CREATE, .number = 6, .company = 1, .year = 1, .wait = 1, .flags = FLAG_REPLACE},
    {STEP_EDIT, .number = 7, .of = 6, .value = 1, .wait = 1},
    {STEP_TAKE_BACK, .number = 9, .of = 6, .wait = 1},
    {STEP_EDIT, .number = 11, .of = 9, .wait = 1},
    {STEP_DELETE_ROW, .number = 15, .of = 9, .wait = 1, .flags = FLAG_THIS},
    {STEP_RESTORE, .number = 17, .of = 15, .wait = 1},
    {STEP_DELETE_ROW, .number = 19, .of = 11, .wait = 1},
};

/* The preview looked at as many edits as are dealt with at once, and no further. */
static const Step MORE_EDITS_THAN_AT_ONCE[] = {
    {STEP_CREATE, .number = 1, .value = 2, .wait = 1},
    {STEP_UPLOAD, .number = 4, .limit = -1, .wait = 1, .flags = FLAG_REPLACE, .lines = "A0=3A1=1"},
    {STEP_WORK, .number = 10, .wait = 1},
    {STEP_EDIT, .number = 11, .of = 4, .row = 2, .wait = 1},
    {STEP_EDIT, .number = 22, .of = 4, .row = 1, .value = 1, .wait = 1},
    {STEP_DELETE_JOB, .number = 24, .of = 4, .batch = 1, .wait = 1,
     .flags = FLAG_CASCADE | FLAG_EDITED},
};

/* A company that had nothing of the upload any more but an edit. */
static const Step EDIT_ALONE[] = {
    {STEP_UPLOAD, .number = 2, .limit = -1, .wait = 1, .lines = "B1=3C1=2"},
    {STEP_WORK, .number = 6, .wait = 1},
    {STEP_EDIT, .number = 8, .of = 2, .row = 2, .value = 1, .wait = 1},
    {STEP_DELETE_ROW, .number = 18, .of = 2, .row = 2, .wait = 1, .flags = FLAG_THIS},
    {STEP_DELETE_JOB, .number = 19, .of = 2, .wait = 1,
     .flags = FLAG_CASCADE | FLAG_EDITED | FLAG_ORPHANS},
};

#define KNOWN(steps)                                                                               \
    {                                                                                              \
        steps, ARRAY_COUNT(steps)                                                                  \
    }

const KnownHistory HISTORY_KNOWN[] = {
    KNOWN(NOT_BEGUN),
    KNOWN(BACK_INTO_A_HIDDEN_JOB),
    KNOWN(PURGED_INTO_A_HIDDEN_JOB),
    KNOWN(EARLIER_THAN_THE_LAST),
    KNOWN(MORE_THAN_EXPECTED),
    KNOWN(EMPTY_COMPANY),
    KNOWN(GONE_BEFORE_IT_IS_SHOWN),
    KNOWN(LAST_BUT_HIDDEN),
    KNOWN(EDIT_OF_NOTHING),
    KNOWN(MORE_EDITS_THAN_AT_ONCE),
    KNOWN(EDIT_ALONE),
};
const size_t HISTORY_KNOWN_COUNT = ARRAY_COUNT(HISTORY_KNOWN);
