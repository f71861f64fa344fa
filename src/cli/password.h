/* Reading a password: never from the arguments, where every process of the machine can see it. */
#ifndef OBLIGOR_CLI_PASSWORD_H
#define OBLIGOR_CLI_PASSWORD_H

#include "cli/call.h"

/* With --password-stdin the first line of standard input; else asked for twice at the terminal,
 * without an echo. Wrong usage where there is neither; ERROR_INVALID when the two differ. */
Error *password_read(Arena *arena, const Call *call, Str *ret_password) MUST_CHECK;

/* The first line that `file` gives, without its end. ERROR_INVALID when it is empty or too long. */
Error *password_read_line(Arena *arena, FILE *file, Str *ret_password) MUST_CHECK;

#endif
