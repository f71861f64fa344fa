/* What the values of options may be, and how they are shown. The rules belong to a kind of option,
 * never to a single one. */
#include "cli/options.h"

#include "base/check.h"
#include "base/number.h"
#include "model/words.h"

#include <inttypes.h>

Error *usage_error(Arena *arena, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    Error *error = ERROR(arena, ERROR_INVALID, "%s", message);
    if (hint != NULL)
        error_field_add(arena, &error->fields, "hint", "usage", "%s", hint);
    return error_with_reason(error, "usage");
}

static bool parse_bool(Str text, int64_t *ret_number)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    int index = words_find_fold(words, ARRAY_COUNT(words), text);
    if (index < 0)
        return false;
    *ret_number = index % 2;
    return true;
}

typedef struct Suffix {
    const char *word;
    int64_t factor;
} Suffix;

/* The first of each power is the one that is written. */
static const Suffix SUFFIXES[] = {
    {"TiB", INT64_C(1) << 40},
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"T", INT64_C(1) << 40},
    {"G", INT64_C(1) << 30},
    {"M", INT64_C(1) << 20},
    {"K", INT64_C(1) << 10},
    {"TB", INT64_C(1000000000000)},
    {"GB", INT64_C(1000000000)},
    {"MB", INT64_C(1000000)},
    {"KB", INT64_C(1000)},
    {"B", 1},
    {"", 1},
};
enum { WRITTEN_SUFFIXES = 4 };

static bool parse_bytes(Str text, const OptionSpec *spec, int64_t *ret_number)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    Str unit = str_trim(str_slice(text, digits, text.len));
    for (size_t i = 0; i < ARRAY_COUNT(SUFFIXES); i++) {
        int64_t factor = SUFFIXES[i].factor;
        int64_t number;
        if (!str_equal_fold(unit, str_from(SUFFIXES[i].word)))
            continue;
        if (!number_parse_int(str_slice(text, 0, digits), 0, INT64_MAX / factor, &number))
            return false;
        *ret_number = number * factor;
        return *ret_number >= spec->low && *ret_number <= spec->high;
    }
    return false;
}

const char *option_bytes_text(Arena *arena, int64_t bytes)
{
    for (size_t i = 0; i < WRITTEN_SUFFIXES; i++)
        if (bytes != 0 && bytes % SUFFIXES[i].factor == 0)
            return arena_printf(arena, "%" PRId64 "%s", bytes / SUFFIXES[i].factor,
                                SUFFIXES[i].word);
    return arena_printf(arena, "%" PRId64, bytes);
}

/* Says what would have been right. */
static const char *allowed(Arena *arena, const OptionSpec *spec)
{
    switch (spec->kind) {
    case OPTION_IS_TEXT:
        return "must not be empty";
    case OPTION_IS_INT:
        if (spec->high == INT64_MAX)
            return arena_printf(arena, "is not a whole number from %" PRId64 " on", spec->low);
        return arena_printf(arena, "is not a whole number from %" PRId64 " to %" PRId64, spec->low,
                            spec->high);
    case OPTION_IS_BYTES:
        return arena_printf(arena, "is not a number of bytes from %s to %s, such as 512MiB",
                            option_bytes_text(arena, spec->low),
                            option_bytes_text(arena, spec->high));
    case OPTION_IS_BOOL:
        return "is neither yes nor no";
    case OPTION_IS_CHOICE:
        return arena_printf(arena, "is not %s",
                            words_list(arena, spec->choices, spec->choice_count));
    }
    CHECK(false && "a kind of option");
    return NULL;
}

static bool parse(const OptionSpec *spec, Str text, int64_t *ret_number)
{
    int index;
    switch (spec->kind) {
    case OPTION_IS_TEXT:
        *ret_number = 0;
        return text.len > 0;
    case OPTION_IS_INT:
        return number_parse_int(text, spec->low, spec->high, ret_number);
    case OPTION_IS_BYTES:
        return parse_bytes(text, spec, ret_number);
    case OPTION_IS_BOOL:
        return parse_bool(text, ret_number);
    case OPTION_IS_CHOICE:
        index = words_find(spec->choices, spec->choice_count, text);
        *ret_number = index;
        return index >= 0;
    }
    return false;
}

Error *option_check(Arena *arena, const OptionSpec *spec, const char *where, Str text,
                    int64_t *ret_number)
{
    int64_t number = 0;
    if (!parse(spec, text, &number)) {
        Str shown = str_from(option_masked(arena, spec, str_dup(arena, text)));
        return usage_error(arena, NULL, "The value \"" STR_FMT "\" of %s %s.",
                           STR_ARG(str_slice(shown, 0, 80)), where, allowed(arena, spec));
    }
    *ret_number = number;
    return NULL;
}

/* scheme://user:PASSWORD@host, and password=PASSWORD among the parameters. A password may hold any
 * character that should have been written as %XX and was not, so all up to the last @ is masked. */
static const char *mask_url(Arena *arena, const char *text)
{
    Buf masked = buf_new(arena, strlen(text) * 2 + 16);
    const char *rest = text;
    const char *authority = strstr(text, "://");
    const char *at = authority == NULL ? NULL : strrchr(authority, '@');
    const char *colon =
        at == NULL ? NULL : memchr(authority + 3, ':', (size_t)(at - authority - 3));
    if (colon != NULL) {
        buf_add(&masked, (Str){text, (size_t)(colon + 1 - text)});
        buf_add(&masked, STR("***"));
        rest = at;
    }
    for (const char *found; (found = strcasestr(rest, "password=")) != NULL;) {
        found += strlen("password=");
        buf_add(&masked, (Str){rest, (size_t)(found - rest)});
        buf_add(&masked, STR("***"));
        rest = found + strcspn(found, "&#");
    }
    buf_add(&masked, str_from(rest));
    return str_dup(arena, buf_str(&masked));
}

const char *option_masked(Arena *arena, const OptionSpec *spec, const char *text)
{
    if (text == NULL || spec->secrecy == SECRET_NOTHING)
        return text;
    return spec->secrecy == SECRET_ALL ? "***" : mask_url(arena, text);
}
