/* Named values from a query, a form or a JSON body, and typed readers for them. A reader gives the
 * value, or `otherwise` where the parameter is not there or is wrong; what is wrong is collected
 * and params_check makes one error of all of it, so that a client learns everything at once.
 *
 *     Params *query = &request->query;
 *     bool all = params_bool(query, "show_deleted", false);
 *     TRY(params_check(query)); */
#ifndef OBLIGOR_HTTP_PARAMS_H
#define OBLIGOR_HTTP_PARAMS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "format/json.h"

enum { PARAMS_MAX = 100, PARAM_VALUE_MAX = 4096 };

typedef enum ParamType { PARAM_TEXT, PARAM_NUMBER, PARAM_BOOL, PARAM_NULL, PARAM_OTHER } ParamType;

typedef struct Param {
    Str name;
    Str value;
    ParamType type; /* always PARAM_TEXT unless it comes from JSON */
    bool used;      /* a reader asked for it */
} Param;

typedef struct Params {
    Arena *arena;
    Param *items;
    size_t count;
    bool strict; /* it changes data: what nobody reads is an error, and so is an empty value */
    bool checked;
    ErrorField *errors;
} Params;

/* `text` as in "a=1&b=2", percent-encoded, with + for a space. ERROR_MALFORMED when it cannot be
 * decoded, is not good UTF-8, holds a NUL, or names a parameter twice. */
Error *params_parse(Arena *arena, Str text, bool strict, Params *ret_params) MUST_CHECK;

/* The members of one JSON object; arrays and objects in it are of PARAM_OTHER. Strict.
 * ERROR_INVALID when it is none. */
Error *params_from_json(Arena *arena, const JsonValue *value, Params *ret_params) MUST_CHECK;

/* Parses `body` and takes its members. */
Error *params_from_body(Arena *arena, Str body, Params *ret_params) MUST_CHECK;

/* Adds the members of a JSON body to parameters that are there already: they may come either way, but not both.
 * An array of texts and numbers stands for its values separated by commas. An empty body adds nothing. */
Error *params_add_body(Params *params, Str body) MUST_CHECK;

/* For those who put Params together themselves. */
void params_add(Params *params, Str name, Str value);

/* NULL: not there. A JSON null counts as not there; so does an empty value unless strict. Counts as
 * read. */
const Param *params_find(Params *params, const char *name);
bool params_has(Params *params, const char *name);

/* A JSON null, where that means something else than not to name it. Counts as read. */
bool params_is_null(Params *params, const char *name);

bool params_bool(Params *params, const char *name, bool otherwise);
int64_t params_int(Params *params, const char *name, int64_t low, int64_t high, int64_t otherwise);
double params_real(Params *params, const char *name, double low, double high, double otherwise);
int64_t params_time(Params *params, const char *name, int64_t otherwise);

/* False: not there, or no id. */
bool params_uuid(Params *params, const char *name, Uuid *ret_uuid);

/* Text of at most `max` characters without control characters, trimmed; empty when it is not
 * there. */
Str params_text(Params *params, const char *name, size_t max);

/* The same, as it stands: for passwords. */
Str params_secret(Params *params, const char *name, size_t max_bytes);

/* One of the words, in any case: its index. */
int params_word(Params *params, const char *name, const char *const *words, size_t count,
                int otherwise);

/* Words separated by commas: one bit for each; 0 when it is not there. */
unsigned params_words(Params *params, const char *name, const char *const *words, size_t count);

/* Texts separated by commas, trimmed, none empty; at most `max`. Returns how many. */
size_t params_list(Params *params, const char *name, Str *ret_items, size_t max);

/* Notes that something is wrong with a parameter, beyond what the readers find. */
void params_wrong(Params *params, const char *name, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Notes that it is missing, if it is; says whether it is there. */
bool params_need(Params *params, const char *name);

/* ERROR_INVALID with all that was found wrong and, when strict, with what nobody read. */
Error *params_check(Params *params) MUST_CHECK;

#endif
