/* The three ways of saying the same thing. */
#include "cli/output.h"

#include "base/clock.h"
#include "test.h"

static const OutputOptions TERMINAL = {.terminal = true, .width = 40};
static const OutputOptions PLAIN = {0};
static const OutputOptions JSON = {.json = true};

/* What was said, as a file would have it. */
static Str flushed(Arena *arena, Output *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_true(output_flush(out, file, stderr));
    fclose(file);
    Str copy = str_copy(arena, (Str){text, size});
    free(text);
    return copy;
}

static void say_facts(Output *out)
{
    Uuid id = {{0x11}};
    const Fact facts[] = {
        {"Id", "id", cell_uuid(out->arena, id)},
        {"Nobody", "nobody", cell_uuid(out->arena, UUID_NIL)},
        {"File name", "file", cell_text("a\tb")},
        {"Rows", "rows", cell_int(12)},
        {"Total", "total", cell_int_or_none(-1)},
        {"Rate", "rate", cell_real(0.5)},
        {"Never", "never", cell_real(__builtin_inf())},
        {"Good", "good", cell_bool(true)},
        {"Bad", "bad", cell_bool(false)},
        {"Created", "created_at", cell_time(SECONDS(1) + 500000)},
        {"Ended", "ended_at", cell_time(0)},
        {"Nothing", "nothing", cell_text(NULL)},
        {"Card", "card", cell_json(STR("{\"a\":1}"))},
    };
    output_facts(out, "thing", facts, ARRAY_COUNT(facts));
}

static void test_facts(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, TERMINAL);
    say_facts(&out);
    assert_str(flushed(arena, &out), "Id         11000000-0000-0000-0000-000000000000\n"
                                     "File name  a b\n"
                                     "Rows       12\n"
                                     "Rate       0.5\n"
                                     "Good       yes\n"
                                     "Bad        no\n"
                                     "Created    1970-01-01T00:00:01Z\n");
    out = output_new(arena, PLAIN);
    say_facts(&out);
    assert_str(flushed(arena, &out), "id\t11000000-0000-0000-0000-000000000000\n"
                                     "nobody\t\n"
                                     "file\ta b\n"
                                     "rows\t12\n"
                                     "total\t\n"
                                     "rate\t0.5\n"
                                     "never\t\n"
                                     "good\tyes\n"
                                     "bad\tno\n"
                                     "created_at\t1970-01-01T00:00:01.500000Z\n"
                                     "ended_at\t\n"
                                     "nothing\t\n");
    out = output_new(arena, JSON);
    say_facts(&out);
    assert_str(flushed(arena, &out),
               "{\"thing\":{\"id\":\"11000000-0000-0000-0000-000000000000\",\"nobody\":null,"
               "\"file\":\"a\\u0009b\",\"rows\":12,\"total\":null,\"rate\":0.5,\"never\":null,"
               "\"good\":true,\"bad\":false,\"created_at\":\"1970-01-01T00:00:01.500000Z\","
               "\"ended_at\":null,\"nothing\":null,\"card\":{\"a\":1}}}\n");
}

static const Column COLUMNS[] = {
    {"NAME", "name", false, true},
    {"ROWS", "rows", true, false},
    {"NOTE", "note", false, true},
};

static void say_table(Output *out)
{
    Table table = table_new(out->arena, COLUMNS, ARRAY_COUNT(COLUMNS));
    const Cell first[] = {cell_text("é"), cell_int(12345), cell_text("x")};
    const Cell second[] = {cell_text("a much longer name"), cell_int(1),
                           cell_text("a note that is longer still")};
    table_add(&table, first);
    table_add(&table, second);
    output_table(out, "things", &table);
}

static void test_table_on_a_terminal(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, (OutputOptions){.terminal = true});
    say_table(&out);
    assert_str(flushed(arena, &out), "NAME                 ROWS  NOTE\n"
                                     "é                   12345  x\n"
                                     "a much longer name      1  a note that is longer still\n");
    out = output_new(arena, TERMINAL); /* too narrow: what may yield gives way */
    say_table(&out);
    assert_str(flushed(arena, &out), "NAME              ROWS  NOTE\n"
                                     "é                12345  x\n"
                                     "a much longer …      1  a note that is …\n");
    out = output_new(arena, (OutputOptions){.terminal = true, .width = 5}); /* nothing helps */
    say_table(&out);
    assert_str(flushed(arena, &out), "NAME       ROWS  NOTE\n"
                                     "é         12345  x\n"
                                     "a much …      1  a note …\n");
}

