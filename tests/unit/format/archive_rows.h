/* Rows for the tests of the archive: anything that a prediction may hold, and how to tell two apart. */
#ifndef OBLIGOR_UNIT_ARCHIVE_ROWS_H
#define OBLIGOR_UNIT_ARCHIVE_ROWS_H

#include "format/archive.h"
#include "format/zstd.h"

#include "test.h"

static inline double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Decimals as people write them, powers of two, and what the standard has of odd ones. */
static inline double random_double(uint64_t *seed)
{
    static const uint64_t odd[] = {
        0,                            /* 0.0 */
        UINT64_C(0x8000000000000000), /* -0.0 */
        1,                            /* the smallest there is */
        UINT64_C(0x800FFFFFFFFFFFFF), /* the largest denormal, negative */
        UINT64_C(0x7FEFFFFFFFFFFFFF), /* the largest */
        UINT64_C(0x7FF0000000000000), /* infinity */
        UINT64_C(0xFFF0000000000000), /* -infinity */
        UINT64_C(0x7FF8000000000000), /* NaN */
        UINT64_C(0xFFF8000000001234), /* NaN with a payload and a sign */
        UINT64_C(0x7FF0000000000001), /* signalling NaN */
        UINT64_C(0x4340000000000000), /* 2^53 */
        UINT64_C(0x4340000000000001), /* 2^53 + 2 */
        UINT64_C(0x3FB999999999999A), /* 0.1 */
        UINT64_C(0x3FD3333333333334), /* 0.1 + 0.2 */
        UINT64_C(0x412E847FFFFFFFFF), /* just below 999999.999999... */
    };
    static const double powers[] = {1, 10, 100, 1000, 1e6, 1e7};
    switch (test_below(seed, 8)) {
    case 0:
        return double_of(odd[test_below(seed, ARRAY_COUNT(odd))]);
    case 1:
        return double_of(test_random(seed));
    case 2:
        return (double)test_random(seed) / 18446744073709551616.0;
    default:
        return ((double)test_below(seed, 200000) - 100000) / powers[test_below(seed, 6)];
    }
}

static inline int64_t random_int(uint64_t *seed)
{
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN + 1};
    if (test_below(seed, 3) == 0)
        return odd[test_below(seed, ARRAY_COUNT(odd))];
    return (int64_t)(test_random(seed) >> test_below(seed, 64));
}

static inline Uuid random_uuid(uint64_t *seed, bool v7)
{
    Uuid uuid;
    for (size_t i = 0; i < sizeof uuid.bytes; i++)
        uuid.bytes[i] = (uint8_t)test_random(seed);
    if (v7)
        uuid.bytes[6] = (uint8_t)(0x70 | (uuid.bytes[6] & 15));
    return uuid;
}

static inline Str random_text(uint64_t *seed)
{
    static const Str texts[] = {
        {"", 0},        {NULL, 0},       {"Technology", 10},      {"Energy", 6},
        {"\0a\0", 3},   {"Öl & Gas", 9}, {"\xF0\x9F\x92\xB0", 4}, {"\xE6\xB0\xB4", 3},
        {"Energy ", 7},
    };
    return texts[test_below(seed, ARRAY_COUNT(texts))];
}

/* How one archive's rows are made: each bit says whether a column varies. */
typedef struct RowMaker {
    uint64_t seed;
    uint64_t varies;
    uint64_t missing; /* out of 4 */
    Kind kind;
} RowMaker;

static inline Ratio maker_ratio(RowMaker *maker)
{
    if (test_below(&maker->seed, 4) < maker->missing)
        return (Ratio){0, false};
    return (Ratio){random_double(&maker->seed), true};
}

static inline void make_score(RowMaker *maker, Score *score)
{
    const KindSpec *spec = kind_spec(maker->kind);
    for (size_t i = 0; i < spec->score_count; i++) {
        Ratio ratio = maker_ratio(maker);
        score->values[i] = ratio.value;
        score->present[i] = ratio.present;
    }
    if (test_below(&maker->seed, 2) == 0)
        score->values[0] = score->values[spec->score_count - 1],
        score->present[0] = score->present[spec->score_count - 1];
    score->probability = score->values[spec->score_count - 1];
    score->risk_level = (RiskLevel)test_below(&maker->seed, RISK_LEVEL_COUNT);
    double distance =
        score->probability < 0.5 ? 0.5 - score->probability : score->probability - 0.5;
    score->confidence = 2 * distance > 0.5 ? 2 * distance : 0.5;
    if (maker->varies & 1 << 9)
        score->confidence = random_double(&maker->seed);
}

