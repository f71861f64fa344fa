/* One function a group of filters; every filter may be left out. */
#include "http/prediction_filter.h"

#include "base/check.h"
#include "base/number.h"
#include "http/user_filter.h"
#include "model/company.h"

#include <math.h>

enum { YEAR_LOW = 1900, YEAR_HIGH = 2200 };

static void read_company(Request *request, PredictionFilter *filter)
{
    Params *query = &request->query;
    Str part = params_text(query, "company_symbol", SYMBOL_MAX);
    filter->symbol_part = str_upper(request->arena, part);
    filter->has_company = params_uuid(query, "company_id", &filter->company_id);
    filter->sector_count = params_list(query, "sector", filter->sectors, FILTER_VALUES_MAX);
}

static void read_period(Params *query, PredictionFilter *filter)
{
    static const char *const quarters[] = {"Q1", "Q2", "Q3", "Q4", "1", "2", "3", "4"};
    Str years[FILTER_VALUES_MAX];
    size_t count = params_list(query, "reporting_year", years, FILTER_VALUES_MAX);
    for (size_t i = 0; i < count; i++) {
        int64_t year;
        if (number_parse_int(years[i], YEAR_LOW, YEAR_HIGH, &year))
            filter->years[filter->year_count++] = (int)year;
        else
            params_wrong(query, "reporting_year", "not_a_year",
                         "reporting_year must be from %d to %d, not \"%s\".", YEAR_LOW, YEAR_HIGH,
                         json_shown(query->arena, years[i]));
    }
    unsigned found = params_words(query, "reporting_quarter", quarters, ARRAY_COUNT(quarters));
    filter->quarters = ((found & 15u) | found >> 4) << 1;
}

static Error *read_origin(Request *request, PredictionFilter *filter)
{
    Params *query = &request->query;
    filter->sources = params_words(query, "source", SOURCE_WORDS, SOURCE_COUNT);
    filter->has_job = params_uuid(query, "job_id", &filter->job_id);
    TRY(user_filter_read(request, "created_by", &filter->has_user, &filter->created_by));
    filter->created_after = params_time(query, "created_after", INT64_MIN);
    filter->created_before = params_time(query, "created_before", INT64_MAX);
    int level = params_word(query, "access_level", ACCESS_LEVEL_WORDS, OWNER_KIND_COUNT, -1);
    filter->has_access_level = level >= 0;
    filter->access_level = level < 0 ? OWNER_PERSONAL : (OwnerKind)level;
    return NULL;
}

static void read_risk(Params *query, PredictionFilter *filter)
{
    filter->risk_levels = params_words(query, "risk_level", RISK_LEVEL_WORDS, RISK_LEVEL_COUNT);
    filter->probability_min = params_real(query, "probability_min", 0, 1, -INFINITY);
    filter->probability_max = params_real(query, "probability_max", 0, 1, INFINITY);
}

/* Probability sorts within a year, whose index it is. */
static void read_sort(Params *query, PredictionFilter *filter)
{
    static const char *const sorts[] = {"created_at", "probability"};
    static const char *const orders[] = {"desc", "asc"};
    filter->sort = (PredictionSort)params_word(query, "sort", sorts, SORT_COUNT, SORT_CREATED_AT);
    filter->ascending = params_word(query, "order", orders, ARRAY_COUNT(orders), 0) == 1;
    if (filter->sort == SORT_CREATED_AT && filter->ascending)
        params_wrong(query, "order", "not_allowed",
                     "order=asc goes with sort=probability only; created_at is newest first.");
    if (filter->sort == SORT_PROBABILITY && filter->year_count != 1)
        params_wrong(query, "sort", "needs_period", "sort=probability needs one reporting_year.");
}

/* Former versions are kept by job and by company, not in the order of a whole list. */
static void read_superseded(Params *query, PredictionFilter *filter)
{
    bool narrow = filter->has_job || filter->has_company;
    filter->include_superseded = params_bool(query, "include_superseded", filter->has_job);
    if (!filter->include_superseded || narrow)
        return;
    params_wrong(query, "include_superseded", "needs_job_or_company",
                 "include_superseded=true goes with job_id or company_id only.");
    filter->include_superseded = false;
}

Error *prediction_filter_read_rows(Request *request, PredictionFilter *ret_filter)
{
    PredictionFilter *filter = ret_filter;
    *filter = PREDICTION_FILTER_ALL;
    read_company(request, filter);
    read_period(&request->query, filter);
    TRY(read_origin(request, filter));
    read_risk(&request->query, filter);
    return NULL;
}

Error *prediction_filter_read(Request *request, PredictionFilter *ret_filter)
{
    PredictionFilter *filter = ret_filter;
    TRY(prediction_filter_read_rows(request, filter));
    read_sort(&request->query, filter);
    read_superseded(&request->query, filter);
    return NULL;
}
