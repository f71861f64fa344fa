/* The parser walks the arguments once and sorts them into words and options; that needs the table
 * of options alone, so options may stand anywhere, before the command too. What follows is the
 * same for every option: does it belong to the command, which of the four places gives its value,
 * is that value good. Options that do not belong to the command are not looked at in the
 * environment or in the file: a setting of the server that is wrong does not keep `jobs list` from
 * working. */
#include "cli/call.h"

#include "base/check.h"
#include "base/vec.h"
#include "cli/config_file.h"
#include "cli/suggest.h"

typedef struct Reader {
    Arena *arena;
    const CallInput *input;
    int at;                          /* the next of argv */
    VEC(Str) words;                  /* what is no option */
    const char *given[OPTION_COUNT]; /* by flag; NULL: not */
    ConfigEntry file[OPTION_COUNT];
} Reader;

/* ---- the command line ------------------------------------------------------------------------ */

static Error *unknown_option(Arena *arena, Str name)
{
    size_t best = SUGGEST_TOO_FAR;
    const char *near = NULL;
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        suggest_offer(arena, name, option_spec(id)->name, &best, &near);
    const char *hint = near != NULL ? arena_printf(arena, "Did you mean --%s?", near)
                                    : "'obligor help COMMAND' lists a command's options.";
    return usage_error(arena, hint, "There is no option --" STR_FMT ".",
                       STR_ARG(str_slice(name, 0, 80)));
}

static void give(Reader *reader, OptionId id, const char *text)
{
    const char *before = reader->given[id];
    if (before != NULL && option_spec(id)->repeats)
        text = arena_printf(reader->arena, "%s,%s", before, text);
    reader->given[id] = text;
}

/* The value of an option: behind its "=" (then `inside` has a ptr), or the next argument. */
static Error *take_value(Reader *reader, OptionId id, Str inside)
{
    const OptionSpec *spec = option_spec(id);
    if (inside.ptr != NULL) {
        give(reader, id, str_dup(reader->arena, inside));
        return NULL;
    }
    if (spec->kind == OPTION_IS_BOOL) {
        reader->given[id] = "yes";
        return NULL;
    }
    const char *next = reader->at < reader->input->argc ? reader->input->argv[reader->at] : NULL;
    if (next == NULL || strncmp(next, "--", 2) == 0)
        return usage_error(reader->arena,
                           arena_printf(reader->arena, "Write --%s %s.", spec->name, spec->value),
                           "The option --%s has no value.", spec->name);
    give(reader, id, next);
    reader->at++;
    return NULL;
}

static Error *take_long(Reader *reader, Str text)
{
    size_t equals;
    Str inside = {0};
    Str name = text;
    if (str_find(text, '=', &equals)) {
        name = str_slice(text, 0, equals);
        inside = str_slice(text, equals + 1, text.len);
    }
    OptionId id;
    if (!option_find(name, &id))
        return unknown_option(reader->arena, name);
    return take_value(reader, id, inside);
}

/* -h, and -hV for several: letters belong to options without a value. */
static Error *take_letters(Reader *reader, Str letters)
{
    for (size_t i = 0; i < letters.len; i++) {
        OptionId id;
        if (!option_find_letter(letters.ptr[i], &id))
            return usage_error(reader->arena, "Options have two dashes, but for -h and -V.",
                               "There is no option -" STR_FMT ".",
                               STR_ARG(str_slice(letters, i, i + 1)));
        TRY(take_value(reader, id, (Str){0}));
    }
    return NULL;
}

static Error *read_arguments(Reader *reader)
{
    bool options_over = false;
    reader->at = 1;
    while (reader->at < reader->input->argc) {
        Str text = str_from(reader->input->argv[reader->at++]);
        if (options_over || text.len < 2 || text.ptr[0] != '-')
            vec_push(reader->arena, &reader->words, text);
        else if (str_is(text, "--"))
            options_over = true;
        else if (str_starts_with(text, STR("--")))
            TRY(take_long(reader, str_slice(text, 2, text.len)));
        else
            TRY(take_letters(reader, str_slice(text, 1, text.len)));
    }
    return NULL;
}

/* ---- settings -------------------------------------------------------------------------------- */

