/* What the files of the archive share: bytes going out and coming in, numbers as planes of bytes, and a
 * column's values on their way between rows and bytes. Nobody else includes this. */
#ifndef OBLIGOR_FORMAT_ARCHIVE_PARTS_H
#define OBLIGOR_FORMAT_ARCHIVE_PARTS_H

#include "base/vec.h"
#include "format/archive.h"

#define ARCHIVE_MAGIC "OBLA"

enum {
    ARCHIVE_VERSION = 1,
    ARCHIVE_COLUMN_MAX = 18 + RATIO_MAX + SCORE_MAX,
    ARCHIVE_CONTENT_MAX =
        512 << 20,          /* in bytes; a million rows of random numbers take half of it */
    ARCHIVE_PART_MIN = 256, /* in bytes; less is not worth statistics of its own */
    ARCHIVE_NEEDED = 1      /* flag of a column: who does not know it must not go on */
};

/* --- a column's values ------------------------------------------------------------------------ */

/* Written to archives: never renumber. */
typedef enum ArchiveType {
    ARCHIVE_INT = 1, /* int64_t */
    ARCHIVE_REAL,    /* the bits of a double */
    ARCHIVE_UUID,
    ARCHIVE_TEXT
} ArchiveType;

/* How values stand in an archive. Written to archives: never renumber. */
typedef enum ArchiveEncoding {
    ARCHIVE_NOTHING = 0, /* all are missing */
    ARCHIVE_PLAIN,       /* each by itself */
    ARCHIVE_DECIMAL,     /* reals: whole numbers by a power of ten, and exceptions */
    ARCHIVE_DICTIONARY,  /* the distinct values, and which one each is */
    ARCHIVE_PER,         /* one value for each entry of another column's dictionary */
    ARCHIVE_SAME,        /* those of another column */
    ARCHIVE_SOME         /* some are missing: a bitmap, then those that are there */
} ArchiveEncoding;

enum { ARCHIVE_POWER_MAX = 6 };
extern const double ARCHIVE_POWERS[ARCHIVE_POWER_MAX + 1];

typedef struct ArchiveCells {
    ArchiveType type;
    size_t count;
    uint8_t *present; /* 1 or 0 */
    uint64_t *words;  /* of ints and reals; of a missing one 0, as below */
    Uuid *uuids;
    Str *texts;
} ArchiveCells;

/* All missing. */
ArchiveCells archive_cells_new(Arena *arena, ArchiveType type, size_t count);
void archive_cells_copy(ArchiveCells *to, size_t to_at, const ArchiveCells *from, size_t from_at);
bool archive_cells_same(const ArchiveCells *a, size_t a_at, const ArchiveCells *b, size_t b_at);

/* Which entry of its dictionary each cell of a column is; no entries: it has no dictionary. */
typedef struct ArchiveIndex {
    uint64_t *of_row;
    size_t entries;
} ArchiveIndex;

/* --- columns ---------------------------------------------------------------------------------- */

typedef enum ArchiveField {
    FIELD_ID,
    FIELD_COMPANY_ID,
    FIELD_YEAR,
    FIELD_QUARTER,
    FIELD_JOB_ID,
    FIELD_JOB_ROW,
    FIELD_JOB_LINK,
    FIELD_SOURCE,
    FIELD_DERIVED_FROM,
    FIELD_ROOT_JOB_ID,
    FIELD_SECTOR,
    FIELD_MARKET_CAP,
    FIELD_RISK_LEVEL,
    FIELD_CONFIDENCE,
    FIELD_MODEL_ID,
    FIELD_IS_CURRENT,
    FIELD_CREATED_BY,
    FIELD_CREATED_AT,
    FIELD_RATIO,
    FIELD_SCORE
} ArchiveField;

typedef struct ArchiveColumn {
    uint16_t id; /* in archives, for ever */
    ArchiveType type;
    ArchiveField field;
    size_t at;     /* which ratio or score */
    bool required; /* without a default */
    bool unique;   /* no value twice: a dictionary would not pay */
    bool keeps;    /* others may refer to it */
    uint16_t per;  /* the column that may decide the value of this one, or 0 */
    uint16_t same; /* the column that may have the same values, or 0 */
} ArchiveColumn;

/* The columns of a kind, those first that others refer to. */
size_t archive_columns(Kind kind, ArchiveColumn columns[ARCHIVE_COLUMN_MAX]);

uint16_t archive_headline_id(Kind kind); /* the column of the headline probability */

/* False when each row has the default, so that the column can be left out. */
bool archive_gather(const ArchiveColumn *column, const Prediction *rows, ArchiveCells *cells);

/* What a row holds before its columns are read, and what is left to do when they are. */
Prediction archive_default_row(Kind kind, Uuid owner_id);
void archive_finish_row(Prediction *row, bool has_confidence);

/* The cells from `from` on into `count` rows. */
typedef enum ArchiveFit { FIT_GOOD, FIT_DAMAGED, FIT_TOO_NEW } ArchiveFit;
ArchiveFit archive_scatter(const ArchiveColumn *column, const ArchiveCells *cells, size_t from,
                           Prediction *rows, size_t count);

/* --- bytes out -------------------------------------------------------------------------------- */

typedef struct ArchiveOut {
    Arena *work; /* rewound behind each column */
    Buf bytes;
    VEC(size_t) cuts; /* where a part begins that is compressed by itself */
} ArchiveOut;

void archive_cut(ArchiveOut *out);
void archive_put(ArchiveOut *out, uint64_t value, size_t size); /* the lowest byte first */
void archive_put_varint(ArchiveOut *out, uint64_t value);
void archive_put_ints(ArchiveOut *out, const uint64_t *values, size_t count, bool may_ascend);

/* Chooses the encoding. */
ArchiveIndex archive_put_values(ArchiveOut *out, const ArchiveCells *cells, bool may_repeat);

/* --- bytes in --------------------------------------------------------------------------------- */

/* Reading beyond the end gives zeros and a fault; the first fault stays. */
typedef struct ArchiveIn {
    Arena *arena; /* where texts are to live */
    Arena *work;
    Str rest;
    const char *fault; /* for the log; NULL: none */
    bool too_new;
} ArchiveIn;

void archive_fault(ArchiveIn *in, const char *fault);
Str archive_take(ArchiveIn *in, uint64_t size);
uint64_t archive_get(ArchiveIn *in, size_t size);
uint64_t archive_get_varint(ArchiveIn *in);
void archive_get_ints(ArchiveIn *in, uint64_t *values, size_t count);

/* A column that others may refer to. */
typedef struct ArchiveKept {
    uint16_t id;
    ArchiveCells cells;
    ArchiveIndex index;
} ArchiveKept;

/* Fills `cells`, which are all missing; *ret_index tells of a dictionary. */
void archive_get_values(ArchiveIn *in, ArchiveCells *cells, const ArchiveKept *kept,
                        size_t kept_count, ArchiveIndex *ret_index);

#endif
