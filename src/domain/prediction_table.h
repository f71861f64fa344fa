/* Predictions as rows of a table: the columns of an upload first, in its order, so that what is exported may be sent
 * again as it is. */
#ifndef OBLIGOR_DOMAIN_PREDICTION_TABLE_H
#define OBLIGOR_DOMAIN_PREDICTION_TABLE_H

#include "domain/row_rules.h"
#include "format/table_out.h"

enum { PREDICTION_TABLE_COLUMNS = FIELD_MAX + SCORE_MAX + 12 };

/* Returns how many. */
size_t prediction_table_columns(Kind kind, Str names[PREDICTION_TABLE_COLUMNS]);

/* As many cells; texts are borrowed from the prediction or in `arena`. */
void prediction_table_cells(Arena *arena, const Prediction *prediction,
                            TableCell cells[PREDICTION_TABLE_COLUMNS]);

/* The columns of what was scored, without being stored: probabilities, risk_level, confidence. They also stand in
 * every prediction's row. */
size_t prediction_table_score_columns(Kind kind, Str *names);
size_t prediction_table_score(Kind kind, const Score *score, TableCell *cells);

/* The cells of an upload: as many as field_count. */
void prediction_table_input(Kind kind, const PredictionInput *input, TableCell *cells);

/* A file to be filled in: each column with its unit, and one row as an example. It uploads as it is. */
Error *prediction_table_template(Arena *arena, Kind kind, TableFormat format, ByteSink sink)
    MUST_CHECK;

#endif
