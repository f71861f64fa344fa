/* Names of columns are those of the API's answers. */
#include "domain/prediction_table.h"

#include "base/check.h"

static const char *const BEHIND[] = {
    "source", "job_id", "job_row", "original_filename", "model", "created_by", "created_at",
};

/* --- scores ------------------------------------------------------------------------------------- */

/* The headline PD has a column of its own where the kind's last score goes by another name. */
static bool has_headline(const KindSpec *spec)
{
    return strcmp(spec->scores[spec->score_count - 1], "probability") != 0;
}

size_t prediction_table_score_columns(Kind kind, Str *names)
{
    const KindSpec *spec = kind_spec(kind);
    size_t n = 0;
    for (size_t i = 0; i < spec->score_count; i++)
        names[n++] = str_from(spec->scores[i]);
    if (has_headline(spec))
        names[n++] = STR("probability");
    names[n++] = STR("risk_level");
    names[n++] = STR("confidence");
    return n;
}

size_t prediction_table_score(Kind kind, const Score *score, TableCell *cells)
{
    const KindSpec *spec = kind_spec(kind);
    size_t n = 0;
    for (size_t i = 0; i < spec->score_count; i++)
        cells[n++] = table_number_if(score->present[i], score->values[i]);
    if (has_headline(spec))
        cells[n++] = table_number(score->probability);
    cells[n++] = table_text(str_from(RISK_LEVEL_WORDS[score->risk_level]));
    cells[n++] = table_number(score->confidence);
    return n;
}

/* --- predictions -------------------------------------------------------------------------------- */

size_t prediction_table_columns(Kind kind, Str names[PREDICTION_TABLE_COLUMNS])
{
    size_t n = 0;
    for (; n < field_count(kind); n++)
        names[n] = str_from(field_name(kind, n));
    names[n++] = STR("id");
    n += prediction_table_score_columns(kind, names + n);
    for (size_t i = 0; i < ARRAY_COUNT(BEHIND); i++)
        names[n++] = str_from(BEHIND[i]);
    CHECK(n <= PREDICTION_TABLE_COLUMNS);
    return n;
}

/* A text that may be unknown. */
static TableCell text_or_empty(const char *text)
{
    return text == NULL ? (TableCell){.type = TABLE_EMPTY} : table_text(str_from(text));
}

void prediction_table_input(Kind kind, const PredictionInput *input, TableCell *cells)
{
    static const char *const quarters[] = {"Q1", "Q2", "Q3", "Q4"};
    bool has_quarter = input->quarter >= 1 && input->quarter <= 4;
    bool has_sector = input->sector.len > 0;
    cells[FIELD_SYMBOL] = table_text(input->symbol);
    cells[FIELD_NAME] = table_text(input->company_name);
    cells[FIELD_MARKET_CAP] = table_number_if(input->market_cap.present, input->market_cap.value);
    cells[FIELD_SECTOR] = has_sector ? table_text(input->sector) : (TableCell){.type = TABLE_EMPTY};
    cells[FIELD_YEAR] = table_number(input->year);
    cells[FIELD_YEAR].json_text = true;
    cells[FIELD_QUARTER] = text_or_empty(has_quarter ? quarters[input->quarter - 1] : NULL);
    for (size_t i = 0; i < kind_spec(kind)->ratio_count; i++)
        cells[FIELD_RATIO + i] = table_number_if(input->ratios[i].present, input->ratios[i].value);
}

static size_t put_fields(const Prediction *p, TableCell *cells)
{
    PredictionInput input = {.symbol = p->company_symbol,
                             .company_name = p->company_name,
                             .sector = p->sector,
                             .market_cap = p->market_cap,
                             .year = p->year,
                             .quarter = p->quarter};
    memcpy(input.ratios, p->ratios, sizeof input.ratios);
    prediction_table_input(p->kind, &input, cells);
    return field_count(p->kind);
}

static size_t put_origin(Arena *arena, const Prediction *p, TableCell *cells)
{
    char time[TIME_TEXT_SIZE];
    size_t n = 0;
    const char *user = p->created_by_email != NULL  ? p->created_by_email
                       : uuid_is_nil(p->created_by) ? NULL
                                                    : uuid_text(arena, p->created_by);
    time_format(time, p->created_at);
    cells[n++] = table_text(str_from(SOURCE_WORDS[p->source]));
    cells[n++] = text_or_empty(p->has_job ? uuid_text(arena, p->job_id) : NULL);
    cells[n++] = table_number_if(p->has_job && p->job_row > 0, (double)p->job_row);
    cells[n++] = text_or_empty(p->has_job ? p->original_filename : NULL);
    cells[n++] = text_or_empty(p->model_name == NULL
                                   ? NULL
                                   : arena_printf(arena, "%s@%s", p->model_name, p->model_version));
    cells[n++] = text_or_empty(user);
    cells[n++] = table_text(str_from(arena_strdup(arena, time)));
    CHECK(n == ARRAY_COUNT(BEHIND));
    return n;
}

void prediction_table_cells(Arena *arena, const Prediction *prediction,
                            TableCell cells[PREDICTION_TABLE_COLUMNS])
{
    size_t n = put_fields(prediction, cells);
    cells[n++] = table_text(str_from(uuid_text(arena, prediction->id)));
    n += prediction_table_score(prediction->kind, &prediction->score, cells + n);
    n += put_origin(arena, prediction, cells + n);
    CHECK(n <= PREDICTION_TABLE_COLUMNS);
}

/* --- the template ------------------------------------------------------------------------------- */

/* Figures that no rule finds fault with. */
static const double EXAMPLES[KIND_COUNT][RATIO_MAX] = {
    [KIND_ANNUAL] = {35.2, 2.1, 8.5, 6.4, 5.3},
    [KIND_QUARTERLY] = {2.1, 22.5, 35.2, 9.8},
};

static Prediction example(Kind kind)
{
    Prediction made = {.kind = kind,
                       .company_symbol = STR("EXAMPLE"),
                       .company_name = STR("Example Company (replace this row)"),
                       .sector = STR("Industrials"),
                       .market_cap = {1250000000, true},
                       .year = 2024,
                       .quarter = 4};
    for (size_t i = 0; i < kind_spec(kind)->ratio_count; i++)
        made.ratios[i] = (Ratio){EXAMPLES[kind][i], true};
    return made;
}

Error *prediction_table_template(Arena *arena, Kind kind, TableFormat format, ByteSink sink)
{
    Str names[FIELD_MAX];
    TableCell cells[FIELD_MAX];
    TableOut *table = NULL;
    const Prediction row = example(kind);
    size_t count = put_fields(&row, cells);
    for (size_t i = 0; i < count; i++) {
        const char *unit = field_unit(kind, i);
        names[i] = unit == NULL ? str_from(field_name(kind, i))
                                : str_printf(arena, "%s (%s)", field_name(kind, i), unit);
    }
    const TableSpec spec = {
        .format = format, .name = kind_spec(kind)->word, .columns = names, .count = count};
    TRY(table_out_open(arena, &spec, sink, &table));
    TRY(table_out_row(table, arena, cells));
    return table_out_end(table, arena);
}
