/* Where parameters come from. A name that stands twice is refused rather than resolved: whichever
 * value were taken, somebody would have meant the other one. */
#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "http/params.h"
#include "http/percent.h"

static Error *add_unique(Params *params, Param param)
{
    Arena *arena = params->arena;
    for (size_t i = 0; i < params->count; i++)
        if (str_equal(params->items[i].name, param.name))
            return ERROR(arena, ERROR_MALFORMED, "The parameter \"%s\" stands there twice.",
                         json_shown(arena, param.name));
    if (params->count == PARAMS_MAX)
        return ERROR(arena, ERROR_MALFORMED, "There are more than %d parameters.", PARAMS_MAX);
    if (params->items == NULL)
        params->items = ARENA_ARRAY(arena, Param, PARAMS_MAX);
    params->items[params->count++] = param;
    return NULL;
}

static Error *decode(Arena *arena, Str raw, Str *ret_text)
{
    if (!percent_decode(arena, raw, PERCENT_FORM, ret_text))
        return ERROR(arena, ERROR_MALFORMED,
                     "A parameter is not percent-encoded UTF-8: a %% must be followed by two hex "
                     "digits, and no NUL may be encoded.");
    return NULL;
}

Error *params_parse(Arena *arena, Str text, bool strict, Params *ret_params)
{
    *ret_params = (Params){.arena = arena, .strict = strict};
    Str pair;
    while (str_next(&text, '&', &pair)) {
        if (pair.len == 0)
            continue;
        size_t equals = pair.len;
        str_find(pair, '=', &equals);
        Param param = {.type = PARAM_TEXT};
        TRY(decode(arena, str_slice(pair, 0, equals), &param.name));
        TRY(decode(arena, str_slice(pair, equals + 1, pair.len), &param.value));
        TRY(add_unique(ret_params, param));
    }
    return NULL;
}

static Param from_member(Arena *arena, const JsonMember *member)
{
    Param param = {.name = member->key, .type = PARAM_OTHER, .value = {"", 0}};
    double number;
    bool flag;
    if (json_to_str(member->value, &param.value)) {
        param.type = PARAM_TEXT;
    } else if (json_to_number(member->value, &number)) {
        char text[NUMBER_TEXT_SIZE];
        size_t length = number_format(text, number);
        param.type = PARAM_NUMBER;
        param.value = str_copy(arena, (Str){text, length});
    } else if (json_to_bool(member->value, &flag)) {
        param.type = PARAM_BOOL;
        param.value = flag ? STR("true") : STR("false");
    } else if (json_is(member->value, JSON_IS_NULL)) {
        param.type = PARAM_NULL;
    }
    return param;
}

Error *params_from_json(Arena *arena, const JsonValue *value, Params *ret_params)
{
    *ret_params = (Params){.arena = arena, .strict = true};
    if (!json_is(value, JSON_IS_OBJECT))
        return ERROR(arena, ERROR_INVALID, "A JSON object is wanted here.");
    JsonMember member = {0};
    while (json_next(value, &member))
        TRY(add_unique(ret_params, from_member(arena, &member)));
    return NULL;
}

Error *params_from_body(Arena *arena, Str body, Params *ret_params)
{
    const JsonValue *value = NULL;
    TRY(json_parse(arena, body, &value));
    return params_from_json(arena, value, ret_params);
}

/* False: not all of it are texts and numbers. */
static bool join(Arena *arena, const JsonValue *array, Str *ret_text)
{
    Buf text = buf_new(arena, JSON_BYTES_MAX);
    for (size_t i = 0; i < json_count(array); i++) {
        const JsonMember item = {.value = json_at(array, i)};
        Param param = from_member(arena, &item);
        if (param.type != PARAM_TEXT && param.type != PARAM_NUMBER)
            return false;
        buf_printf(&text, "%s" STR_FMT, i == 0 ? "" : ",", STR_ARG(param.value));
    }
    *ret_text = buf_str(&text);
    return true;
}

Error *params_add_body(Params *params, Str body)
{
    const JsonValue *value = NULL;
    JsonMember member = {0};
    if (str_trim(body).len == 0)
        return NULL;
    TRY(json_parse(params->arena, body, &value));
    if (!json_is(value, JSON_IS_OBJECT))
        return ERROR(params->arena, ERROR_INVALID, "A JSON object is wanted here.");
    while (json_next(value, &member)) {
        Param param = from_member(params->arena, &member);
        if (json_is(member.value, JSON_IS_ARRAY) && join(params->arena, member.value, &param.value))
            param.type = PARAM_TEXT;
        TRY(add_unique(params, param));
    }
    return NULL;
}

void params_add(Params *params, Str name, Str value)
{
    Error *error = add_unique(params, (Param){.name = name, .value = value});
    CHECK(error == NULL);
}
