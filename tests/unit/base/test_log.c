/* The log: on a stopped clock every line is known to the byte; whatever is logged, it is one line. */
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "test.h"

#include <pthread.h>

static int64_t stopped_clock(void)
{
    return SECONDS(1769860800) + 1; /* 2026-01-31T12:00:00.000001Z */
}

static int stop_the_clock(void **state)
{
    (void)state;
    clock_inject(stopped_clock);
    return 0;
}

#define TIME "2026-01-31T12:00:00.000001Z"

static Str logged_text(Arena *arena, bool json, const char *text)
{
    log_setup(LOG_INFO, json);
    Capture capture = capture_start();
    log_event(LOG_INFO, "m", LOG_TEXT("k", text));
    return capture_end(arena, capture);
}

static void text_lines(void **state)
{
    Arena *arena = *state;
    log_setup(LOG_DEBUG, false);
    Capture capture = capture_start();
    log_event(LOG_DEBUG, "first");
    log_event(LOG_INFO, "import finished", LOG_TEXT("job", "j-1"), LOG_INT("rows", 42));
    log_event(LOG_WARN, "third", LOG_INT("low", INT64_MIN), LOG_INT("high", INT64_MAX));
    log_event(LOG_ERROR, "", LOG_TEXT("none", NULL), LOG_TEXT("empty", ""));
    assert_str(capture_end(arena, capture),
               TIME " debug first\n" TIME " info  import finished job=\"j-1\" rows=42\n" TIME
                    " warn  third low=-9223372036854775808 high=9223372036854775807\n" TIME
                    " error  none=\"\" empty=\"\"\n");
}

static void json_lines(void **state)
{
    Arena *arena = *state;
    log_setup(LOG_DEBUG, true);
    Capture capture = capture_start();
    log_event(LOG_DEBUG, "first");
    log_event(LOG_INFO, "import finished", LOG_TEXT("job", "j-1"), LOG_INT("rows", 42));
    log_event(LOG_ERROR, "", LOG_TEXT("none", NULL), LOG_INT("low", INT64_MIN));
    assert_str(capture_end(arena, capture),
               "{\"time\":\"" TIME "\",\"level\":\"debug\",\"message\":\"first\"}\n"
               "{\"time\":\"" TIME "\",\"level\":\"info\",\"message\":\"import finished\","
               "\"job\":\"j-1\",\"rows\":42}\n"
               "{\"time\":\"" TIME "\",\"level\":\"error\",\"message\":\"\",\"none\":\"\","
               "\"low\":-9223372036854775808}\n");
}

static void levels_below_the_threshold_are_silent(void **state)
{
    Arena *arena = *state;
    static const char *const expected[] = {"dbg inf wrn err ", "inf wrn err ", "wrn err ", "err ",
                                           ""};
    for (LogLevel threshold = LOG_DEBUG; threshold <= LOG_OFF; threshold++) {
        log_setup(threshold, false);
        Capture capture = capture_start();
        log_event(LOG_DEBUG, "dbg");
        log_event(LOG_INFO, "inf");
        log_event(LOG_WARN, "wrn");
        log_event(LOG_ERROR, "err");
        Str lines = capture_end(arena, capture), line;
        Buf words = buf_new(arena, 100);
        while (str_next(&lines, '\n', &line))
            if (line.len > 3)
                buf_printf(&words, STR_FMT " ", STR_ARG(str_slice(line, line.len - 3, line.len)));
        assert_str(buf_str(&words), expected[threshold]);
    }
}

static void words_of_levels(void **state)
{
    (void)state;
    static const char *const words[] = {"debug", "info", "warn", "error", "off"};
    for (LogLevel level = LOG_DEBUG; level <= LOG_OFF; level++) {
        LogLevel parsed = level == LOG_OFF ? LOG_DEBUG : LOG_OFF;
        assert_true(log_level_parse(str_from(words[level]), &parsed));
        assert_int_equal(parsed, level);
    }
    LogLevel kept = LOG_WARN;
    assert_false(log_level_parse(STR(""), &kept));
    assert_false(log_level_parse(STR("INFO"), &kept));
    assert_false(log_level_parse(STR("info "), &kept));
    assert_false(log_level_parse(STR("warning"), &kept));
    assert_int_equal(kept, LOG_WARN);
}

