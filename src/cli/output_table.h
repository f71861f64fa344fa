/* The layout of a table on a terminal. */
#ifndef OBLIGOR_CLI_OUTPUT_TABLE_H
#define OBLIGOR_CLI_OUTPUT_TABLE_H

#include "cli/output.h"

/* Writes the table into out->text: a heading, then the rows; `shown` are the cells as text. */
void output_table_lay(Output *out, const Table *table, const Str *shown);

#endif
