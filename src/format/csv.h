/* A streaming reader of CSV (RFC 4180) in UTF-8, in constant memory.
 *
 * - A row ends with CRLF, LF or CR; the last one may go without. A byte order mark is skipped.
 * - A cell that begins with a quote ends at the closing quote; a quote inside it is written twice,
 *   and delimiters and line breaks inside it are text. A quote further inside an unquoted cell is
 *   text. Spaces belong to the cell. Trailing empty cells are kept.
 * - Rows are numbered as a spreadsheet numbers them: the first is 1, a line break inside quotes
 *   does not begin a new row, and an empty line counts but is not delivered.
 * - What is wrong with one row is a value, its fault: the row is delivered and reading goes on.
 *   What makes the rest of the file unreadable is an Error.
 *
 * The result depends on the bytes alone, never on how the source cuts them. */
#ifndef OBLIGOR_FORMAT_CSV_H
#define OBLIGOR_FORMAT_CSV_H

#include "format/byte_source.h"

/* 0 stands for the default in each. A delimiter is ASCII, no quote, and no control character but
 * TAB; the default is the one of , ; TAB that is most frequent in the first row, else the comma. */
typedef struct CsvOptions {
    char delimiter;
    size_t max_cell;      /* bytes; 32 KiB */
    size_t max_columns;   /* 256 */
    size_t max_row_bytes; /* 1 MiB */
    const char
        *encoding; /* what the source converts from (text_decode.h), for messages; NULL: nothing */
} CsvOptions;

/* When a row has several faults, the one that stands first here is told. */
typedef enum CsvFaultKind {
    CSV_FAULT_NUL,
    CSV_FAULT_NOT_UTF8,
    CSV_FAULT_TEXT_AFTER_QUOTE, /* the cell is delivered as it stands, with its quotes */
    CSV_FAULT_CELL_TOO_LONG,
    CSV_FAULT_TOO_MANY_COLUMNS, /* the first max_columns cells are delivered */
    CSV_FAULT_COUNT
} CsvFaultKind;
extern const char *const CSV_FAULT_WORDS[CSV_FAULT_COUNT];

typedef struct CsvFault {
    CsvFaultKind kind;
    const char *message; /* a sentence for a person, with the row's number */
    size_t column;       /* from 1; 0: the row as a whole, or beyond max_columns */
    size_t row_offset;   /* of the first wrong byte in `raw`, from 0 ... */
    int64_t file_offset; /* ... and in the file; both of the row where its size is the fault */
} CsvFault;

typedef struct CsvRow {
    int64_t number;
    Str *cells;
    size_t count;
    Str raw;               /* the row's bytes as they stand in the file, without the line end */
    const CsvFault *fault; /* NULL: none */
} CsvRow;

typedef struct CsvReader CsvReader;

/* Reads as far as the first row to find the delimiter. ERROR_UNSUPPORTED when the first bytes are
 * not those of a CSV file in UTF-8 (an Excel workbook, an archive, UTF-16, ...), ERROR_INVALID when
 * the delimiter in the options is none. The source is borrowed; the reader lives in `arena`. */
Error *csv_open(Arena *arena, ByteSource source, CsvOptions options, CsvReader **ret_reader)
    MUST_CHECK;

/* The next row, or *ret_more = false after the last. The row, its cells and `raw` stay valid until
 * the next csv_next or until `row_arena`, which holds faults and cells with doubled quotes, is
 * rewound. Fails with ERROR_MALFORMED ("quote_not_closed"; the message names the row and the column
 * where the quote opens) or ERROR_TOO_LARGE ("row_too_long"), both in `row_arena`, or with the
 * source's error; after that the reader cannot be used any more. */
Error *csv_next(CsvReader *reader, Arena *row_arena, CsvRow *ret_row, bool *ret_more) MUST_CHECK;

/* True when every cell is empty or blank: such as ",,,", left by a spreadsheet. */
bool csv_row_is_blank(const CsvRow *row);

char csv_delimiter(const CsvReader *reader);

/* Bytes of the file up to the end of the row delivered last: for a progress in percent. */
int64_t csv_offset(const CsvReader *reader);

#endif
