/* The log: one line an event, text or JSON, to standard error. Only the http, worker and cli floors
 * and main log; lower floors return errors. Never a secret, never a password. */
#ifndef OBLIGOR_BASE_LOG_H
#define OBLIGOR_BASE_LOG_H

#include "base/error.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF } LogLevel;

typedef struct LogField {
    const char *key;
    const char *text; /* NULL: the number is meant */
    int64_t number;
} LogField;

static inline LogField log_text(const char *key, const char *value)
{
    return (LogField){key, value != NULL ? value : "", 0};
}

#define LOG_TEXT(key, value) log_text((key), (value))
#define LOG_INT(key, value)  ((LogField){(key), NULL, (int64_t)(value)})

/* log_event(LOG_INFO, "import finished", LOG_TEXT("job", id), LOG_INT("rows", n)); */
#define log_event(level, message, ...)                                                             \
    log_write((level), (message), (const LogField[]){__VA_ARGS__},                                 \
              sizeof((const LogField[]){__VA_ARGS__}) / sizeof(LogField))

void log_setup(LogLevel level, bool json);
bool log_level_parse(Str word, LogLevel *ret_level);
void log_write(LogLevel level, const char *message, const LogField *fields, size_t count);

/* An error with its whole chain, and what was being done. */
void log_failure(const char *doing, const Error *error);

#endif
