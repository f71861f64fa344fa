#include "http/acceptor.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE (SECONDS(1) / 200) /* while there is no room, or the system has none */

struct Acceptor {
    AcceptorTarget target;
    pthread_t thread;
    int listening;
    int stop; /* an eventfd; readable: it is to stop */
    bool stopped;
};

/* False: it is to stop. */
static bool wait_for_client(const Acceptor *acceptor)
{
    struct pollfd both[] = {{.fd = acceptor->stop, .events = POLLIN},
                            {.fd = acceptor->listening, .events = POLLIN}};
    while (poll(both, ARRAY_COUNT(both), -1) < 0)
        CHECK(errno == EINTR);
    return both[0].revents == 0;
}

/* A client that is gone again is no trouble. */
static bool is_trouble(int error)
{
    return error != EAGAIN && error != EINTR && error != ECONNABORTED;
}

static void tell(int64_t *told, int error)
{
    int64_t now = clock_monotonic();
    if (now - *told > SECONDS(1))
        log_event(LOG_WARN, "no client can be let in", LOG_TEXT("error", strerrordesc_np(error)));
    *told = now - *told > SECONDS(1) ? now : *told;
}

static void accept_one(const Acceptor *acceptor, int64_t *told)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    struct sockaddr *any = (struct sockaddr *)(void *)&address;
    int fd = accept4(acceptor->listening, any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        acceptor->target.take(acceptor->target.self, fd, any, size);
    } else if (is_trouble(errno)) {
        tell(told, errno);
        clock_sleep(PAUSE);
    }
}

static void *accept_on(void *self)
{
    const Acceptor *acceptor = self;
    int64_t told = 0;
    while (wait_for_client(acceptor))
        if (acceptor->target.has_room(acceptor->target.self))
            accept_one(acceptor, &told);
        else
            clock_sleep(PAUSE);
    return NULL;
}

Acceptor *acceptor_start(int listening, AcceptorTarget target)
{
    Acceptor *acceptor = check_malloc(sizeof *acceptor);
    *acceptor = (Acceptor){
        .target = target, .listening = listening, .stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    CHECK(acceptor->stop >= 0);
    CHECK(pthread_create(&acceptor->thread, NULL, accept_on, acceptor) == 0);
    return acceptor;
}

void acceptor_stop(Acceptor *acceptor)
{
    const uint64_t one = 1;
    if (acceptor == NULL || acceptor->stopped)
        return;
    CHECK(write(acceptor->stop, &one, sizeof one) == (ssize_t)sizeof one);
    pthread_join(acceptor->thread, NULL);
    close(acceptor->listening); /* also for those in its backlog */
    acceptor->stopped = true;
}

void acceptor_free(Acceptor *acceptor)
{
    if (acceptor == NULL)
        return;
    acceptor_stop(acceptor);
    close(acceptor->stop);
    free(acceptor);
}
