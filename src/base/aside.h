/* Heavy work that must not get in the way of those who wait for an answer. */
#ifndef OBLIGOR_BASE_ASIDE_H
#define OBLIGOR_BASE_ASIDE_H

#include <stdbool.h>

/* This process has others to answer: from now on heavy work goes aside. Else it runs where it is asked for, and so
 * it does where there is no thread to be had. */
void aside_enable(bool enabled);

/* Runs `work` on a thread of its own that yields the processors to all others, and waits for it. */
void aside_run(void (*work)(void *argument), void *argument);

/* For a thread that does nothing but long work: from now on it and the threads that it starts yield the processors to all
 * others; a thread that wakes up beside it need not wait for the end of its slice (Linux 6.12 and later). What it holds
 * a lock for takes longer while others want every processor. Does nothing before aside_enable, and cannot be
 * taken back. */
void aside_this_thread(void);

#endif
