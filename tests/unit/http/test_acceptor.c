/* Over real sockets: who is handed on, who waits, who is refused. */
#include "http/acceptor.h"

#include "base/clock.h"
#include "http/listen.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>

enum { CLIENTS = 200 };

typedef struct Door {
    Acceptor *acceptor;
    int port;
    atomic_bool open;
    atomic_int taken;
    atomic_int strangers; /* whose address did not come along */
} Door;

static bool is_open(void *self)
{
    Door *door = self;
    return atomic_load(&door->open);
}

/* Says a word, so that the client knows that it was taken. */
static void take(void *self, int fd, const struct sockaddr *address, socklen_t size)
{
    Door *door = self;
    const struct sockaddr_in *from = (const struct sockaddr_in *)(const void *)address;
    if (size != sizeof *from || from->sin_addr.s_addr != htonl(INADDR_LOOPBACK) ||
        from->sin_port == 0)
        atomic_fetch_add(&door->strangers, 1);
    atomic_fetch_add(&door->taken, 1);
    assert_int_equal(send(fd, "!", 1, MSG_NOSIGNAL), 1);
    close(fd);
}

static Door *open_door(Arena *arena, bool open)
{
    Door *door = ARENA_NEW(arena, Door);
    int listening;
    *door = (Door){0};
    atomic_store(&door->open, open);
    assert_null(listen_open(arena, "127.0.0.1:0", &listening, &door->port));
    door->acceptor = acceptor_start(listening, (AcceptorTarget){is_open, take, door});
    return door;
}

static int try_connect(const Door *door)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)door->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int why = errno;
    close(fd);
    return -why;
}

static bool hears(int fd, int64_t patience)
{
    char word = 0;
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, (int)(patience / 1000)) == 1 && recv(fd, &word, 1, 0) == 1 && word == '!';
}

static void each_client_is_handed_on_once_with_its_address(void **state)
{
    Arena *arena = *state;
    Door *door = open_door(arena, true);
    for (int i = 0; i < CLIENTS; i++) {
        int client = try_connect(door);
        assert_true(client >= 0 && hears(client, SECONDS(5)));
        close(client);
    }
    acceptor_free(door->acceptor);
    assert_int_equal(atomic_load(&door->taken), CLIENTS);
    assert_int_equal(atomic_load(&door->strangers), 0);
}

static void who_finds_no_room_waits(void **state)
{
    Arena *arena = *state;
    Door *door = open_door(arena, false);
    int client = try_connect(door);
    assert_true(client >= 0);
    assert_false(hears(client, SECONDS(1) / 10));
    assert_int_equal(atomic_load(&door->taken), 0);
    atomic_store(&door->open, true);
    assert_true(hears(client, SECONDS(5)));
    close(client);
    acceptor_free(door->acceptor);
}

static void behind_the_stop_clients_are_refused(void **state)
{
    Arena *arena = *state;
    Door *door = open_door(arena, true);
    acceptor_stop(door->acceptor);
    assert_int_equal(try_connect(door), -ECONNREFUSED);
    acceptor_stop(door->acceptor);
    acceptor_free(door->acceptor);
    acceptor_stop(NULL);
    acceptor_free(NULL);
    assert_int_equal(atomic_load(&door->taken), 0);
}

static void who_waits_at_the_stop_is_refused(void **state)
{
    Arena *arena = *state;
    Door *door = open_door(arena, false);
    int client = try_connect(door);
    char word;
    assert_true(client >= 0);
    acceptor_free(door->acceptor);
    assert_int_equal(recv(client, &word, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(client);
    assert_int_equal(atomic_load(&door->taken), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_client_is_handed_on_once_with_its_address),
        TEST(who_finds_no_room_waits),
        TEST(behind_the_stop_clients_are_refused),
        TEST(who_waits_at_the_stop_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
