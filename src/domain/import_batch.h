/* A batch of an import: rows read, mapped, validated and scored (pure, ahead of the commit), and the
 * reader that makes them. */
#ifndef OBLIGOR_DOMAIN_IMPORT_BATCH_H
#define OBLIGOR_DOMAIN_IMPORT_BATCH_H

#include "domain/models.h"
#include "domain/row_rules.h"
#include "format/table.h"

enum { BATCH_ROWS_FIRST = 256, BATCH_ROWS_MAX = 8192, BATCH_BYTES_MAX = 8 << 20 };

typedef enum RowOutcome { ROW_GOOD, ROW_FAILED, ROW_SKIPPED, ROW_UNCHANGED } RowOutcome;

typedef struct ImportRow {
    int64_t number;        /* as a spreadsheet shows it */
    Str raw;               /* as one line of CSV (table.h) */
    PredictionInput input; /* only of a good row */
    Score score;
    RowOutcome read;    /* ROW_GOOD or ROW_FAILED, by the row alone */
    RowOutcome outcome; /* once the database has had its say */
    ProblemList problems;
    size_t read_problems; /* how many of them the row alone has */
    Uuid company_id;      /* of a good row, once work_companies found or made it */
    bool company_to_come; /* a dry run would have made it */
    int64_t first_row; /* of a good row: one before it has the same key (import_seen.h); 0: none */
} ImportRow;

typedef struct ImportBatch {
    Arena *arena; /* everything in it */
    ImportRow *rows;
    size_t count;
    int64_t last_row;   /* number of the last row read, blank ones too */
    int64_t bytes_done; /* of the file */
    bool last;          /* the file ends here */
    ProblemList header; /* problems of the header, with the first batch alone */
    ProblemList whole;  /* and what only the whole file shows, with the last one */
    Uuid
        retry_of; /* the job that the file's first row names, with the first batch alone; nil: none */
    Error *error; /* reading went wrong; the rows before it are in `rows` */
} ImportBatch;

typedef struct BatchReader BatchReader;

/* Opens the file and reads its header. `resume_row`: rows up to this one are passed over (0: none).
 * Problems with the file itself are errors of the codes INVALID, MALFORMED, TOO_LARGE and UNSUPPORTED. */
Error *batch_reader_open(Arena *arena, RangeSource source, const Job *job, const ScoreCard *card,
                         BatchReader **ret_reader) MUST_CHECK;

/* Reads up to `rows` rows into a batch whose arena is empty. */
void batch_reader_next(BatchReader *reader, size_t rows, ImportBatch *batch);

/* The file as a table, as the options say, of which no more than `max_unpacked` bytes are read where it is packed; the mark of
 * its decimals, since a workbook has none of its own; and the row that names the columns, valid like any other row.
 * Errors as above. */
Error *import_table_open(Arena *arena, RangeSource source, const ImportOptions *options,
                         int64_t max_unpacked, Table **ret_table) MUST_CHECK;
DecimalMark import_table_decimal(const Table *table, const ImportOptions *options);
Error *import_table_header(Arena *arena, Table *table, TableRow *ret_row) MUST_CHECK;

/* True for an error that is the file's fault, so that the job fails and no retry helps. */
bool import_file_fault(const Error *error);

#endif
