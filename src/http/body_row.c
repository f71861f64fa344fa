/* Numbers arrive as the shortest text that reads back as the same double, so nothing is lost
 * between the body and the rules that read cells. */
#include "http/body_row.h"

#include "base/number.h"

static Param *find(Params *body, const char *name)
{
    for (size_t i = 0; i < body->count; i++)
        if (str_is(body->items[i].name, name))
            return &body->items[i];
    return NULL;
}

void body_row_pick(Params *body, Kind kind, RawRow *ret_row)
{
    *ret_row = (RawRow){0};
    for (size_t i = 0; i < field_count(kind); i++) {
        Param *param = find(body, field_name(kind, i));
        if (param == NULL)
            continue;
        param->used = true;
        ret_row->cells[i] = param->value.len == 0 ? STR("") : param->value;
        if (param->type == PARAM_BOOL || param->type == PARAM_OTHER)
            params_wrong(body, field_name(kind, i), "wrong_type",
                         "%s must be a text, a number or null.", field_name(kind, i));
    }
}

static Str number_cell(Arena *arena, Ratio ratio)
{
    char text[NUMBER_TEXT_SIZE];
    if (!ratio.present)
        return STR("");
    size_t length = number_format(text, ratio.value);
    return str_copy(arena, (Str){text, length});
}

void body_row_fill(Arena *arena, const Prediction *former, RawRow *row)
{
    Str cells[FIELD_MAX] = {0};
    cells[FIELD_SYMBOL] = former->company_symbol;
    cells[FIELD_NAME] = former->company_name;
    cells[FIELD_MARKET_CAP] = number_cell(arena, former->market_cap);
    cells[FIELD_SECTOR] = former->sector;
    cells[FIELD_YEAR] = str_printf(arena, "%d", former->year);
    cells[FIELD_QUARTER] = str_printf(arena, "Q%d", former->quarter);
    for (size_t i = 0; i < kind_spec(former->kind)->ratio_count; i++)
        cells[FIELD_RATIO + i] = number_cell(arena, former->ratios[i]);
    for (size_t i = 0; i < field_count(former->kind); i++)
        if (row->cells[i].ptr == NULL)
            row->cells[i] = cells[i];
}

void body_row_check(Params *body, Kind kind, const RawRow *row, PredictionInput *ret_input,
                    ProblemList *problems)
{
    if (body->errors != NULL)
        return;
    row_rules_check(body->arena, kind, (RowStyle){0}, 0, row, ret_input, problems);
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        if (problem->severity == SEVERITY_ERROR)
            params_wrong(body, problem->column == NULL ? "" : problem->column, problem->code, "%s",
                         problem->message);
    }
}
