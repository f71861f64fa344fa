/* Both directions go member by member. Times are written to the microsecond, probabilities as the shortest text
 * that reads back as the same number. */
#include "format/filter_json.h"

#include "base/check.h"
#include "base/clock.h"
#include "format/json.h"
#include "format/json_out.h"
#include "model/words.h"

#include <math.h>

enum { FILTER_TEXT_MAX = 1 << 20 };

static const char *const QUARTER_WORDS[] = {NULL, "Q1", "Q2", "Q3", "Q4"};

static const JsonRule MEMBERS[] = {
    {"company_symbol", JSON_IS_STRING, false},
    {"company_id", JSON_IS_STRING, false},
    {"sector", JSON_IS_ARRAY, false},
    {"reporting_year", JSON_IS_ARRAY, false},
    {"reporting_quarter", JSON_IS_ARRAY, false},
    {"risk_level", JSON_IS_ARRAY, false},
    {"source", JSON_IS_ARRAY, false},
    {"job_id", JSON_IS_STRING, false},
    {"created_by", JSON_IS_STRING, false},
    {"created_after", JSON_IS_STRING, false},
    {"created_before", JSON_IS_STRING, false},
    {"probability_min", JSON_IS_NUMBER, false},
    {"probability_max", JSON_IS_NUMBER, false},
};

/* --- out ------------------------------------------------------------------------------------- */

/* The words of the bits that are set, from bit `first` on. */
static void put_bits(JsonOut *out, const char *key, unsigned bits, const char *const *words,
                     size_t first, size_t end)
{
    if (bits == 0)
        return;
    json_begin_array(out, key);
    for (size_t i = first; i < end; i++)
        if ((bits >> i & 1) != 0)
            json_put_text(out, NULL, words[i]);
    json_end_array(out);
}

static void put_company(JsonOut *out, const PredictionFilter *filter)
{
    if (filter->symbol_part.len > 0)
        json_put_str(out, "company_symbol", filter->symbol_part);
    if (filter->has_company)
        json_put_uuid(out, "company_id", filter->company_id);
    if (filter->sector_count > 0) {
        json_begin_array(out, "sector");
        for (size_t i = 0; i < filter->sector_count; i++)
            json_put_str(out, NULL, filter->sectors[i]);
        json_end_array(out);
    }
    if (filter->year_count > 0) {
        json_begin_array(out, "reporting_year");
        for (size_t i = 0; i < filter->year_count; i++)
            json_put_int(out, NULL, filter->years[i]);
        json_end_array(out);
    }
}

static void put_origin(JsonOut *out, const PredictionFilter *filter)
{
    put_bits(out, "source", filter->sources, SOURCE_WORDS, 0, SOURCE_COUNT);
    if (filter->has_job)
        json_put_uuid(out, "job_id", filter->job_id);
    if (filter->has_user)
        json_put_uuid(out, "created_by", filter->created_by);
    if (filter->created_after != INT64_MIN)
        json_put_time(out, "created_after", filter->created_after);
    if (filter->created_before != INT64_MAX)
        json_put_time(out, "created_before", filter->created_before);
}

Str filter_format(Arena *arena, const PredictionFilter *filter)
{
    Buf text = buf_new(arena, FILTER_TEXT_MAX);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    put_company(&out, filter);
    put_bits(&out, "reporting_quarter", filter->quarters, QUARTER_WORDS, 1,
             ARRAY_COUNT(QUARTER_WORDS));
    put_bits(&out, "risk_level", filter->risk_levels, RISK_LEVEL_WORDS, 0, RISK_LEVEL_COUNT);
    put_origin(&out, filter);
    if (!isinf(filter->probability_min))
        json_put_double(&out, "probability_min", filter->probability_min);
    if (!isinf(filter->probability_max))
        json_put_double(&out, "probability_max", filter->probability_max);
    json_end_object(&out);
    json_out_close(&out);
    return buf_str(&text);
}

/* --- in -------------------------------------------------------------------------------------- */

typedef struct Reader {
    Arena *arena;
    const JsonValue *object;
    ErrorField *wrong;
} Reader;

