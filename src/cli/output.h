/* What commands say on standard output: facts and tables, described once and written in one of
 * three ways: aligned for a person at a terminal, tab-separated lines elsewhere, JSON with --json.
 *
 * JSON is one object whose members are the facts and tables in order. Text from data never reaches
 * a terminal with control characters in it. Nothing is written before output_flush. */
#ifndef OBLIGOR_CLI_OUTPUT_H
#define OBLIGOR_CLI_OUTPUT_H

#include "base/error.h"
#include "base/uuid.h"
#include "format/json_out.h"

typedef struct OutputOptions {
    bool json;
    bool terminal;
    bool color;   /* only with terminal */
    size_t width; /* of the terminal, in columns; 0: no limit */
} OutputOptions;

typedef struct Output {
    Arena *arena;
    OutputOptions options;
    Buf text;
    Buf notes;      /* lines for standard error */
    JsonOut object; /* with json: into `text` */
    bool begun;     /* something was written */
} Output;

typedef enum ShownKind {
    CELL_IS_NONE, /* empty; null */
    CELL_IS_TEXT,
    CELL_IS_INT,
    CELL_IS_REAL,
    CELL_IS_BOOL, /* yes, no */
    CELL_IS_TIME,
    CELL_IS_JSON /* one JSON value; written only as JSON */
} ShownKind;

typedef struct Cell {
    ShownKind kind;
    Str text;
    int64_t number;
    double real;
} Cell;

Cell cell_text(const char *text); /* NULL: none */
Cell cell_str(Str text);
Cell cell_int(int64_t number);
Cell cell_int_or_none(int64_t number); /* below 0: none */
Cell cell_real(double real);           /* infinite: none */
Cell cell_bool(bool value);
Cell cell_time(int64_t time);          /* 0: none */
Cell cell_uuid(Arena *arena, Uuid id); /* nil: none */
Cell cell_json(Str json);

typedef struct Fact {
    const char *title; /* on a terminal: "File" */
    const char *key;   /* elsewhere: "original_filename" */
    Cell value;
} Fact;

typedef struct Column {
    const char *title;
    const char *key;
    bool right;  /* aligned to the right */
    bool yields; /* may be cut where the terminal is narrow */
} Column;

typedef struct Table {
    Arena *arena;
    const Column *columns;
    size_t column_count;
    Cell *cells; /* row by row */
    size_t cell_count;
    size_t cell_cap;
} Table;

Output output_new(Arena *arena, OutputOptions options);

/* What fits the process: is standard output a terminal, how wide, does NO_COLOR speak. */
OutputOptions output_options(bool json);

/* One thing and what there is to say of it. */
void output_facts(Output *out, const char *key, const Fact *facts, size_t count);

/* Several alike. `columns` is borrowed; a row is column_count cells. */
Table table_new(Arena *arena, const Column *columns, size_t column_count);
void table_add(Table *table, const Cell *row);
void output_table(Output *out, const char *key, const Table *table);

/* A sentence for people: nothing with json. */
void output_line(Output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A remark beside the result, in every form of it: to standard error, behind the result. */
void output_note(Output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes as they are, such as help: nothing with json. */
void output_raw(Output *out, Str text);

/* Ends what was begun and writes it to `file`, the remarks to `notes`; false when the first fails.
 * May be called again after more. */
bool output_flush(Output *out, FILE *file, FILE *notes);

/* `text` as a terminal or a line may have it: control characters, those that turn the direction of
 * writing, and bad UTF-8 become '?'. */
Str output_clean(Arena *arena, Str text);

#endif
