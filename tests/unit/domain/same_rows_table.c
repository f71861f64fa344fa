/* A random table, and what it means. */
#include "same_rows.h"

#include "base/number.h"

#define PICK(seed, words) str_from((words)[test_below((seed), ARRAY_COUNT(words))])

/* Of characters that windows-1252 and iso-8859-15 have, so that each can hold any table. */
static Str random_text(Arena *arena, uint64_t *seed)
{
    static const char *const pieces[] = {
        "Est\xC3\xA9", "& Co", "\"quoted\"",   ", Inc.", ";",  "=1+1",    "'",
        "<b>",         "7203", "\xE2\x82\xAC", "_x41_",  "@x", "\xC3\xBC"};
    Buf text = buf_new(arena, 1000);
    for (size_t i = test_below(seed, 3); i > 0; i--)
        buf_add(&text, PICK(seed, pieces));
    buf_add_char(&text, 'x'); /* never empty, and nothing to trim */
    return buf_str(&text);
}

static Str random_ratio(Arena *arena, uint64_t *seed)
{
    static const char *const signs[] = {"", "", "-"}, *const parts[] = {"", ".5", ".125", ".0625"};
    static const char *const others[] = {"", "NM", "#N/A", "abc", "#DIV/0!"};
    if (test_below(seed, 4) == 0)
        return PICK(seed, others);
    Str sign = PICK(seed, signs), part = PICK(seed, parts);
    return str_printf(arena, STR_FMT "%zu" STR_FMT, STR_ARG(sign), 1 + test_below(seed, 400),
                      STR_ARG(part));
}

static void say_number(Buf *out, Ratio number)
{
    char text[NUMBER_TEXT_SIZE];
    buf_printf(out, "|%.*s", number.present ? (int)number_format(text, number.value) : 0, text);
}

void same_rows_say(Buf *out, int64_t row, const PredictionInput *input)
{
    buf_printf(out, "%lld|" STR_FMT "|" STR_FMT "|" STR_FMT "|%d|%d", (long long)row,
               STR_ARG(input->symbol), STR_ARG(input->company_name), STR_ARG(input->sector),
               input->year, input->quarter);
    say_number(out, input->market_cap);
    for (size_t i = 0; i < SAME_COLUMNS - FIELD_RATIO; i++)
        say_number(out, input->ratios[i]);
    buf_add_char(out, '\n');
}

static bool is_wrong(Str ratio)
{
    return str_is(ratio, "abc") || str_is(ratio, "#DIV/0!");
}

static Ratio number_of(Str cell)
{
    Ratio number = {0};
    number.present = number_parse(cell, &number.value) == NUMBER_OK;
    return number;
}

/* Past the rules: what the generator knows of its cells. */
static void say_cells(Buf *out, SameRows *rows, size_t row)
{
    const Str *cells = rows->cells[row];
    bool wrong = false;
    PredictionInput input = {.symbol = cells[FIELD_SYMBOL],
                             .company_name = cells[FIELD_NAME],
                             .sector = cells[FIELD_SECTOR],
                             .market_cap = number_of(cells[FIELD_MARKET_CAP]),
                             .year = (int)number_of(cells[FIELD_YEAR]).value,
                             .quarter = (int)number_of(cells[FIELD_QUARTER]).value};
    for (size_t i = 0; i < SAME_COLUMNS; i++)
        rows->number[row][i] = number_of(cells[i]).present;
    for (size_t i = FIELD_RATIO; i < SAME_COLUMNS; i++) {
        input.ratios[i - FIELD_RATIO] = number_of(cells[i]);
        if (is_wrong(cells[i]))
            buf_printf(out, "%zu %s\n", row + 2, rows->names[i].ptr);
        wrong = wrong || is_wrong(cells[i]);
    }
    if (!wrong)
        same_rows_say(out, (int64_t)row + 2, &input);
}

SameRows same_rows_random(Arena *arena, uint64_t *seed)
{
    static const char *const symbols[] = {"ACME", "7203", "NA", "TRUE", "BRK.B", "-X"};
    static const char *const caps[] = {"", "NA", "0", "1500.5", "3000000000"};
    SameRows rows;
    Buf meaning = buf_new(arena, 1 << 20);
    for (size_t i = 0; i < SAME_COLUMNS; i++)
        rows.names[i] = str_from(field_name(KIND_ANNUAL, i));
    for (size_t row = 0; row < SAME_ROWS; row++) {
        Str *cells = rows.cells[row];
        cells[FIELD_SYMBOL] = PICK(seed, symbols);
        cells[FIELD_NAME] = random_text(arena, seed);
        cells[FIELD_SECTOR] = test_below(seed, 4) == 0 ? STR("") : random_text(arena, seed);
        cells[FIELD_MARKET_CAP] = PICK(seed, caps);
        cells[FIELD_YEAR] = str_printf(arena, "%zu", 1900 + test_below(seed, 301));
        cells[FIELD_QUARTER] = str_printf(arena, "%zu", 1 + test_below(seed, 4));
        for (size_t i = FIELD_RATIO; i < SAME_COLUMNS; i++)
            cells[i] = random_ratio(arena, seed);
        cells[SAME_COLUMNS - 1] = STR("1.5"); /* a ratio at least */
        say_cells(&meaning, &rows, row);
    }
    rows.meaning = buf_str(&meaning);
    return rows;
}
