/* A job: one bulk upload, its life and its counters. */
#ifndef OBLIGOR_MODEL_JOB_H
#define OBLIGOR_MODEL_JOB_H

#include "base/crypto.h"
#include "base/uuid.h"
#include "model/kind.h"

/* jobs-and-deletion.md, "Job life cycle". Words are stored; domain/jobs.h holds the transitions. */
typedef enum JobStatus {
    JOB_RECEIVING,
    JOB_PENDING,
    JOB_PROCESSING,
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_UNDOING,
    JOB_DELETING,
    JOB_DELETED,
    JOB_RESTORING,
    JOB_STATUS_COUNT
} JobStatus;
extern const char *const JOB_STATUS_WORDS[JOB_STATUS_COUNT];

typedef enum OnDuplicate {
    DUPLICATE_REJECT,
    DUPLICATE_SKIP,
    DUPLICATE_REPLACE,
    DUPLICATE_COUNT
} OnDuplicate;
extern const char *const ON_DUPLICATE_WORDS[DUPLICATE_COUNT];

typedef enum OnError { ON_ERROR_KEEP, ON_ERROR_UNDO, ON_ERROR_COUNT } OnError;
extern const char *const ON_ERROR_WORDS[ON_ERROR_COUNT];

typedef enum CapUnit { CAP_USD, CAP_MILLIONS, CAP_UNIT_COUNT } CapUnit;
extern const char *const CAP_UNIT_WORDS[CAP_UNIT_COUNT];

/* What stands before the decimals of a file's numbers. */
typedef enum DecimalMark { DECIMAL_POINT, DECIMAL_COMMA, DECIMAL_MARK_COUNT } DecimalMark;
extern const char *const DECIMAL_MARK_WORDS[DECIMAL_MARK_COUNT];

/* What the uploader chose. Stored with the job as JSON (format/options_json.h). */
typedef struct ImportOptions {
    OnDuplicate on_duplicate;
    OnError on_error;
    int64_t max_failed_rows; /* -1: no limit; 0: all or nothing */
    bool dry_run;
    bool update_companies;
    CapUnit market_cap_unit;
    char delimiter;       /* 0: found by itself */
    const char *sheet;    /* name or number of one of a workbook; NULL: the first that is shown */
    const char *encoding; /* a name of format/text_encoding.h, static; NULL: found by itself */
    DecimalMark decimal;
} ImportOptions;

enum { SHEET_OPTION_MAX = 255 }; /* characters */

#define IMPORT_OPTIONS_DEFAULT ((ImportOptions){.max_failed_rows = -1})

typedef struct JobCounters {
    int64_t total; /* rows of the file without the header; -1 until known */
    int64_t processed;
    int64_t successful; /* predictions made */
    int64_t failed;
    int64_t skipped;
    int64_t unchanged;
    int64_t replaced; /* of the successful ones, those that displaced a version */
    int64_t warnings;
    int64_t companies;  /* companies made */
    int64_t removed;    /* rows that it made and that are gone since */
    int64_t resume_row; /* the last row that is dealt with, as a spreadsheet numbers it */
    int64_t bytes_done; /* of the file, for the progress before the total is known */
} JobCounters;

typedef struct Job {
    Uuid id;
    Uuid owner_id;
    Uuid user_id;
    Kind kind;
    JobStatus status;
    JobStatus status_before; /* of a deleting or deleted job: its former resting state */
    bool hides_rows;
    bool hides_inferred;
    bool cancel_requested;
    bool settling; /* versions that its rows displaced are on their way back, or away again */
    int64_t revision;
    ImportOptions options;
    const char *original_filename;
    int64_t file_size;
    Digest file_sha256;
    Uuid model_id;
    JobCounters counters;
    const char *error_message; /* NULL: none */
    int64_t created_at;
    int64_t started_at; /* 0: not yet; likewise below */
    int64_t completed_at;
    int64_t updated_at;
    int64_t deleted_at;
    int64_t inferred_rows;  /* with an inferred link: of adopted jobs alone */
    int64_t last_row_at;    /* created_at of the newest of its rows */
    Uuid retry_of;          /* the job that it mends; nil: none */
    const char *note;       /* NULL: none */
    const char *legal_hold; /* the reason; NULL: none */
    Uuid legal_hold_by;
    int64_t legal_hold_at;
    /* Looked up with the row: */
    const char *user_email;
    const char *user_name; /* user name, else the full name, else the address */
    const char *model_name;
    const char *model_version;
    const char *legal_hold_email; /* of who set it; NULL: unknown user, or no hold */
    /* Found out by who runs the import: */
    bool replaces_others; /* its user may change what others made for this owner */
} Job;

/* Rows that it made and that are there: hidden ones too. */
int64_t job_rows_left(const Job *job);

#endif
