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
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "B2=1"},
    {STEP_UPLOAD, .number = 2, .limit = -1, .wait = 1, .flags = FLAG_REPLACE, .lines = "B2=3"},
    {STEP_WORK, .number = 3, .wait = 1, .flags = FLAG_ALL},
    {STEP_DELETE_ROW, .number = 4, .of = 2, .row = 1, .wait = 1, .flags = FLAG_THIS},
    {STEP_RESTORE, .number = 5, .of = 4, .wait = 1},
    {STEP_DELETE_JOB, .number = 6, .of = 2, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_WORK, .number = 7, .wait = 1, .flags = FLAG_ALL},
    {STEP_RESTORE, .number = 8, .of = 6, .wait = 1},
};

/* The same of a purge. */
static const Step PURGED_INTO_A_HIDDEN_JOB[] = {
    {STEP_RETRACT, .number = 1, .limit = -1, .wait = 1, .lines = "B2=1"},
    {STEP_RETRACT, .number = 6, .limit = -1, .wait = 1, .lines = "B2=3"},
    {STEP_RESTORE, .number = 7, .of = 6, .wait = 1},
    {STEP_PURGE, .number = 9, .of = 6, .company = 1, .year = -1, .wait = 1},
    {STEP_RESTORE, .number = 12, .of = 1, .wait = 1},
    {STEP_TRIP, .number = 13, .of = 6, .wait = 1, .flags = FLAG_CASCADE},
    {STEP_RESTORE, .number = 15, .of = 9, .wait = 1},
    {STEP_DELETE_JOB, .number = 26, .of = 6, .wait = 1, .flags = FLAG_CASCADE},
};

/* The clock was set back behind a deletion that was taken back: the next one was not the latest. */
static const Step EARLIER_THAN_THE_LAST[] = {
    {STEP_UPLOAD, .number = 1, .limit = -1, .wait = 1, .lines = "B2=2"},
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
};
const size_t HISTORY_KNOWN_COUNT = ARRAY_COUNT(HISTORY_KNOWN);
