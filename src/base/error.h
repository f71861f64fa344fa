/* Errors. A function that can fail in more than one way returns `Error *`; NULL is success. An error
 * lives in the arena it was made in. `message` is a sentence for a person and never holds a path, SQL
 * or the text of a library; what only the operator may read is in `cause`, which is logged once, by
 * the http, worker or cli floor, and never sent to a client. */
#ifndef OBLIGOR_BASE_ERROR_H
#define OBLIGOR_BASE_ERROR_H

#include "base/arena.h"
#include "base/str.h"

typedef enum ErrorCode {
    ERROR_INVALID,         /* what was sent is understood but wrong: 422 */
    ERROR_MALFORMED,       /* what was sent cannot be read: 400 */
    ERROR_UNAUTHENTICATED, /* nobody is signed in: 401 */
    ERROR_DENIED,          /* signed in, not allowed: 403 */
    ERROR_NOT_FOUND,       /* not there, or not yours: 404 */
    ERROR_CONFLICT,        /* the state forbids it: 409 */
    ERROR_GONE,            /* was there, is deleted: 410 */
    ERROR_CHANGED,         /* no longer what was previewed: 412 */
    ERROR_TOO_LARGE,       /* beyond a limit: 413 */
    ERROR_UNSUPPORTED,     /* a wrong kind of content: 415 */
    ERROR_TOO_MANY,        /* too fast: 429 */
    ERROR_BUSY,            /* a lock or a queue is full; trying again helps: 503 */
    ERROR_UNAVAILABLE,     /* the database or the disk is away: 503 */
    ERROR_INTERNAL,        /* our fault: 500 */
    ERROR_CODE_COUNT
} ErrorCode;

/* One wrong field of an input. `code` is a word for programs, `message` a sentence. */
typedef struct ErrorField {
    const char *field;
    const char *code;
    const char *message;
    struct ErrorField *next;
} ErrorField;

typedef struct Error {
    ErrorCode code;
    const char *reason; /* a word for programs, such as "job_processing"; NULL: the code's word */
    const char *message;
    const char *extra_json; /* further members of the problem answer: `"a": 1, "b": 2`, or NULL */
    const char *file;       /* where it was made */
    int line;
    ErrorField *fields;  /* in the order they were found */
    struct Error *cause; /* for the log only */
} Error;

#define MUST_CHECK __attribute__((warn_unused_result))

/* Makes an error here. The message is a printf format. */
#define ERROR(arena, code, ...) error_new((arena), (code), __FILE__, __LINE__, __VA_ARGS__)

/* Returns early with the error of `expression`, if there is one. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        Error *try_error_ = (expression);                                                          \
        if (try_error_ != NULL)                                                                    \
            return try_error_;                                                                     \
    } while (0)

Error *error_new(Arena *arena, ErrorCode code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6), returns_nonnull));

/* Both give back `error`, so that they can be written in a return statement. */
Error *error_because(Error *error, Error *cause);
Error *error_with_reason(Error *error, const char *reason);

/* Adds a wrong field to *list_end's list; used while collecting, before the error is made. */
void error_field_add(Arena *arena, ErrorField **list, const char *field, const char *code,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ERROR_INVALID with these fields, or NULL when there are none. The message is the first field's. */
Error *error_from_fields(Arena *arena, ErrorField *fields) MUST_CHECK;

/* A deep copy in another arena: for an error that outlives a rewind. NULL gives NULL. */
Error *error_copy(Arena *arena, const Error *error);

const char *error_word(ErrorCode code); /* "not_found" */

/* True for an error with this reason; NULL has none. */
bool error_is(const Error *error, const char *reason);

/* Reason of ERROR_BUSY where the same transaction, tried again, is likely to succeed: a deadlock that the
 * database resolved, a serialisation failure. */
#define ERROR_RETRY "retry"

/* The whole chain in one line, for the log: "message [file:line] <- cause [file:line]". */
const char *error_chain(Arena *arena, const Error *error);

/* ERROR_TOO_LARGE once the arena is past its soft cap. */
Error *arena_room(Arena *arena) MUST_CHECK;

#endif
