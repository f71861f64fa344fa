/* Where a command writes a table: a file of --output, which is there whole or not at all, or standard output. */
#ifndef OBLIGOR_CLI_TABLE_FILE_H
#define OBLIGOR_CLI_TABLE_FILE_H

#include "cli/cli.h"
#include "format/table_out.h"

typedef struct TableFile {
    ByteSink sink;
    TableFormat format;
    bool on_stdout; /* the table is all that standard output may have */
} TableFile;

/* From --output and --format; without --format the ending of the file's name decides, else it is CSV. Wrong usage:
 * a workbook on a terminal. */
Error *table_file_open(Cli *cli, TableFile **ret_file) MUST_CHECK;

/* All is written: the file takes its name. Without this it is gone with the arena. */
Error *table_file_keep(Cli *cli, TableFile *file) MUST_CHECK;

#endif
