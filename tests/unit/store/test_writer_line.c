/* Who stands in line comes in the order of asking; who gives up is out of it; upkeep is no writer. */
#include "store/writer_line.h"

#include "base/clock.h"
#include "test.h"

#include <pthread.h>

typedef struct Person {
    WriterLine *line;
    int number;
    int *order; /* the numbers, as they had their turn; 0: nobody yet */
} Person;

/* Lines are never freed, and so are to be found until the end. */
static WriterLine *new_line(void)
{
    static WriterLine *lines[8];
    static int count;
    lines[count] = writer_line_new();
    return lines[count++];
}

static struct timespec in_seconds(int seconds)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += seconds;
    return until;
}

static void *come(void *argument)
{
    Person *person = argument;
    struct timespec until = in_seconds(30);
    if (!writer_line_enter(person->line, &until, false))
        return NULL;
    int place = 0;
    while (person->order[place] != 0)
        place++;
    person->order[place] = person->number;
    writer_line_leave(person->line);
    return NULL;
}

static void turns_come_in_order(void **state)
{
    enum { PEOPLE = 5 };
    WriterLine *line = new_line();
    Person people[PEOPLE];
    pthread_t threads[PEOPLE];
    int order[PEOPLE + 1] = {0};
    struct timespec until = in_seconds(30);
    (void)state;
    assert_true(writer_line_enter(line, &until, false));
    assert_false(writer_line_is_waited_for(line));
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = (Person){line, i + 1, order};
        assert_int_equal(pthread_create(&threads[i], NULL, come, &people[i]), 0);
        while (!writer_line_was_waited_for(line)) /* it stands there now */
            clock_sleep(100);
    }
    assert_true(writer_line_is_waited_for(line));
    writer_line_leave(line);
    for (int i = 0; i < PEOPLE; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < PEOPLE; i++)
        assert_int_equal(order[i], i + 1);
    assert_false(writer_line_is_waited_for(line));
}

static void who_gives_up_is_out_of_it(void **state)
{
    WriterLine *line = new_line();
    struct timespec until = in_seconds(30), over = in_seconds(-1);
    (void)state;
    assert_true(writer_line_enter(line, &until, false));
    assert_false(writer_line_enter(line, &over, false));
    assert_false(writer_line_is_waited_for(line));
    assert_true(writer_line_was_waited_for(line));
    assert_false(writer_line_was_waited_for(line)); /* since it was asked */
    writer_line_leave(line);
    assert_true(writer_line_enter(line, &over, false)); /* nobody is there */
    writer_line_leave(line);
}

static void upkeep_is_no_writer(void **state)
{
    WriterLine *line = new_line();
    struct timespec until = in_seconds(30), over = in_seconds(-1);
    (void)state;
    assert_true(writer_line_enter(line, &until, false));
    assert_false(writer_line_enter(line, &over, true));
    assert_false(writer_line_was_waited_for(line));
    writer_line_leave(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(turns_come_in_order), TEST(who_gives_up_is_out_of_it),
                                       TEST(upkeep_is_no_writer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
