/* Heavy work that must not get in the way of those who wait for an answer. */
#ifndef OBLIGOR_BASE_ASIDE_H
#define OBLIGOR_BASE_ASIDE_H

/* Runs `work` on a thread of its own that yields the processors to all others, and waits for it. Where there is
 * no thread to be had it runs here. */
void aside_run(void (*work)(void *argument), void *argument);

#endif
