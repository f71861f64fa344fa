/* The columns of an archive. A number stands for one column for ever; a new column gets a new number, and a
 * default that holds for the archives that were written without it. */
#include "format/archive_parts.h"

#include "base/check.h"

enum { COMPANY = 2, COMMON = 18 };

typedef struct NamedColumn {
    uint16_t id;
    const char *name;
} NamedColumn;

/* The names are those of kind_spec. */
static const NamedColumn RATIOS[] = {
    {32, "long_term_debt_to_total_capital"},
    {33, "total_debt_to_ebitda"},
    {34, "net_income_margin"},
    {35, "ebit_to_interest_expense"},
    {36, "return_on_assets"},
    {37, "sga_margin"},
    {38, "return_on_capital"},
};
static const NamedColumn SCORES[] = {
    {64, "probability"},
    {65, "logistic_probability"},
    {66, "gbm_probability"},
    {67, "ensemble_probability"},
};

static uint16_t id_of(const NamedColumn *table, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(table[i].name, name) != 0)
        i++;
    CHECK(i < count); /* a new ratio or score needs a number above */
    return table[i].id;
}

uint16_t archive_headline_id(Kind kind)
{
    const KindSpec *spec = kind_spec(kind);
    return id_of(SCORES, ARRAY_COUNT(SCORES), spec->scores[spec->score_count - 1]);
}

size_t archive_columns(Kind kind, ArchiveColumn columns[ARCHIVE_COLUMN_MAX])
{
    const KindSpec *spec = kind_spec(kind);
    uint16_t headline = archive_headline_id(kind);
    const ArchiveColumn common[COMMON] = {
        {1, ARCHIVE_UUID, FIELD_ID, .required = true, .unique = true},
        {COMPANY, ARCHIVE_UUID, FIELD_COMPANY_ID, .required = true, .keeps = true},
        {3, ARCHIVE_INT, FIELD_YEAR, .required = true},
        {4, ARCHIVE_INT, FIELD_QUARTER},
        {5, ARCHIVE_UUID, FIELD_JOB_ID},
        {6, ARCHIVE_INT, FIELD_JOB_ROW},
        {7, ARCHIVE_INT, FIELD_JOB_LINK},
        {8, ARCHIVE_INT, FIELD_SOURCE},
        {9, ARCHIVE_UUID, FIELD_DERIVED_FROM},
        {10, ARCHIVE_UUID, FIELD_ROOT_JOB_ID},
        {11, ARCHIVE_TEXT, FIELD_SECTOR, .per = COMPANY},
        {12, ARCHIVE_REAL, FIELD_MARKET_CAP, .per = COMPANY},
        {13, ARCHIVE_INT, FIELD_RISK_LEVEL, .required = true, .per = headline},
        {14, ARCHIVE_REAL, FIELD_CONFIDENCE, .per = headline},
        {15, ARCHIVE_UUID, FIELD_MODEL_ID, .required = true},
        {16, ARCHIVE_INT, FIELD_IS_CURRENT},
        {17, ARCHIVE_UUID, FIELD_CREATED_BY, .required = true},
        {18, ARCHIVE_INT, FIELD_CREATED_AT, .required = true},
    };
    size_t count = 0;
    for (size_t i = spec->score_count; i-- > 0;) {
        uint16_t id = id_of(SCORES, ARRAY_COUNT(SCORES), spec->scores[i]);
        bool is_headline = id == headline;
        columns[count++] = (ArchiveColumn){id,
                                           ARCHIVE_REAL,
                                           FIELD_SCORE,
                                           i,
                                           .required = is_headline,
                                           .keeps = is_headline,
                                           .same = is_headline ? 0 : headline};
    }
    memcpy(columns + count, common, sizeof common);
    count += COMMON;
    for (size_t i = 0; i < spec->ratio_count; i++)
        columns[count++] = (ArchiveColumn){id_of(RATIOS, ARRAY_COUNT(RATIOS), spec->ratios[i].name),
                                           ARCHIVE_REAL, FIELD_RATIO, i};
    return count;
}