static inline Prediction make_row(RowMaker *maker, const Prediction *before)
{
    uint64_t *seed = &maker->seed, varies = maker->varies;
    Prediction p = *before;
    p.kind = maker->kind;
    p.id = random_uuid(seed, varies & 1);
    if (varies & 1 << 1)
        p.company_id = random_uuid(seed, varies & 1 << 2);
    if (varies & 1 << 3)
        p.year = (int)test_below(seed, 65536) - 32768, p.quarter = (int)test_below(seed, 5);
    p.sector = varies & 1 << 4 ? random_text(seed) : p.sector;
    if (varies & 1 << 5)
        p.has_job = test_below(seed, 2), p.derived_from = random_uuid(seed, true);
    p.job_id = p.has_job ? random_uuid(seed, true) : UUID_NIL;
    p.job_row = !p.has_job ? 0 : varies & 1 << 6 ? random_int(seed) : p.job_row + 1;
    if (varies & 1 << 7) {
        p.job_link = (JobLink)test_below(seed, LINK_COUNT);
        p.source = (Source)test_below(seed, SOURCE_COUNT);
        p.is_current = test_below(seed, 2);
        p.root_job_id = test_below(seed, 2) ? random_uuid(seed, false) : UUID_NIL;
        p.model_id = random_uuid(seed, true);
        p.created_by = random_uuid(seed, true);
    }
    p.created_at = varies & 1 << 8 ? random_int(seed) : p.created_at + 1000;
    p.market_cap = maker_ratio(maker);
    for (size_t i = 0; i < kind_spec(p.kind)->ratio_count; i++)
        p.ratios[i] = maker_ratio(maker);
    make_score(maker, &p.score);
    return p;
}

static inline Prediction *make_rows(Arena *arena, RowMaker maker, size_t count)
{
    Prediction *rows = ARENA_ARRAY(arena, Prediction, count + 1);
    Prediction first = {.year = 2020, .quarter = 4, .sector = STR("Energy"), .has_job = true};
    for (size_t i = 0; i < count; i++)
        rows[i] = make_row(&maker, i == 0 ? &first : &rows[i - 1]);
    return rows;
}

static inline bool same_ratio(Ratio a, Ratio b)
{
    return a.present == b.present && bits_of(a.value) == bits_of(b.value);
}

static inline bool same_score(const Score *a, const Score *b)
{
    for (size_t i = 0; i < SCORE_MAX; i++)
        if (!same_ratio((Ratio){a->values[i], a->present[i]}, (Ratio){b->values[i], b->present[i]}))
            return false;
    return bits_of(a->probability) == bits_of(b->probability) && a->risk_level == b->risk_level &&
           bits_of(a->confidence) == bits_of(b->confidence);
}

/* To the bit, all that an archive keeps; an absent text is not an empty one. */
static inline bool same_row(const Prediction *a, const Prediction *b)
{
    bool same = a->kind == b->kind && uuid_equal(a->id, b->id) &&
                uuid_equal(a->company_id, b->company_id) && a->year == b->year &&
                a->quarter == b->quarter && str_equal(a->sector, b->sector) &&
                (a->sector.ptr == NULL) == (b->sector.ptr == NULL) &&
                same_ratio(a->market_cap, b->market_cap) && same_score(&a->score, &b->score);
    for (size_t i = 0; i < RATIO_MAX; i++)
        same = same && same_ratio(a->ratios[i], b->ratios[i]);
    return same && uuid_equal(a->model_id, b->model_id) && a->has_job == b->has_job &&
           uuid_equal(a->job_id, b->job_id) && a->job_row == b->job_row &&
           a->job_link == b->job_link && a->source == b->source &&
           uuid_equal(a->derived_from, b->derived_from) &&
           uuid_equal(a->root_job_id, b->root_job_id) && a->is_current == b->is_current &&
           uuid_equal(a->created_by, b->created_by) && a->created_at == b->created_at;
}

static const Uuid OWNER = {{7, 7, 7}};

#define assert_unpacks(arena, packed, kind, rows, count)                                           \
    test_assert_unpacks((arena), (packed), (kind), (rows), (count), __FILE__, __LINE__)

static inline void test_assert_unpacks(Arena *arena, Str packed, Kind kind, const Prediction *rows,
                                       size_t count, const char *file, int line)
{
    Kind got_kind = KIND_COUNT;
    Prediction *got = NULL;
    size_t got_count = 0;
    test_assert_no_error(archive_unpack(arena, OWNER, packed, &got_kind, &got, &got_count), file,
                         line);
    _assert_int_equal(got_kind, kind, file, line);
    _assert_int_equal(got_count, count, file, line);
    for (size_t i = 0; i < count; i++) {
        if (same_row(&got[i], &rows[i]) && uuid_equal(got[i].owner_id, OWNER))
            continue;
        print_error("row %zu of %zu is another one\n", i, count);
        _fail(file, line);
    }
}

#endif
