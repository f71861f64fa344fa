/* Small on purpose: no sections, no quotes, no includes. What a file says wrongly is never
 * passed over in silence, for a setting that is not in force is worse than a program that does
 * not start. */
#include "cli/config_file.h"

#include "base/number.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CONFIG_FILE_MAX = 1 << 20 };

static Error *parse_line(Arena *arena, const char *where, Str line, ConfigEntry *entries)
{
    size_t equals;
    OptionId id;
    if (!str_find(line, '=', &equals))
        return usage_error(arena, "Lines read: name = value", "%s is not a setting.", where);
    Str name = str_trim(str_slice(line, 0, equals));
    Str value = str_trim(str_slice(line, equals + 1, line.len));
    if (!option_find(name, &id) || option_spec(id)->environment == NULL || id == OPTION_CONFIG)
        return usage_error(arena, "'obligor config' lists the settings that there are.",
                           "%s: there is no setting \"" STR_FMT "\".", where,
                           STR_ARG(str_slice(name, 0, 80)));
    if (entries[id].text != NULL)
        return usage_error(arena, NULL, "%s: \"" STR_FMT "\" was set already, at %s.", where,
                           STR_ARG(name), entries[id].where);
    entries[id] = (ConfigEntry){str_dup(arena, value), where};
    return NULL;
}

Error *config_file_parse(Arena *arena, const char *name, Str text, ConfigEntry *entries)
{
    size_t bad;
    if (!utf8_check(text, &bad) || str_find(text, '\0', &bad))
        return usage_error(arena, NULL, "%s is not a text file.", name);
    if (str_starts_with(text, STR("\xEF\xBB\xBF")))
        text = str_slice(text, 3, text.len);
    Str line;
    for (int number = 1; str_next(&text, '\n', &line); number++) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        TRY(parse_line(arena, arena_printf(arena, "%s:%d", name, number), line, entries));
    }
    return NULL;
}

static void close_file(void *file)
{
    fclose(file);
}

Error *config_file_read(Arena *arena, const char *path, ConfigEntry *entries)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return usage_error(arena, NULL, "The file %s of --config cannot be read: %s.", path,
                           strerror(errno));
    arena_defer(arena, close_file, file);
    char *text = arena_alloc_raw(arena, CONFIG_FILE_MAX + 1);
    size_t length = fread(text, 1, CONFIG_FILE_MAX + 1, file);
    if (ferror(file))
        return usage_error(arena, NULL, "The file %s of --config cannot be read.", path);
    if (length > CONFIG_FILE_MAX)
        return usage_error(arena, NULL, "The file %s of --config is larger than 1 MiB.", path);
    return config_file_parse(arena, path, (Str){text, length}, entries);
}
