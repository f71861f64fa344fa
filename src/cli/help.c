/* Help is laid out for 80 columns at most and never depends on the terminal, so that tests and
 * manual pages can be made from it. */
#include "cli/help.h"

#include "base/check.h"
#include "base/vec.h"
#include "model/words.h"

enum { HELP_MAX = 64 * 1024, HELP_WIDTH = 80, COMMAND_WIDTH = 16, OPTION_WIDTH = 29 };

/* Words of `text`, broken before the width, each line but the first indented. */
static void add_wrapped(Buf *out, size_t indent, Str text)
{
    size_t column = indent;
    Str word;
    while (str_next(&text, ' ', &word)) {
        if (column > indent && column + 1 + word.len > HELP_WIDTH) {
            buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buf_add_char(out, ' ');
            column++;
        }
        buf_add(out, word);
        column += word.len;
    }
    buf_add_char(out, '\n');
}

static void add_command_line(Arena *arena, Buf *out, const Command *command)
{
    buf_printf(out, "  %-*s", COMMAND_WIDTH, command_words(arena, command));
    add_wrapped(out, COMMAND_WIDTH + 2, str_from(command->line));
}

Str help_overview(Arena *arena)
{
    Buf out = buf_new(arena, HELP_MAX);
    buf_add(&out,
            STR("Obligor scores companies for the risk of default, and knows of every number\n"
                "which upload made it.\n\nUsage: obligor COMMAND [options]\n\nCommands:\n"));
    for (CommandId id = 0; id < COMMAND_COUNT; id++)
        add_command_line(arena, &out, command_get(id));
    buf_add(&out, STR("\n'obligor help COMMAND' says more of one, with all its options.\n"
                      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found or refused.\n"));
    return buf_str(&out);
}

Str help_group(Arena *arena, Str group)
{
    Buf out = buf_new(arena, HELP_MAX);
    buf_printf(&out, "Usage: obligor " STR_FMT " COMMAND [options]\n\nCommands:\n", STR_ARG(group));
    for (CommandId id = 0; id < COMMAND_COUNT; id++)
        if (str_is(group, command_get(id)->name))
            add_command_line(arena, &out, command_get(id));
    buf_printf(&out, "\n'obligor help " STR_FMT " COMMAND' says more of one.\n", STR_ARG(group));
    return buf_str(&out);
}

/* "one of reject, skip", the default and the environment name, as far as they are. */
static Str option_help(Arena *arena, const OptionSpec *spec, bool required)
{
    Buf text = buf_new(arena, 4096);
    buf_add(&text, str_from(spec->help));
    if (spec->kind == OPTION_IS_CHOICE)
        buf_printf(&text, ": %s", words_list(arena, spec->choices, spec->choice_count));
    VEC(const char *) notes = {0};
    if (required)
        vec_push(arena, &notes, "required");
    if (spec->fallback != NULL)
        vec_push(arena, &notes, arena_printf(arena, "default %s", spec->fallback));
    if (spec->environment != NULL)
        vec_push(arena, &notes, spec->environment);
    for (size_t i = 0; i < notes.count; i++)
        buf_printf(&text, "%s%s%s", i == 0 ? " (" : "; ", notes.items[i],
                   i + 1 == notes.count ? ")" : "");
    return buf_str(&text);
}

static void add_option(Arena *arena, Buf *out, OptionId id, CommandId command)
{
    const OptionSpec *spec = option_spec(id);
    Buf head = buf_new(arena, 256);
    if (spec->letter != 0)
        buf_printf(&head, "-%c, ", spec->letter);
    buf_printf(&head, "--%s", spec->name);
    if (spec->value != NULL)
        buf_printf(&head, " %s", spec->value);
    buf_printf(out, "  %-*s", OPTION_WIDTH - 2, head.data);
    if (head.len > OPTION_WIDTH - 4)
        buf_printf(out, "\n%*s", OPTION_WIDTH, "");
    add_wrapped(out, OPTION_WIDTH, option_help(arena, spec, spec->required >> command & 1));
}

/* `common`: those that nearly all commands have, which come last. */
static void add_options(Arena *arena, Buf *out, CommandId command, const char *heading, bool common)
{
    bool any = false;
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if (!option_belongs(id, command) || (id < OPTION_VERSION) != common)
            continue;
        if (!any)
            buf_printf(out, "\n%s:\n", heading);
        any = true;
        add_option(arena, out, id, command);
    }
}

Str help_command(Arena *arena, const Command *command)
{
    Buf out = buf_new(arena, HELP_MAX);
    buf_printf(&out, "obligor %s: %s\n\n%s\n", command_words(arena, command), command->line,
               command_usage(arena, command));
    Str text = str_from(command->text), paragraph;
    while (command->text != NULL && str_next(&text, '\n', &paragraph)) {
        buf_add_char(&out, '\n');
        add_wrapped(&out, 0, paragraph);
    }
    add_options(arena, &out, command_id(command), "Options", false);
    add_options(arena, &out, command_id(command), "Common options", true);
    return buf_str(&out);
}
