/* The file of --config: lines `name = value`, where `name` is a setting's long name; empty lines
 * and lines that begin with # are left out. The value is everything behind the equals sign,
 * trimmed. */
#ifndef OBLIGOR_CLI_CONFIG_FILE_H
#define OBLIGOR_CLI_CONFIG_FILE_H

#include "cli/options.h"

typedef struct ConfigEntry {
    const char *text;  /* NULL: the file does not say */
    const char *where; /* "obligor.conf:3" */
} ConfigEntry;

/* Fills entries[OPTION_COUNT]. Wrong lines, unknown names and names that stand twice are
 * ERROR_INVALID, reason "usage", with the line; `name` is what the file is called in messages. */
Error *config_file_parse(Arena *arena, const char *name, Str text, ConfigEntry *entries) MUST_CHECK;

/* Reads the file at `path` and parses it. */
Error *config_file_read(Arena *arena, const char *path, ConfigEntry *entries) MUST_CHECK;

#endif
