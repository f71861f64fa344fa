/* Problems of rows. */
#include "http/views.h"

static void put_or_null(JsonOut *out, const char *key, Str text)
{
    if (text.len > 0)
        json_put_str(out, key, text);
    else
        json_put_null(out, key);
}

void view_row_problems(JsonOut *out, const char *key, const Problem *items, size_t count)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(out, NULL);
        json_put_int(out, "row", items[i].row);
        json_put_text(out, "column", items[i].column);
        json_put_text(out, "code", items[i].code);
        json_put_text(out, "error", items[i].message);
        put_or_null(out, "value", items[i].value);
        put_or_null(out, "data", items[i].raw);
        json_end_object(out);
    }
    json_end_array(out);
}

void view_warnings(JsonOut *out, const char *key, const ProblemList *problems)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        if (problem->severity != SEVERITY_WARNING)
            continue;
        json_begin_object(out, NULL);
        json_put_text(out, "field", problem->column);
        json_put_text(out, "code", problem->code);
        json_put_text(out, "message", problem->message);
        json_end_object(out);
    }
    json_end_array(out);
}
