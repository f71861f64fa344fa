/* A JSON body as a row of input: the same cells that a line of a file has, under the same rules. */
#ifndef OBLIGOR_HTTP_BODY_ROW_H
#define OBLIGOR_HTTP_BODY_ROW_H

#include "http/params.h"

#include "domain/row_rules.h"

/* Picks the fields of `kind` out of the body; null is an empty cell, a member that is not there
 * leaves its cell absent. Booleans, arrays and objects are noted as wrong. */
void body_row_pick(Params *body, Kind kind, RawRow *ret_row);

/* Cells that are absent are taken from a prediction that is there. */
void body_row_fill(Arena *arena, const Prediction *former, RawRow *row);

/* Checks the cells. Errors are noted in `body`, whose params_check then tells them together with
 * unknown members; warnings are left in `problems`. */
void body_row_check(Params *body, Kind kind, const RawRow *row, PredictionInput *ret_input,
                    ProblemList *problems);

#endif