static void control_characters_are_escaped(void **state)
{
    Arena *arena = *state;
    assert_str(logged_text(arena, false, "a\nb\tc\rd\x1b[31m\x7f\"\\"),
               TIME " info  m k=\"a\\u000ab\\u0009c\\u000dd\\u001b[31m\\u007f\\\"\\\\\"\n");
    assert_str(logged_text(arena, true, "a\nb\tc\rd\x1b[31m\x7f\"\\"),
               "{\"time\":\"" TIME "\",\"level\":\"info\",\"message\":\"m\","
               "\"k\":\"a\\u000ab\\u0009c\\u000dd\\u001b[31m\\u007f\\\"\\\\\"}\n");
    for (char c = 1; c < 0x20; c++) {
        char text[] = {c, '\0'};
        char *expected = arena_printf(arena, TIME " info  m k=\"\\u%04x\"\n", (unsigned)c);
        assert_str(logged_text(arena, false, text), expected);
    }
}

static void a_message_is_escaped_too(void **state)
{
    Arena *arena = *state;
    log_setup(LOG_INFO, true);
    Capture capture = capture_start();
    log_event(LOG_INFO, "100% \"x\"\n%s%n", LOG_INT("n", 1));
    assert_str(capture_end(arena, capture), "{\"time\":\"" TIME "\",\"level\":\"info\","
                                            "\"message\":\"100% \\\"x\\\"\\u000a%s%n\",\"n\":1}\n");
}

static void good_utf8_stays_as_it_is(void **state)
{
    Arena *arena = *state;
    assert_str(logged_text(arena, true, "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
               "{\"time\":\"" TIME "\",\"level\":\"info\",\"message\":\"m\","
               "\"k\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"}\n");
}

/* JSON is UTF-8 (RFC 8259, 8.1); a file name with Latin-1 bytes must not make a line unreadable. */
static void a_json_line_is_utf8_whatever_is_logged(void **state)
{
    Arena *arena = *state;
    static const char *const texts[] = {"M\xFCller", "\xE2\x82", "\xED\xA0\x80", "\xFF\xFE",
                                        "a\x80-"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        size_t at;
        assert_true(utf8_check(logged_text(arena, true, texts[i]), &at));
    }
}

/* A huge value may be cut, but the line ends where a line ends, and a JSON line stays JSON. */
static void a_huge_value_is_still_one_line(void **state)
{
    Arena *arena = *state;
    static const size_t sizes[] = {65000, 65400, 65470, 65536, 200000};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        char *huge = memset(arena_alloc(arena, sizes[i] + 1), 'x', sizes[i]);
        Str line = logged_text(arena, false, huge);
        assert_true(str_ends_with(line, STR("\"\n")));
        line = logged_text(arena, true, huge);
        assert_true(str_ends_with(line, STR("\"}\n")));
        size_t at;
        assert_true(str_find(line, '\n', &at));
        assert_int_equal(at, line.len - 1);
    }
}

static void a_failure_shows_its_whole_chain(void **state)
{
    Arena *arena = *state;
    log_setup(LOG_INFO, false);
    Error *error = error_new(arena, ERROR_UNAVAILABLE, "a.c", 1, "The database is away.");
    error_because(error, error_new(arena, ERROR_INTERNAL, "b.c", 22, "disk \"full\"\n"));
    Capture capture = capture_start();
    log_failure("import of job 7", error);
    assert_str(capture_end(arena, capture),
               TIME " error import of job 7 code=\"unavailable\" error=\"The database is away. "
                    "[a.c:1] <- disk \\\"full\\\"\\u000a [b.c:22]\"\n");
}

enum { THREADS = 4, LINES = 500 };

static void *log_lines(void *letter)
{
    char text[3001];
    memset(text, *(const char *)letter, 3000);
    text[3000] = '\0';
    const char *value = text;
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "m", LOG_TEXT("k", value));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    Arena *arena = *state;
    static char letters[THREADS] = {'a', 'b', 'c', 'd'};
    pthread_t threads[THREADS];
    log_setup(LOG_INFO, false);
    Capture capture = capture_start();
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, log_lines, &letters[i]) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    Str rest = capture_end(arena, capture), line;
    size_t counts[THREADS] = {0};
    Str before = STR(TIME " info  m k=\"");
    while (str_next(&rest, '\n', &line) && line.len > 0) {
        assert_int_equal(line.len, before.len + 3001);
        assert_true(str_starts_with(line, before));
        char letter = line.ptr[before.len];
        for (size_t i = 0; i < 3000; i++)
            assert_int_equal(line.ptr[before.len + i], letter);
        assert_in_range(letter, 'a', 'd');
        counts[letter - 'a']++;
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(counts[i], LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_lines),
        TEST(json_lines),
        TEST(levels_below_the_threshold_are_silent),
        TEST(words_of_levels),
        TEST(control_characters_are_escaped),
        TEST(a_message_is_escaped_too),
        TEST(good_utf8_stays_as_it_is),
        TEST(a_json_line_is_utf8_whatever_is_logged),
        TEST(a_huge_value_is_still_one_line),
        TEST(a_failure_shows_its_whole_chain),
        TEST(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, stop_the_clock, NULL);
}
