/* One arena for the whole call. A command's function gives back an error or has written what it
 * has to say; only here is it printed, and only here does an error become an exit code. */
#include "cli/cli.h"

#include "base/check.h"
#include "base/log.h"
#include "cli/signals.h"

#include <errno.h>

static const ExitCode EXIT_CODES[ERROR_CODE_COUNT] = {
    [ERROR_INVALID] = EXIT_FAILED,
    [ERROR_MALFORMED] = EXIT_FAILED,
    [ERROR_UNAUTHENTICATED] = EXIT_REFUSED,
    [ERROR_DENIED] = EXIT_REFUSED,
    [ERROR_NOT_FOUND] = EXIT_REFUSED,
    [ERROR_CONFLICT] = EXIT_REFUSED,
    [ERROR_GONE] = EXIT_REFUSED,
    [ERROR_CHANGED] = EXIT_REFUSED,
    [ERROR_TOO_LARGE] = EXIT_FAILED,
    [ERROR_UNSUPPORTED] = EXIT_FAILED,
    [ERROR_TOO_MANY] = EXIT_FAILED,
    [ERROR_BUSY] = EXIT_FAILED,
    [ERROR_UNAVAILABLE] = EXIT_FAILED,
    [ERROR_INTERNAL] = EXIT_FAILED,
};

ExitCode cli_exit_code(const Error *error)
{
    CHECK(error->code < ERROR_CODE_COUNT);
    if (error->reason != NULL && strcmp(error->reason, "usage") == 0)
        return EXIT_USAGE;
    return EXIT_CODES[error->code];
}

static void add_line(Arena *arena, Buf *out, const char *head, const char *text)
{
    buf_printf(out, "%s: ", head);
    buf_add(out, output_clean(arena, str_from(text)));
    buf_add_char(out, '\n');
}

Str cli_error_text(Arena *arena, const Error *error, bool causes)
{
    Buf out = buf_new(arena, 256 * 1024);
    add_line(arena, &out, "obligor", error->message);
    const ErrorField *first = error->fields;
    bool says_more =
        first != NULL && (first->next != NULL || strcmp(first->message, error->message) != 0);
    for (const ErrorField *field = first; says_more && field != NULL; field = field->next)
        add_line(arena, &out, arena_printf(arena, "  %s", field->field), field->message);
    if (causes)
        add_line(arena, &out, "  because", error_chain(arena, error));
    return buf_str(&out);
}

/* What is asked for once is quiet unless told otherwise; what stays tells of its life. */
static LogLevel log_level(const Call *call)
{
    if (!call_is_set(call, OPTION_LOG_LEVEL))
        return LOG_WARN;
    if (call->settings[OPTION_LOG_LEVEL].origin == ORIGIN_DEFAULT && !call->command->stays)
        return LOG_WARN;
    return (LogLevel)call_number(call, OPTION_LOG_LEVEL);
}

static bool is_json_log(const Call *call)
{
    return call_is_set(call, OPTION_LOG_FORMAT) && call_number(call, OPTION_LOG_FORMAT) == 1;
}

static const char *read_environment(const char *name)
{
    return getenv(name);
}

static Error *run(Arena *arena, int argc, char **argv, bool *ret_causes, ExitCode *ret_code)
{
    Call *call = ARENA_NEW(arena, Call);
    CallInput input = {argc, (const char *const *)argv, read_environment};
    TRY(call_read(arena, &input, call));
    LogLevel level = log_level(call);
    log_setup(level, is_json_log(call));
    *ret_causes = level == LOG_DEBUG;
    Output out = output_new(arena, output_options(call_flag(call, OPTION_JSON)));
    Cli cli = {.arena = arena, .call = call, .out = &out};
    Error *error = call->command->run(&cli);
    /* What was written before the failure is true all the same. */
    if (!output_flush(&out, stdout, stderr) && error == NULL)
        error = error_because(ERROR(arena, ERROR_UNAVAILABLE, "The result cannot be written."),
                              ERROR(arena, ERROR_UNAVAILABLE, "%s", strerror(errno)));
    *ret_code = cli.exit_code;
    return error;
}

int cli_main(int argc, char **argv)
{
    Arena *arena = arena_new(0);
    bool causes = false;
    ExitCode code = EXIT_DONE;
    signals_set_up();
    Error *error = run(arena, argc, argv, &causes, &code);
    if (error != NULL) {
        Str text = cli_error_text(arena, error, causes);
        fwrite(text.ptr, 1, text.len, stderr);
        code = cli_exit_code(error);
    }
    arena_free(arena);
    return (int)code;
}
