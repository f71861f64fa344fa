/* Copies the log of an embedded database back into its file, on a thread of its own, so that nobody who commits has to. */
#ifndef OBLIGOR_STORE_DB_SQLITE_LOG_H
#define OBLIGOR_STORE_DB_SQLITE_LOG_H

#include "store/writer_line.h"

typedef struct LogCare LogCare;

/* For the sessions of one file. It costs nothing before the log is long for the first time. */
LogCare *log_care_new(const char *path, WriterLine *line);

/* Behind a commit, before the turn to write is handed on: so many pages are in the log now. */
void log_care_note(LogCare *care, int pages);

/* Before a transaction of long work: waits while the log is about to begin anew, some tenth of a second. */
void log_care_stand_back(LogCare *care);

/* For tests: the log is long with so many pages; 0: as ever. */
void log_care_inject(int pages);

/* Ends the thread when it has done what it is at. */
void log_care_free(LogCare *care);

#endif