static const char *environment_of(const Reader *reader, OptionId id)
{
    const char *name = option_spec(id)->environment;
    const char *text = name == NULL ? NULL : reader->input->environment(name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The first of the four places that says something. */
static Setting choose(Reader *reader, OptionId id)
{
    const OptionSpec *spec = option_spec(id);
    const char *environment = environment_of(reader, id);
    if (reader->given[id] != NULL)
        return (Setting){ORIGIN_FLAG, reader->given[id], 0,
                         arena_printf(reader->arena, "--%s", spec->name)};
    if (environment != NULL)
        return (Setting){ORIGIN_ENVIRONMENT, environment, 0, spec->environment};
    if (reader->file[id].text != NULL)
        return (Setting){ORIGIN_FILE, reader->file[id].text, 0, reader->file[id].where};
    if (spec->fallback != NULL)
        return (Setting){ORIGIN_DEFAULT, spec->fallback, 0, "default"};
    return (Setting){0};
}

/* For messages: "--listen", "OBLIGOR_LISTEN", "listen (obligor.conf:3)". */
static const char *described(Arena *arena, const OptionSpec *spec, const Setting *setting)
{
    if (setting->origin != ORIGIN_FILE)
        return setting->where;
    return arena_printf(arena, "%s (%s)", spec->name, setting->where);
}

static Error *misplaced(Reader *reader, const Call *call, OptionId id)
{
    const char *words = command_words(reader->arena, call->command);
    return usage_error(reader->arena, arena_printf(reader->arena, "See 'obligor help %s'.", words),
                       "The command %s has no option --%s.", words, option_spec(id)->name);
}

static Error *missing(Reader *reader, const Call *call, OptionId id)
{
    const OptionSpec *spec = option_spec(id);
    const char *hint = spec->environment == NULL
                           ? arena_printf(reader->arena, "Write --%s %s.", spec->name, spec->value)
                           : arena_printf(reader->arena, "Write --%s %s, or set %s.", spec->name,
                                          spec->value, spec->environment);
    return usage_error(reader->arena, hint, "The command %s needs --%s.",
                       command_words(reader->arena, call->command), spec->name);
}

static Error *set_options(Reader *reader, Call *call)
{
    CommandId command = command_id(call->command);
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const OptionSpec *spec = option_spec(id);
        if (!option_belongs(id, command)) {
            if (reader->given[id] != NULL)
                return misplaced(reader, call, id);
            continue;
        }
        Setting setting = choose(reader, id);
        if (setting.text != NULL)
            TRY(option_check(reader->arena, spec, described(reader->arena, spec, &setting),
                             str_from(setting.text), &setting.number));
        else if (spec->required >> command & 1)
            return missing(reader, call, id);
        call->settings[id] = setting;
    }
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static Error *set_arguments(Reader *reader, Call *call, size_t used)
{
    const Command *command = call->command;
    call->arguments = reader->words.items + used;
    call->argument_count = reader->words.count - used;
    const char *words = command_words(reader->arena, command);
    const char *hint = command_usage(reader->arena, command);
    if (call->argument_count < command->arguments_min)
        return usage_error(reader->arena, hint, "The command %s needs %s.", words,
                           command->arguments);
    if (call->argument_count > command->arguments_max)
        return usage_error(reader->arena, hint, "The command %s has no use for \"" STR_FMT "\".",
                           words,
                           STR_ARG(str_slice(call->arguments[command->arguments_max], 0, 80)));
    return NULL;
}

/* The words that help is asked about are its arguments, whether they are commands or not. */
static void call_help(Reader *reader, Call *call)
{
    *call = (Call){.command = command_get(COMMAND_HELP)};
    call->arguments = reader->words.items;
    call->argument_count = reader->words.count;
    if (call->argument_count > 0 && str_is(call->arguments[0], "help")) {
        call->arguments++;
        call->argument_count--;
    }
}

static Error *read_config_file(Reader *reader, const Call *call)
{
    if (!option_belongs(OPTION_CONFIG, command_id(call->command)))
        return NULL;
    const char *path = reader->given[OPTION_CONFIG];
    if (path == NULL)
        path = environment_of(reader, OPTION_CONFIG);
    return path == NULL ? NULL : config_file_read(reader->arena, path, reader->file);
}

Error *call_read(Arena *arena, const CallInput *input, Call *ret_call)
{
    Reader reader = {.arena = arena, .input = input};
    Call call = {0};
    size_t used;
    TRY(read_arguments(&reader));
    if (reader.given[OPTION_HELP] != NULL) {
        call_help(&reader, ret_call);
        return NULL;
    }
    if (reader.given[OPTION_VERSION] != NULL) {
        call.command = command_get(COMMAND_VERSION);
    } else {
        TRY(command_find(arena, reader.words.items, reader.words.count, &call.command, &used));
        TRY(set_arguments(&reader, &call, used));
    }
    TRY(read_config_file(&reader, &call));
    TRY(set_options(&reader, &call));
    *ret_call = call;
    return NULL;
}

bool call_is_set(const Call *call, OptionId id)
{
    return call->settings[id].text != NULL;
}

const char *call_text(const Call *call, OptionId id)
{
    return call->settings[id].text;
}

Str call_str(const Call *call, OptionId id)
{
    return str_from(call->settings[id].text);
}

int64_t call_number(const Call *call, OptionId id)
{
    return call->settings[id].number;
}

bool call_flag(const Call *call, OptionId id)
{
    return call->settings[id].number != 0;
}
