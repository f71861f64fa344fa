/* Typed readers. Each message says what would have been right; what was sent is shown only in so
 * far as the client needs it, cut and without control characters. */
#include "http/params.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "model/words.h"

#include <math.h>
#include <stdarg.h>

static Param *find(Params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (str_is(params->items[i].name, name))
            return &params->items[i];
    return NULL;
}

const Param *params_find(Params *params, const char *name)
{
    Param *param = find(params, name);
    if (param == NULL)
        return NULL;
    param->used = true;
    if (param->type == PARAM_NULL || (param->value.len == 0 && !params->strict))
        return NULL;
    return param;
}

bool params_has(Params *params, const char *name)
{
    return params_find(params, name) != NULL;
}

bool params_is_null(Params *params, const char *name)
{
    Param *param = find(params, name);
    if (param == NULL || param->type != PARAM_NULL)
        return false;
    param->used = true;
    return true;
}

void params_wrong(Params *params, const char *name, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(params->arena, format, arguments);
    va_end(arguments);
    error_field_add(params->arena, &params->errors, name, code, "%s", message);
}

bool params_need(Params *params, const char *name)
{
    const Param *param = params_find(params, name);
    if (param != NULL && param->value.len + (param->type == PARAM_OTHER) > 0)
        return true;
    params_wrong(params, name, "missing", "%s is missing.", name);
    return false;
}

static const char *shown(const Params *params, const Param *param)
{
    return json_shown(params->arena, param->value);
}

bool params_bool(Params *params, const char *name, bool otherwise)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    const Param *param = params_find(params, name);
    if (param == NULL)
        return otherwise;
    int found =
        param->type == PARAM_OTHER ? -1 : words_find_fold(words, ARRAY_COUNT(words), param->value);
    if (found >= 0)
        return found % 2 == 1;
    params_wrong(params, name, "not_a_boolean",
                 "%s must be true or false (or 1/0, yes/no, on/off), not \"%s\".", name,
                 shown(params, param));
    return otherwise;
}

static bool is_numeric(const Param *param)
{
    return param->type == PARAM_TEXT || param->type == PARAM_NUMBER;
}

int64_t params_int(Params *params, const char *name, int64_t low, int64_t high, int64_t otherwise)
{
    const Param *param = params_find(params, name);
    int64_t value;
    if (param == NULL)
        return otherwise;
    if (is_numeric(param) && number_parse_int(param->value, low, high, &value))
        return value;
    if (high == INT64_MAX)
        params_wrong(params, name, "not_a_whole_number",
                     "%s must be a whole number of at least %lld, not \"%s\".", name,
                     (long long)low, shown(params, param));
    else
        params_wrong(params, name, "not_a_whole_number",
                     "%s must be a whole number from %lld to %lld, not \"%s\".", name,
                     (long long)low, (long long)high, shown(params, param));
    return otherwise;
}

double params_real(Params *params, const char *name, double low, double high, double otherwise)
{
    const Param *param = params_find(params, name);
    double value;
    if (param == NULL)
        return otherwise;
    if (is_numeric(param) && number_parse(param->value, &value) == NUMBER_OK && value >= low &&
        value <= high)
        return value;
    params_wrong(params, name, "not_a_number", "%s must be a number from %g to %g, not \"%s\".",
                 name, low, high, shown(params, param));
    return otherwise;
}

int64_t params_time(Params *params, const char *name, int64_t otherwise)
{
    const Param *param = params_find(params, name);
    int64_t time;
    if (param == NULL)
        return otherwise;
    if (param->type == PARAM_TEXT && time_parse(param->value, &time))
        return time;
    params_wrong(params, name, "not_a_time",
                 "%s must be a time such as 2026-01-31T12:00:00Z or a date such as 2026-01-31, "
                 "not \"%s\".",
                 name, shown(params, param));
    return otherwise;
}

bool params_uuid(Params *params, const char *name, Uuid *ret_uuid)
{
    const Param *param = params_find(params, name);
    if (param == NULL)
        return false;
    if (param->type == PARAM_TEXT && uuid_parse(param->value, ret_uuid))
        return true;
    params_wrong(params, name, "not_an_id", "%s must be an id (a UUID), not \"%s\".", name,
                 shown(params, param));
    return false;
}

static bool has_control(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return true;
    return false;
}

Str params_text(Params *params, const char *name, size_t max)
{
    const Param *param = params_find(params, name);
    if (param == NULL)
        return STR("");
    Str text = str_trim(param->value);
    if (param->type != PARAM_TEXT)
        params_wrong(params, name, "not_a_text", "%s must be a text.", name);
    else if (has_control(text))
        params_wrong(params, name, "control_character", "%s holds a control character.", name);
    else if (utf8_length(text) > max)
        params_wrong(params, name, "too_long", "%s may have at most %zu characters.", name, max);
    else
        return text;
    return STR("");
}

Str params_secret(Params *params, const char *name, size_t max_bytes)
{
    const Param *param = params_find(params, name);
    if (param == NULL)
        return STR("");
    if (param->type != PARAM_TEXT)
        params_wrong(params, name, "not_a_text", "%s must be a text.", name);
    else if (param->value.len > max_bytes)
        params_wrong(params, name, "too_long", "%s may have at most %zu bytes.", name, max_bytes);
    else
        return param->value;
    return STR("");
}

static int find_word(Params *params, const char *name, Str word, const char *const *words,
                     size_t count)
{
    int found = words_find_fold(words, count, word);
    if (found < 0)
        params_wrong(params, name, "not_allowed", "%s must be %s, not \"%s\".", name,
                     words_list(params->arena, words, count), json_shown(params->arena, word));
    return found;
}

int params_word(Params *params, const char *name, const char *const *words, size_t count,
                int otherwise)
{
    const Param *param = params_find(params, name);
    if (param == NULL)
        return otherwise;
    int found = find_word(params, name, str_trim(param->value), words, count);
    return found < 0 ? otherwise : found;
}

size_t params_list(Params *params, const char *name, Str *ret_items, size_t max)
{
    const Param *param = params_find(params, name);
    if (param == NULL)
        return 0;
    Str rest = param->value, item;
    size_t count = 0;
    while (str_next(&rest, ',', &item)) {
        item = str_trim(item);
        if (item.len == 0 || count == max) {
            params_wrong(params, name, item.len == 0 ? "empty_value" : "too_many_values",
                         "%s must be 1 to %zu values separated by commas, none of them empty.",
                         name, max);
            return 0;
        }
        ret_items[count++] = item;
    }
    return count;
}

unsigned params_words(Params *params, const char *name, const char *const *words, size_t count)
{
    Str items[32];
    unsigned bits = 0;
    CHECK(count <= 32);
    size_t found = params_list(params, name, items, ARRAY_COUNT(items));
    for (size_t i = 0; i < found; i++) {
        int word = find_word(params, name, items[i], words, count);
        if (word >= 0)
            bits |= 1u << word;
    }
    return bits;
}

Error *params_check(Params *params)
{
    params->checked = true;
    for (size_t i = 0; params->strict && i < params->count; i++)
        if (!params->items[i].used)
            error_field_add(params->arena, &params->errors,
                            json_shown(params->arena, params->items[i].name), "unknown_parameter",
                            "There is no parameter \"%s\" here.",
                            json_shown(params->arena, params->items[i].name));
    Error *error = error_from_fields(params->arena, params->errors);
    return error == NULL ? NULL : error_with_reason(error, "invalid_parameters");
}
