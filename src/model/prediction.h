/* A prediction: one scored set of ratios of one company and period, an immutable fact. */
#ifndef OBLIGOR_MODEL_PREDICTION_H
#define OBLIGOR_MODEL_PREDICTION_H

#include "base/clock.h"
#include "base/uuid.h"
#include "model/kind.h"

/* Stored as these numbers; the order is that of the words. Never renumber. */
typedef enum RiskLevel {
    RISK_LOW,
    RISK_MEDIUM,
    RISK_HIGH,
    RISK_CRITICAL,
    RISK_LEVEL_COUNT
} RiskLevel;
extern const char *const RISK_LEVEL_WORDS[RISK_LEVEL_COUNT];

typedef enum Source {
    SOURCE_BULK_UPLOAD,
    SOURCE_MANUAL,
    SOURCE_EDIT,
    SOURCE_RESCORE,
    SOURCE_UNKNOWN,
    SOURCE_COUNT
} Source;
extern const char *const SOURCE_WORDS[SOURCE_COUNT];

/* Whether the link to the job was written by the job itself or inferred afterwards. */
typedef enum JobLink { LINK_RECORDED, LINK_INFERRED, LINK_COUNT } JobLink;
extern const char *const JOB_LINK_WORDS[LINK_COUNT];

/* Whether a job hides its rows with such a link: `{hidden}` of tools/make_statements.py, for what is in memory. */
bool job_link_hidden(JobLink link, bool hides_rows, bool hides_inferred);

typedef struct Ratio {
    double value; /* percent or multiple, as kind_spec says; 0 while missing */
    bool present;
} Ratio;

/* What scoring gives. */
typedef struct Score {
    double values[SCORE_MAX]; /* in the order of kind_spec()->scores */
    bool present[SCORE_MAX];  /* false: the model does not give it (null) */
    double probability;       /* the headline PD, 0..1 */
    RiskLevel risk_level;
    double confidence; /* max(2·|PD − 0.5|, 0.5) */
} Score;

/* What a row says, whether it came from a file or over HTTP. */
typedef struct PredictionInput {
    Str symbol; /* upper-cased, trimmed, at most 20 characters */
    Str company_name;
    Str sector;       /* may be empty: not given */
    Ratio market_cap; /* US dollars, >= 0 */
    int year;         /* 1900..2200 */
    int quarter;      /* 1..4 */
    Ratio ratios[RATIO_MAX];
} PredictionInput;

typedef struct Prediction {
    Kind kind;
    Uuid id;
    Uuid owner_id;
    Uuid company_id;
    int year;
    int quarter;
    Str sector;
    Ratio market_cap;
    Ratio ratios[RATIO_MAX];
    Score score;
    Uuid model_id;
    bool has_job; /* false: made by hand; job_* below are then meaningless */
    Uuid job_id;
    int64_t job_row; /* as a spreadsheet shows it: the header is row 1; 0: none */
    JobLink job_link;
    Source source;
    Uuid derived_from; /* nil: nothing */
    Uuid root_job_id;  /* nil: none */
    bool is_current;
    Uuid created_by;
    int64_t created_at;
    /* Looked up with the row: */
    Str company_symbol;
    Str company_name;
    const char *original_filename; /* of the job; NULL without one */
    bool job_deleted;              /* the job's record was deleted */
    const char *model_name;
    const char *model_version;
    const char *created_by_email; /* NULL: unknown user */
} Prediction;

/* Every ratio alike, missing ones included. `a` and `b` hold the ratios of `kind`. */
bool prediction_same_ratios(Kind kind, const Ratio *a, const Ratio *b);

#endif
