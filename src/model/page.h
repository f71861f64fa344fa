/* What a list may be asked: where to go on, how many, and which rows. Filters are conjunctive; an empty
 * one lets everything pass. */
#ifndef OBLIGOR_MODEL_PAGE_H
#define OBLIGOR_MODEL_PAGE_H

#include "base/uuid.h"
#include "model/prediction.h"
#include "model/user.h"

enum {
    PAGE_LIMIT_DEFAULT = 50,
    PAGE_LIMIT_MAX = 1000,
    PAGE_OFFSET_MAX = 10000,
    FILTER_VALUES_MAX = 50
};

typedef enum PredictionSort { SORT_CREATED_AT, SORT_PROBABILITY, SORT_COUNT } PredictionSort;

/* A place between two rows of a sorted list: everything behind it is still to come. `job_row` is the
 * key where a list is in file order. */
typedef struct PageKey {
    bool set; /* false: from the start */
    int64_t created_at;
    double probability;
    int64_t job_row;
    Uuid id;
} PageKey;

typedef struct Page {
    int64_t limit;  /* 1..PAGE_LIMIT_MAX */
    int64_t offset; /* 0..PAGE_OFFSET_MAX; only with `after` not set */
    PageKey after;
    bool want_total;
} Page;

/* What came of it, beside the rows. */
typedef struct PageEnd {
    bool has_more;
    PageKey next;           /* set where has_more */
    int64_t total;          /* -1: not asked */
    bool total_is_at_least; /* counting stopped at a bound */
    bool settling;          /* a deletion is giving former values back */
} PageEnd;

typedef struct PredictionFilter {
    Str symbol_part; /* upper case; matches anywhere in the symbol */
    bool has_company;
    Uuid company_id;
    Str sectors[FILTER_VALUES_MAX];
    size_t sector_count;
    int years[FILTER_VALUES_MAX];
    size_t year_count;
    unsigned quarters;    /* bit n: quarter n (1..4); 0: any */
    unsigned risk_levels; /* bit n: RiskLevel n; 0: any */
    unsigned sources;     /* bit n: Source n; 0: any */
    bool has_job;
    Uuid job_id;
    bool has_user;
    Uuid created_by;
    bool has_access_level;
    OwnerKind access_level;
    int64_t created_after;  /* >= ; INT64_MIN: any */
    int64_t created_before; /* < ; INT64_MAX: any */
    double probability_min; /* -INFINITY: any */
    double probability_max; /* INFINITY: any */
    bool include_superseded;
    PredictionSort sort;
    bool ascending; /* only with SORT_PROBABILITY */
} PredictionFilter;

#define PREDICTION_FILTER_ALL                                                                      \
    ((PredictionFilter){.created_after = INT64_MIN,                                                \
                        .created_before = INT64_MAX,                                               \
                        .probability_min = -__builtin_inf(),                                       \
                        .probability_max = __builtin_inf()})

#endif
