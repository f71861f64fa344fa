/* A company. Counts of predictions are there only where they were counted. */
#include "http/views.h"

static void put_count(JsonOut *out, const char *key, int64_t count)
{
    if (count >= 0)
        json_put_int(out, key, count);
}

void view_company(JsonOut *out, const char *key, const Principal *who, const Company *company)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", company->id);
    json_put_str(out, "symbol", company->symbol);
    json_put_str(out, "name", company->name);
    if (company->sector.len > 0)
        json_put_str(out, "sector", company->sector);
    else
        json_put_null(out, "sector");
    if (company->has_market_cap)
        json_put_double(out, "market_cap", company->market_cap);
    else
        json_put_null(out, "market_cap");
    view_ownership(out, who, company->owner_id);
    json_put_uuid_or_null(out, "job_id", company->has_job ? company->job_id : UUID_NIL);
    if (company->has_job && company->job_row > 0)
        json_put_int(out, "job_row", company->job_row);
    else
        json_put_null(out, "job_row");
    put_count(out, "annual_predictions_count", company->annual_count);
    put_count(out, "quarterly_predictions_count", company->quarterly_count);
    json_put_uuid_or_null(out, "created_by", company->created_by);
    json_put_text(out, "created_by_email", company->created_by_email);
    json_put_time(out, "created_at", company->created_at);
    json_put_time(out, "updated_at", company->updated_at);
    json_end_object(out);
}
