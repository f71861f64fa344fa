/* A prediction with all that its readers ask of it: the figures, the score, and where it comes
 * from. */
#include "http/views.h"

static void put_ratio(JsonOut *out, const char *key, Ratio ratio)
{
    if (ratio.present)
        json_put_double(out, key, ratio.value);
    else
        json_put_null(out, key);
}

static void put_year(JsonOut *out, int year)
{
    char text[12];
    snprintf(text, sizeof text, "%d", year);
    json_put_text(out, "reporting_year", text);
}

static void put_quarter(JsonOut *out, int quarter)
{
    char text[12];
    if (quarter < 1 || quarter > 4) {
        json_put_null(out, "reporting_quarter");
        return;
    }
    snprintf(text, sizeof text, "Q%d", quarter);
    json_put_text(out, "reporting_quarter", text);
}

void view_score(JsonOut *out, Kind kind, const Score *score)
{
    const KindSpec *spec = kind_spec(kind);
    for (size_t i = 0; i < spec->score_count; i++) {
        if (score->present[i])
            json_put_double(out, spec->scores[i], score->values[i]);
        else
            json_put_null(out, spec->scores[i]);
    }
    if (strcmp(spec->scores[spec->score_count - 1], "probability") != 0)
        json_put_double(out, "probability", score->probability);
    json_put_text(out, "risk_level", RISK_LEVEL_WORDS[score->risk_level]);
    json_put_double(out, "confidence", score->confidence);
}

static void put_figures(JsonOut *out, const Prediction *prediction)
{
    const KindSpec *spec = kind_spec(prediction->kind);
    json_put_uuid(out, "company_id", prediction->company_id);
    json_put_str(out, "company_symbol", prediction->company_symbol);
    json_put_str(out, "company_name", prediction->company_name);
    if (prediction->sector.len > 0)
        json_put_str(out, "sector", prediction->sector);
    else
        json_put_null(out, "sector");
    put_ratio(out, "market_cap", prediction->market_cap);
    put_year(out, prediction->year);
    put_quarter(out, prediction->quarter);
    for (size_t i = 0; i < spec->ratio_count; i++)
        put_ratio(out, spec->ratios[i].name, prediction->ratios[i]);
}

static void put_origin(JsonOut *out, const Prediction *prediction)
{
    bool has_job = prediction->has_job;
    json_put_text(out, "source", SOURCE_WORDS[prediction->source]);
    json_put_uuid_or_null(out, "job_id", has_job ? prediction->job_id : UUID_NIL);
    if (has_job && prediction->job_row > 0)
        json_put_int(out, "job_row", prediction->job_row);
    else
        json_put_null(out, "job_row");
    json_put_text(out, "job_link", has_job ? JOB_LINK_WORDS[prediction->job_link] : NULL);
    json_put_bool(out, "job_deleted", has_job && prediction->job_deleted);
    json_put_text(out, "original_filename", has_job ? prediction->original_filename : NULL);
    view_model_name(out, "model", prediction->model_id, prediction->model_name,
                    prediction->model_version);
    json_put_uuid_or_null(out, "derived_from", prediction->derived_from);
    json_put_uuid_or_null(out, "root_job_id", prediction->root_job_id);
}

static void put_members(JsonOut *out, const Principal *who, const Prediction *prediction)
{
    json_put_uuid(out, "id", prediction->id);
    json_put_text(out, "kind", kind_spec(prediction->kind)->word);
    put_figures(out, prediction);
    view_score(out, prediction->kind, &prediction->score);
    put_origin(out, prediction);
    json_put_bool(out, "is_current", prediction->is_current);
    view_ownership(out, who, prediction->owner_id);
    json_put_uuid_or_null(out, "created_by", prediction->created_by);
    json_put_text(out, "created_by_email", prediction->created_by_email);
    json_put_time(out, "created_at", prediction->created_at);
}

void view_prediction(JsonOut *out, const char *key, const Principal *who,
                     const Prediction *prediction)
{
    json_begin_object(out, key);
    put_members(out, who, prediction);
    json_end_object(out);
}

void view_prediction_detail(JsonOut *out, const char *key, const Principal *who,
                            const Prediction *prediction, Uuid current_id)
{
    json_begin_object(out, key);
    put_members(out, who, prediction);
    json_put_uuid_or_null(out, "current_id", prediction->is_current ? prediction->id : current_id);
    json_put_bool(out, "may_change", predictions_may_change(who, prediction));
    json_end_object(out);
}

void view_predictions(JsonOut *out, const char *key, const Principal *who, const Prediction *items,
                      size_t count)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < count; i++)
        view_prediction(out, NULL, who, &items[i]);
    json_end_array(out);
}

void view_gone(JsonOut *out, const char *key, const Deletion *deletion)
{
    if (deletion == NULL) {
        json_put_null(out, key);
        return;
    }
    json_begin_object(out, key);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time(out, "deleted_at", deletion->created_at);
    json_put_text(out, "deleted_by", deletion->user_email);
    json_put_text(out, "deletion_reason", deletion->reason);
    json_put_time_or_null(out, "restorable_until", deletion->restorable_until);
    json_end_object(out);
}

/* One sentence for a person. */
static const char *origin_sentence(Arena *arena, const Prediction *prediction, const Job *job)
{
    const char *who =
        prediction->created_by_email == NULL ? "an unknown user" : prediction->created_by_email;
    if (prediction->source == SOURCE_EDIT)
        return arena_printf(arena, "Edited by hand by %s.", who);
    if (prediction->source == SOURCE_RESCORE)
        return arena_printf(arena, "Scored again by %s.", who);
    if (!prediction->has_job)
        return arena_printf(arena, "Created by hand by %s.", who);
    return arena_printf(
        arena, "Created via bulk upload of %s, row %lld, by %s%s%s.",
        prediction->original_filename == NULL ? "a file" : prediction->original_filename,
        (long long)prediction->job_row, who,
        prediction->job_link == LINK_INFERRED ? " (inferred)" : "",
        job == NULL || prediction->job_deleted ? "; the record of the upload was deleted" : "");
}

void view_lineage(Arena *arena, JsonOut *out, const char *key, const Principal *who,
                  const Lineage *lineage)
{
    const Prediction *prediction = lineage->prediction;
    json_begin_object(out, key);
    json_put_text(out, "summary", origin_sentence(arena, prediction, lineage->job));
    view_prediction(out, "prediction", who, prediction);
    view_job_brief(arena, out, "job", lineage->job);
    view_job_brief(arena, out, "root_job", lineage->root_job);
    view_predictions(out, "versions", who, lineage->versions.items, lineage->versions.count);
    json_end_object(out);
}

void view_contributions(JsonOut *out, const char *key, Kind kind, const Contribution *items,
                        size_t count)
{
    json_begin_array(out, key);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(out, NULL);
        json_put_text(out, "ratio", kind_spec(kind)->ratios[items[i].ratio].name);
        json_put_double(out, "rate", items[i].rate);
        json_put_double(out, "contribution", items[i].contribution);
        json_end_object(out);
    }
    json_end_array(out);
}