static void wrong(Reader *reader, const char *key)
{
    error_field_add(reader->arena, &reader->wrong, key, "not_allowed",
                    "\"%s\" has a value that is not allowed.", key);
}

static bool read_uuid(Reader *reader, const char *key, Uuid *ret_uuid)
{
    Str text;
    if (!json_to_str(json_find(reader->object, key), &text))
        return false;
    if (uuid_parse(text, ret_uuid))
        return true;
    wrong(reader, key);
    return false;
}

static int64_t read_time(Reader *reader, const char *key, int64_t otherwise)
{
    Str text;
    int64_t time = otherwise;
    if (json_to_str(json_find(reader->object, key), &text) && !time_parse(text, &time))
        wrong(reader, key);
    return time;
}

static unsigned read_bits(Reader *reader, const char *key, const char *const *words, size_t first,
                          size_t end)
{
    const JsonValue *array = json_find(reader->object, key);
    unsigned bits = 0;
    for (size_t i = 0; i < json_count(array); i++) {
        Str word = STR("");
        bool is_text = json_to_str(json_at(array, i), &word);
        int found = words_find(words + first, end - first, word);
        if (is_text && found >= 0)
            bits |= 1u << ((size_t)found + first);
        else
            wrong(reader, key);
    }
    return bits;
}

static void read_sectors(Reader *reader, PredictionFilter *filter)
{
    const JsonValue *array = json_find(reader->object, "sector");
    for (size_t i = 0; i < json_count(array); i++)
        if (filter->sector_count < FILTER_VALUES_MAX &&
            json_to_str(json_at(array, i), &filter->sectors[filter->sector_count]))
            filter->sector_count++;
        else
            wrong(reader, "sector");
}

static void read_years(Reader *reader, PredictionFilter *filter)
{
    const JsonValue *array = json_find(reader->object, "reporting_year");
    int64_t year;
    for (size_t i = 0; i < json_count(array); i++)
        if (filter->year_count < FILTER_VALUES_MAX &&
            json_to_int(json_at(array, i), INT16_MIN, INT16_MAX, &year))
            filter->years[filter->year_count++] = (int)year;
        else
            wrong(reader, "reporting_year");
}

static void read_members(Reader *reader, PredictionFilter *filter)
{
    json_to_str(json_find(reader->object, "company_symbol"), &filter->symbol_part);
    filter->has_company = read_uuid(reader, "company_id", &filter->company_id);
    read_sectors(reader, filter);
    read_years(reader, filter);
    filter->quarters =
        read_bits(reader, "reporting_quarter", QUARTER_WORDS, 1, ARRAY_COUNT(QUARTER_WORDS));
    filter->risk_levels = read_bits(reader, "risk_level", RISK_LEVEL_WORDS, 0, RISK_LEVEL_COUNT);
    filter->sources = read_bits(reader, "source", SOURCE_WORDS, 0, SOURCE_COUNT);
    filter->has_job = read_uuid(reader, "job_id", &filter->job_id);
    filter->has_user = read_uuid(reader, "created_by", &filter->created_by);
    filter->created_after = read_time(reader, "created_after", INT64_MIN);
    filter->created_before = read_time(reader, "created_before", INT64_MAX);
    json_to_number(json_find(reader->object, "probability_min"), &filter->probability_min);
    json_to_number(json_find(reader->object, "probability_max"), &filter->probability_max);
}

Error *filter_parse(Arena *arena, Str text, PredictionFilter *ret_filter)
{
    Reader reader = {.arena = arena};
    TRY(json_parse(arena, text, &reader.object));
    if (!json_is(reader.object, JSON_IS_OBJECT))
        return ERROR(arena, ERROR_INVALID, "The filter must be an object.");
    json_check_members(arena, reader.object, MEMBERS, ARRAY_COUNT(MEMBERS), &reader.wrong);
    TRY(error_from_fields(arena, reader.wrong));
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    read_members(&reader, &filter);
    TRY(error_from_fields(arena, reader.wrong));
    *ret_filter = filter;
    return NULL;
}
