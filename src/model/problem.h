/* A problem with one row of an upload: a value, not an error. The row fails or is warned about; the
 * import goes on. */
#ifndef OBLIGOR_MODEL_PROBLEM_H
#define OBLIGOR_MODEL_PROBLEM_H

#include "base/str.h"

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_COUNT } Severity;
extern const char *const SEVERITY_WORDS[SEVERITY_COUNT];

typedef struct Problem {
    int64_t row; /* as a spreadsheet numbers it */
    Severity severity;
    const char *column;  /* NULL: the row as a whole */
    const char *code;    /* a word for programs: "not_a_number" */
    const char *message; /* a sentence that names the value and what to do */
    Str value;           /* as it stood in the cell; cut to PROBLEM_VALUE_MAX bytes */
    Str raw;             /* the row's original text; stored once, with its first error */
} Problem;

enum { PROBLEM_VALUE_MAX = 200 };

#endif
