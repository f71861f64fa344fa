/* What an engine's driver implements. The members mean what db.h says; `session` and `cursor` are the
 * driver's own. Every driver function that can fail makes its Error in the arena passed in. */
#ifndef OBLIGOR_STORE_DB_DRIVER_H
#define OBLIGOR_STORE_DB_DRIVER_H

#include "store/db.h"

typedef struct DbDriver {
    const char *engine;
    Error *(*open)(Arena *arena, Str address, DbOptions options, void **ret_session);
    void (*close)(void *session);
    /* NULL: writers exclude each other. */
    Error *(*open_beside)(const void *session, Arena *arena, DbOptions options, void **ret_session);
    /* *ret_session NULL: no other session sees this database. NULL: the engine does not need it. */
    Error *(*open_reader)(const void *session, Arena *arena, DbOptions options, void **ret_session);
    Error *(*begin)(void *session, Arena *arena, TxMode mode);
    Error *(*commit)(void *session, Arena *arena);
    void (*rollback)(void *session);
    Error *(*run)(void *session, Arena *arena, Sql sql, const Value *params, size_t count,
                  int64_t *ret_changed);
    /* NULL: db.c runs them one by one. */
    Error *(*run_many)(void *session, Arena *arena, Sql sql, size_t rows, size_t count,
                       FillRow *fill, const void *self, uint8_t *ret_changed);
    /* NULL: the engine has no such way. */
    Error *(*load)(void *session, Arena *arena, Sql sql, size_t rows, size_t columns, FillRow *fill,
                   const void *self, bool *ret_loaded);
    Error *(*query)(void *session, Arena *arena, Sql sql, const Value *params, size_t count,
                    void **ret_cursor);
    Error *(*next)(void *cursor, Arena *arena, bool *ret_more);
    void (*finish)(void *cursor);
    size_t (*columns)(const void *cursor);
    /* The column as `type`; text and bytes point into the engine's memory until the next call. */
    Value (*column)(const void *cursor, int column, ValueType type);
    Error *(*script)(void *session, Arena *arena, const char *text);
    Error *(*relax)(void *session, Arena *arena, bool relaxed);
    Error *(*check_keys)(void *session, Arena *arena, bool checked); /* NULL: it always does */
    Error *(*use_cache)(void *session, Arena *arena, int64_t bytes); /* NULL: it has none */
    Error *(*analyze)(void *session, Arena *arena, int64_t rows);
    Error *(*reclaim)(void *session, Arena *arena); /* NULL: nothing is to be done */
    Error *(*notify)(void *session, Arena *arena);  /* NULL, as `wait`: no such hints */
    Error *(*wait)(void *session, Arena *arena, int64_t timeout, bool *ret_woken);
    void (*interrupt)(void *session);
    bool (*was_waited_for)(void *session); /* NULL: never */
    bool (*is_waited_for)(void *session);  /* NULL: never */
} DbDriver;

extern const DbDriver DB_SQLITE;
extern const DbDriver DB_POSTGRES;

/* Opens a session on a driver that no URL names: for the driver that fails on purpose in tests. It takes
 * ownership of `session`. */
Db *db_wrap(const DbDriver *driver, void *session);

/* The driver's own session, for a driver that stands in front of another. */
void *db_unwrap(Db *db, const DbDriver **ret_driver);

#endif
