/* The way of a column between predictions and cells, and what a row holds for a column that an archive
 * does not have. */
#include "format/archive_parts.h"

#include "base/check.h"

enum { DEFAULT_QUARTER = 4 };

/* max(2·|p − 0.5|, 0.5), as model/prediction.h says it, in two exactly rounded steps. */
static double confidence_of(double probability)
{
    double distance = probability < 0.5 ? 0.5 - probability : probability - 0.5;
    return 2 * distance > 0.5 ? 2 * distance : 0.5;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double headline_of(const Prediction *row)
{
    size_t last = kind_spec(row->kind)->score_count - 1;
    return row->score.present[last] ? row->score.values[last] : 0;
}

/* --- rows to cells ---------------------------------------------------------------------------- */

/* Each gives false when the row has the default. */
static bool set_int(ArchiveCells *cells, size_t i, int64_t value, int64_t by_default)
{
    cells->present[i] = 1;
    cells->words[i] = (uint64_t)value;
    return value != by_default;
}

static bool set_real(ArchiveCells *cells, size_t i, bool present, double value)
{
    cells->present[i] = present;
    cells->words[i] = present ? bits_of(value) : 0;
    return present;
}

static bool set_uuid(ArchiveCells *cells, size_t i, bool present, Uuid value)
{
    cells->present[i] = present;
    cells->uuids[i] = present ? value : UUID_NIL;
    return present;
}

static bool set_text(ArchiveCells *cells, size_t i, Str value)
{
    cells->present[i] = value.ptr != NULL;
    cells->texts[i] = value;
    return value.ptr == NULL || value.len > 0;
}

static int64_t small(int value)
{
    CHECK(value >= INT16_MIN && value <= INT16_MAX);
    return value;
}

static bool gather_one(const ArchiveColumn *column, const Prediction *p, ArchiveCells *cells,
                       size_t i)
{
    switch (column->field) {
    case FIELD_ID:
        return set_uuid(cells, i, true, p->id);
    case FIELD_COMPANY_ID:
        return set_uuid(cells, i, true, p->company_id);
    case FIELD_YEAR:
        return set_int(cells, i, small(p->year), INT64_MIN);
    case FIELD_QUARTER:
        return set_int(cells, i, small(p->quarter), DEFAULT_QUARTER);
    case FIELD_JOB_ID:
        return set_uuid(cells, i, p->has_job, p->job_id);
    case FIELD_JOB_ROW:
        return set_int(cells, i, p->has_job ? p->job_row : 0, 0);
    case FIELD_JOB_LINK:
        return set_int(cells, i, p->job_link, LINK_RECORDED);
    case FIELD_SOURCE:
        return set_int(cells, i, p->source, SOURCE_BULK_UPLOAD);
    case FIELD_DERIVED_FROM:
        return set_uuid(cells, i, !uuid_is_nil(p->derived_from), p->derived_from);
    case FIELD_ROOT_JOB_ID:
        return set_uuid(cells, i, !uuid_is_nil(p->root_job_id), p->root_job_id);
    case FIELD_SECTOR:
        return set_text(cells, i, p->sector);
    case FIELD_MARKET_CAP:
        return set_real(cells, i, p->market_cap.present, p->market_cap.value);
    case FIELD_RISK_LEVEL:
        return set_int(cells, i, p->score.risk_level, INT64_MIN);
    case FIELD_CONFIDENCE:
        set_real(cells, i, true, p->score.confidence);
        return bits_of(p->score.confidence) != bits_of(confidence_of(headline_of(p)));
    case FIELD_MODEL_ID:
        return set_uuid(cells, i, true, p->model_id);
    case FIELD_IS_CURRENT:
        return set_int(cells, i, p->is_current, true);
    case FIELD_CREATED_BY:
        return set_uuid(cells, i, true, p->created_by);
    case FIELD_CREATED_AT:
        return set_int(cells, i, p->created_at, 0);
    case FIELD_RATIO:
        return set_real(cells, i, p->ratios[column->at].present, p->ratios[column->at].value);
    default:
        CHECK(column->field == FIELD_SCORE);
        return set_real(cells, i, p->score.present[column->at], p->score.values[column->at]);
    }
}

bool archive_gather(const ArchiveColumn *column, const Prediction *rows, ArchiveCells *cells)
{
    bool differs = column->required;
    for (size_t i = 0; i < cells->count; i++)
        differs |= gather_one(column, &rows[i], cells, i);
    return differs;
}

/* --- cells to rows ---------------------------------------------------------------------------- */

Prediction archive_default_row(Kind kind, Uuid owner_id)
{
    return (Prediction){.kind = kind,
                        .owner_id = owner_id,
                        .quarter = DEFAULT_QUARTER,
                        .sector = STR(""),
                        .job_link = LINK_RECORDED,
                        .source = SOURCE_BULK_UPLOAD,
                        .is_current = true};
}

void archive_finish_row(Prediction *row, bool has_confidence)
{
    row->score.probability = headline_of(row);
    if (!has_confidence)
        row->score.confidence = confidence_of(row->score.probability);
    if (!row->has_job)
        row->job_row = 0;
}

static ArchiveFit get_small(int64_t value, int *ret_value)
{
    *ret_value = (int)value;
    return value >= INT16_MIN && value <= INT16_MAX ? FIT_GOOD : FIT_DAMAGED;
}

/* A word that this program does not have was made by a newer one. */
static bool is_word(int64_t value, int count)
{
    return value >= 0 && value < count;
}

static ArchiveFit int_to_row(ArchiveField field, int64_t value, Prediction *p)
{
    switch (field) {
    case FIELD_YEAR:
        return get_small(value, &p->year);
    case FIELD_QUARTER:
        return get_small(value, &p->quarter);
    case FIELD_JOB_ROW:
        p->job_row = value;
        return FIT_GOOD;
    case FIELD_CREATED_AT:
        p->created_at = value;
        return FIT_GOOD;
    case FIELD_IS_CURRENT:
        p->is_current = value == 1;
        return value == 0 || value == 1 ? FIT_GOOD : FIT_DAMAGED;
    case FIELD_JOB_LINK:
        p->job_link = (JobLink)value;
        return is_word(value, LINK_COUNT) ? FIT_GOOD : FIT_TOO_NEW;
    case FIELD_SOURCE:
        p->source = (Source)value;
        return is_word(value, SOURCE_COUNT) ? FIT_GOOD : FIT_TOO_NEW;
    default:
        CHECK(field == FIELD_RISK_LEVEL);
        p->score.risk_level = (RiskLevel)value;
        return is_word(value, RISK_LEVEL_COUNT) ? FIT_GOOD : FIT_TOO_NEW;
    }
}

static ArchiveFit real_to_row(const ArchiveColumn *column, bool present, double value,
                              Prediction *p)
{
    switch (column->field) {
    case FIELD_MARKET_CAP:
        p->market_cap = (Ratio){value, present};
        return FIT_GOOD;
    case FIELD_RATIO:
        p->ratios[column->at] = (Ratio){value, present};
        return FIT_GOOD;
    case FIELD_SCORE:
        p->score.values[column->at] = value;
        p->score.present[column->at] = present;
        return FIT_GOOD;
    default:
        CHECK(column->field == FIELD_CONFIDENCE);
        p->score.confidence = value;
        return present ? FIT_GOOD : FIT_DAMAGED;
    }
}

static ArchiveFit uuid_to_row(ArchiveField field, bool present, Uuid value, Prediction *p)
{
    switch (field) {
    case FIELD_JOB_ID:
        p->has_job = present;
        p->job_id = value;
        return FIT_GOOD;
    case FIELD_DERIVED_FROM:
        p->derived_from = value;
        return FIT_GOOD;
    case FIELD_ROOT_JOB_ID:
        p->root_job_id = value;
        return FIT_GOOD;
    case FIELD_ID:
        p->id = value;
        break;
    case FIELD_COMPANY_ID:
        p->company_id = value;
        break;
    case FIELD_MODEL_ID:
        p->model_id = value;
        break;
    default:
        CHECK(field == FIELD_CREATED_BY);
        p->created_by = value;
    }
    return present ? FIT_GOOD : FIT_DAMAGED;
}

ArchiveFit archive_scatter(const ArchiveColumn *column, const ArchiveCells *cells, size_t from,
                           Prediction *rows, size_t count)
{
    ArchiveFit fit = FIT_GOOD;
    for (size_t i = 0; i < count && fit == FIT_GOOD; i++) {
        size_t at = from + i;
        bool present = cells->present[at];
        if (cells->type == ARCHIVE_INT)
            fit = present ? int_to_row(column->field, (int64_t)cells->words[at], &rows[i])
                          : FIT_DAMAGED;
        else if (cells->type == ARCHIVE_REAL)
            fit = real_to_row(column, present, from_bits(cells->words[at]), &rows[i]);
        else if (cells->type == ARCHIVE_UUID)
            fit = uuid_to_row(column->field, present, cells->uuids[at], &rows[i]);
        else
            rows[i].sector = cells->texts[at];
    }
    return fit;
}
