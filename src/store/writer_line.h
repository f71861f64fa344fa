/* Who writes next where one may at a time: the sessions of this process, in the order of asking. SQLite's own waiting is a
 * lottery that starves single writes during an import. */
#ifndef OBLIGOR_STORE_WRITER_LINE_H
#define OBLIGOR_STORE_WRITER_LINE_H

#include <stdbool.h>
#include <time.h>

typedef struct WriterLine WriterLine;

/* Never freed: one per database file of this process. */
WriterLine *writer_line_new(void);

/* Waits for its turn until then (of the real-time clock); false: it did not come. `upkeep`: it is no writer, and need not
 * be noticed by writer_line_was_waited_for. */
bool writer_line_enter(WriterLine *line, const struct timespec *until, bool upkeep);

/* Hands the turn to the first in line. */
void writer_line_leave(WriterLine *line);

/* Did a writer have to wait since this was asked last? Does anybody wait now? */
bool writer_line_was_waited_for(WriterLine *line);
bool writer_line_is_waited_for(WriterLine *line);

#endif