static void test_color(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, (OutputOptions){.terminal = true, .color = true});
    Table table = table_new(arena, COLUMNS, 1);
    output_table(&out, "things", &table);
    assert_str(flushed(arena, &out), "\033[1mNAME\033[0m\n");
}

static void test_table_elsewhere(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, PLAIN);
    say_table(&out);
    assert_str(flushed(arena, &out), "é\t12345\tx\n"
                                     "a much longer name\t1\ta note that is longer still\n");
    out = output_new(arena, JSON);
    say_table(&out);
    assert_str(flushed(arena, &out), "{\"things\":[{\"name\":\"é\",\"rows\":12345,\"note\":\"x\"},"
                                     "{\"name\":\"a much longer name\",\"rows\":1,"
                                     "\"note\":\"a note that is longer still\"}]}\n");
}

static void test_several_parts(void **state)
{
    Arena *arena = *state;
    const Fact facts[] = {{"A", "a", cell_int(1)}};
    Table table = table_new(arena, COLUMNS, 2);
    Output out = output_new(arena, TERMINAL);
    output_facts(&out, "x", facts, 1);
    output_table(&out, "y", &table);
    output_line(&out, "%d things.", 2);
    assert_str(flushed(arena, &out), "A  1\n\nNAME  ROWS\n2 things.\n");
    out = output_new(arena, JSON);
    output_line(&out, "%d things.", 2);
    output_raw(&out, STR("raw"));
    output_facts(&out, "x", facts, 1);
    output_table(&out, "y", &table);
    assert_str(flushed(arena, &out), "{\"x\":{\"a\":1},\"y\":[]}\n");
    output_facts(&out, "x", facts, 1); /* a second document behind the first */
    assert_str(flushed(arena, &out), "{\"x\":{\"a\":1}}\n");
    assert_str(flushed(arena, &out), "");
}

static void test_notes_go_beside(void **state)
{
    Arena *arena = *state;
    Output out = output_new(arena, JSON);
    const Fact facts[] = {{"A", "a", cell_int(1)}};
    output_note(&out, "Mind\033 the %s.", "gap");
    output_facts(&out, "x", facts, 1);
    Capture capture = capture_start();
    Str text = flushed(arena, &out);
    Str notes = capture_end(arena, capture);
    assert_str(text, "{\"x\":{\"a\":1}}\n");
    assert_str(notes, "Mind? the gap.\n");
}

static void test_clean(void **state)
{
    Arena *arena = *state;
    assert_str(output_clean(arena, STR("")), "");
    assert_str(output_clean(arena, STR("Größe 日本 🙂")), "Größe 日本 🙂");
    assert_str(output_clean(arena, STR("a\033[31mb\rc\nd\te\x7F")), "a?[31mb?c d e?");
    assert_str(output_clean(arena, STR("\xC2\x9B"
                                       "31m")),
               "?31m"); /* CSI in one byte */
    assert_str(output_clean(arena, STR("\xE2\x80\xAE"
                                       "abc")),
               "?abc"); /* right to left */
    assert_str(output_clean(arena, STR("a\xFF\xC3")), "a??");
    assert_str(output_clean(arena, STR("a\0b")), "a?b");
}

static void test_disk_full(void **state)
{
    Arena *arena = *state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    Output out = output_new(arena, PLAIN);
    output_line(&out, "something");
    assert_false(output_flush(&out, full, stderr));
    fclose(full);
}

static void test_options_of_the_process(void **state)
{
    (void)state;
    OutputOptions options = output_options(true);
    assert_true(options.json);
    assert_int_equal(options.terminal, isatty(STDOUT_FILENO));
    setenv("NO_COLOR", "1", 1);
    assert_false(output_options(false).color);
    unsetenv("NO_COLOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_facts),
        TEST(test_table_on_a_terminal),
        TEST(test_color),
        TEST(test_table_elsewhere),
        TEST(test_several_parts),
        TEST(test_notes_go_beside),
        TEST(test_clean),
        TEST(test_disk_full),
        TEST(test_options_of_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
