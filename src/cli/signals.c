/* A handler does nothing but set a flag; the rest is done where it is safe. */
#include "cli/signals.h"

#include "base/check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static volatile sig_atomic_t asked;

void signals_set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void signals_hold(void)
{
    sigset_t set = stop_signals();
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}

int signals_wait(void)
{
    sigset_t set = stop_signals();
    int number;
    do {
        number = sigwaitinfo(&set, NULL);
    } while (number < 0 && errno == EINTR);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    return number;
}

static void note(int number)
{
    (void)number;
    asked = 1;
}

void signals_watch(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool signals_asked(void)
{
    return asked != 0;
}
