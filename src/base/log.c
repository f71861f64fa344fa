/* A line is put together in a buffer of its own and written with one write(2), so that lines of
 * different threads never mix. Control characters are escaped: a log line is always one line. */
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { VALUE_SIZE = 8 * 1024, LINE_SIZE = 1024 * 1024 };

static _Atomic LogLevel threshold = LOG_INFO;
static atomic_bool as_json;
static const char *const WORDS[] = {"debug", "info", "warn", "error", "off"};

void log_setup(LogLevel level, bool json)
{
    atomic_store(&threshold, level);
    atomic_store(&as_json, json);
}

bool log_level_parse(Str word, LogLevel *ret_level)
{
    for (LogLevel level = LOG_DEBUG; level <= LOG_OFF; level++)
        if (str_is(word, WORDS[level])) {
            *ret_level = level;
            return true;
        }
    return false;
}

/* Bytes of the good UTF-8 sequence at `text`, which begins with a high byte, or 0. */
static size_t sequence_size(const char *text)
{
    size_t at;
    for (size_t size = 2; size <= 4 && strnlen(text, size) == size; size++)
        if (utf8_check((Str){text, size}, &at))
            return size;
    return 0;
}

/* Cut after VALUE_SIZE bytes, so that the line always has room for its end. */
static void add_escaped(Buf *line, const char *text)
{
    const char *end = text + strnlen(text, VALUE_SIZE);
    for (const char *p = text; p < end;) {
        size_t size = (unsigned char)*p < 0x80 ? 1 : sequence_size(p);
        if (*p == '"' || *p == '\\')
            buf_printf(line, "\\%c", *p);
        else if ((unsigned char)*p < 0x20 || *p == 0x7F || size == 0)
            buf_printf(line, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            buf_add(line, (Str){p, size});
        p += size == 0 ? 1 : size;
    }
}

static void add_value(Buf *line, const LogField *field)
{
    if (field->text == NULL) {
        buf_printf(line, "%lld", (long long)field->number);
        return;
    }
    buf_add_char(line, '"');
    add_escaped(line, field->text);
    buf_add_char(line, '"');
}

void log_write(LogLevel level, const char *message, const LogField *fields, size_t count)
{
    if (level < atomic_load_explicit(&threshold, memory_order_relaxed))
        return;
    bool json = atomic_load_explicit(&as_json, memory_order_relaxed);
    Arena *arena = arena_new(0);
    Buf line = buf_new(arena, LINE_SIZE);
    char time[TIME_TEXT_SIZE];
    time_format(time, clock_now());
    if (json)
        buf_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", time, WORDS[level]);
    else
        buf_printf(&line, "%s %-5s ", time, WORDS[level]);
    add_escaped(&line, message);
    if (json)
        buf_add_char(&line, '"');
    for (size_t i = 0; i < count; i++) {
        buf_printf(&line, json ? ",\"%s\":" : " %s=", fields[i].key);
        add_value(&line, &fields[i]);
    }
    buf_add(&line, json ? STR("}\n") : STR("\n"));
    Str text = buf_str(&line);
    ssize_t written = write(STDERR_FILENO, text.ptr, text.len);
    (void)written; /* a log that cannot be written has nowhere to say so */
    arena_free(arena);
}

void log_failure(const char *doing, const Error *error)
{
    Arena *arena = arena_new(0);
    log_event(LOG_ERROR, doing, LOG_TEXT("code", error_word(error->code)),
              LOG_TEXT("error", error_chain(arena, error)));
    arena_free(arena);
}
