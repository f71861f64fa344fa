/* The terminal is the controlling one, not standard input: a password can be typed while the input
 * is a pipe. A signal during the prompt would leave the terminal without an echo; so the signals
 * that end a program only interrupt the read, the terminal is put right, and then they are raised
 * again. */
#include "cli/password.h"

#include "base/check.h"
#include "domain/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
    caught = number;
}

static Error *check_line(Arena *arena, Str line, Str *ret_password)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return ERROR(arena, ERROR_INVALID, "The password is empty.");
    if (line.len > PASSWORD_MAX)
        return ERROR(arena, ERROR_INVALID, "The password is longer than %d bytes.", PASSWORD_MAX);
    *ret_password = line;
    return NULL;
}

Error *password_read_line(Arena *arena, FILE *file, Str *ret_password)
{
    Buf line = buf_new(arena, PASSWORD_MAX + 2);
    int byte;
    while (!line.over && (byte = fgetc(file)) != EOF && byte != '\n')
        buf_add_char(&line, (char)byte);
    if (ferror(file))
        return ERROR(arena, ERROR_UNAVAILABLE, "The password cannot be read.");
    if (line.over)
        return ERROR(arena, ERROR_INVALID, "The password is longer than %d bytes.", PASSWORD_MAX);
    return check_line(arena, buf_str(&line), ret_password);
}

/* One line as the terminal hands it over; false when there was none. The prompt comes after the
 * echo is off: what is typed at once neither shows nor is lost. */
static bool read_silently(int terminal, const char *prompt, char *line, size_t size,
                          size_t *ret_length)
{
    struct termios before, silent;
    struct sigaction note = {.sa_handler = note_signal}, old[ARRAY_COUNT(SIGNALS)];
    if (tcgetattr(terminal, &before) != 0)
        return false;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    caught = 0;
    for (size_t i = 0; i < ARRAY_COUNT(SIGNALS); i++)
        sigaction(SIGNALS[i], &note, &old[i]);
    tcsetattr(terminal, TCSAFLUSH, &silent);
    dprintf(terminal, "%s: ", prompt);
    ssize_t length = read(terminal, line, size);
    dprintf(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &before);
    for (size_t i = 0; i < ARRAY_COUNT(SIGNALS); i++)
        sigaction(SIGNALS[i], &old[i], NULL);
    if (caught != 0)
        raise(caught);
    *ret_length = length < 0 ? 0 : (size_t)length;
    return length > 0;
}

static Error *ask(Arena *arena, int terminal, const char *prompt, Str *ret_password)
{
    char line[PASSWORD_MAX + 2];
    size_t length = 0;
    if (!read_silently(terminal, prompt, line, sizeof line, &length))
        return ERROR(arena, ERROR_INVALID, "No password was given.");
    Str text = str_copy(arena, (Str){line, length});
    explicit_bzero(line, sizeof line);
    if (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    return check_line(arena, text, ret_password);
}

static Error *ask_twice(Arena *arena, int terminal, Str *ret_password)
{
    Str first, second;
    TRY(ask(arena, terminal, "Password", &first));
    TRY(ask(arena, terminal, "The same again", &second));
    if (!str_equal(first, second))
        return ERROR(arena, ERROR_INVALID, "The two passwords differ.");
    *ret_password = first;
    return NULL;
}

Error *password_read(Arena *arena, const Call *call, Str *ret_password)
{
    if (call_flag(call, OPTION_PASSWORD_STDIN))
        return password_read_line(arena, stdin, ret_password);
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return usage_error(arena, "Write --password-stdin and send the password there.",
                           "There is no terminal to ask for the password.");
    Error *error = ask_twice(arena, terminal, ret_password);
    close(terminal);
    return error;
}
