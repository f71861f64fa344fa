/* Signals. Writing to a closed pipe or beyond a file size limit is an error to be handled, never a
 * way to die: that holds for the whole program. Being asked to stop is a request. */
#ifndef OBLIGOR_CLI_SIGNALS_H
#define OBLIGOR_CLI_SIGNALS_H

#include <stdbool.h>

/* Ignores SIGPIPE and SIGXFSZ. */
void signals_set_up(void);

/* For a process that waits to be stopped. `hold` comes before any thread is started, so that
 * SIGINT and SIGTERM reach nobody but `wait`, which returns with the number of the first; from
 * then on a second one ends the process at once. */
void signals_hold(void);
int signals_wait(void);

/* For a command that works and looks now and then whether it is to stop: from `watch` on, SIGINT
 * and SIGTERM only make signals_asked true; a second one ends the process. */
void signals_watch(void);
bool signals_asked(void);

#endif
