/* PostgreSQL through libpq: the only file that includes it.
 *
 * Statements are prepared at first use, with the types that their first values have, and kept; parameters
 * and results are binary. A result is held whole: statements that give many rows have a LIMIT. A session
 * whose connection is lost says so once (ERROR_UNAVAILABLE) and connects again at the next use outside a
 * transaction; prepared statements are then made anew.
 *
 * Times: PostgreSQL counts µs from 2000-01-01; INT64_MIN and INT64_MAX are its -infinity and infinity, as
 * they are ours. */
#include "store/db_driver.h"

#include "base/check.h"
#include "base/clock.h"
#include "store/statements.h"

#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum { PARAMETER_MAX = 40 };
#define EPOCH_2000 INT64_C(946684800000000)
#define GRACE      SECONDS(2) /* beyond its own time-out a server that lives has answered */

/* Object ids of the built-in types (pg_type.dat); they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_FLOAT8 = 701,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950
};

static const Oid TYPE_OIDS[] = {
    [VALUE_NULL] = OID_TEXT,   [VALUE_BOOL] = OID_BOOL,   [VALUE_INT] = OID_INT8,
    [VALUE_SMALL] = OID_INT2,  [VALUE_REAL] = OID_FLOAT8, [VALUE_TEXT] = OID_TEXT,
    [VALUE_BYTES] = OID_BYTEA, [VALUE_UUID] = OID_UUID,   [VALUE_TIME] = OID_TIMESTAMPTZ,
};

typedef struct Session {
    PGconn *connection;
    char *url;
    DbOptions options;
    bool in_transaction;
    bool broken; /* the connection was lost: connect again before the next use */
    bool listening;
    uint64_t others_seen;   /* of `others`, when it was last asked */
    int64_t others_seen_at; /* when that was */
    bool hung;              /* it was cut by us, since no answer came */
    bool prepared[SQL_COUNT];
    PGcancel *cancel;
} Session;

/* Statements of sessions that do no long work, in this process. A few are nobody's work: the file being read, somebody
 * looking whether the database is there; and so are fewer a second than one who reads page after page brings about:
 * somebody watching how far a job is. */
static atomic_uint_fast64_t others;
enum { OTHERS_FEW = 3, OTHERS_A_SECOND = 400 };

typedef struct Cursor {
    PGresult *result;
    int row; /* -1 before the first */
} Cursor;

/* --- errors ---------------------------------------------------------------------------------- */

#define UNCLEAR "unclear"

/* SQLSTATE by its first characters; the first that fits counts. */
static const struct {
    const char *state;
    ErrorCode code;
    const char *reason;
    const char *message;
} STATES[] = {
    {"23505", ERROR_CONFLICT, NULL, "The data is in conflict with data that is there."},
    /* As when two processes make the same table at once. */
    {"42710", ERROR_INTERNAL, "there_already", "The database refused a statement."},
    {"42P07", ERROR_INTERNAL, "there_already", "The database refused a statement."},
    {"40001", ERROR_BUSY, ERROR_RETRY, "The database is busy. Try again in a moment."},
    {"40P01", ERROR_BUSY, ERROR_RETRY, "The database is busy. Try again in a moment."},
    {"55P03", ERROR_BUSY, ERROR_RETRY, "The database is busy. Try again in a moment."},
    {"57014", ERROR_BUSY, NULL, "The work was interrupted. Try again."},
    {"25006", ERROR_UNAVAILABLE, NULL, "The database is read-only."},
    {"53", ERROR_UNAVAILABLE, NULL, "The database has no room or no connections left."},
    {"57P", ERROR_UNAVAILABLE, NULL, "The database is away. Try again in a moment."},
    {"08", ERROR_UNAVAILABLE, NULL, "The database is away. Try again in a moment."},
    {"28", ERROR_UNAVAILABLE, NULL, "The database refused the sign-in."},
    {"3D", ERROR_UNAVAILABLE, NULL, "There is no such database."},
    {"54", ERROR_TOO_LARGE, NULL, "A value is too large for the database."},
    /* Citus gives this for a duplicate within COPY, and for much else. */
    {"XX000", ERROR_INTERNAL, UNCLEAR, "The database refused a statement."},
};

static Error *translate_state(Session *session, Arena *arena, const char *state, const char *doing,
                              const char *words)
{
    bool lost = session->broken || PQstatus(session->connection) == CONNECTION_BAD;
    ErrorCode code = lost ? ERROR_UNAVAILABLE : ERROR_INTERNAL;
    const char *message =
        lost ? "The database is away. Try again in a moment." : "The database refused a statement.";
    const char *reason = NULL;
    for (size_t i = 0; state != NULL && i < ARRAY_COUNT(STATES); i++)
        if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0) {
            code = STATES[i].code;
            message = STATES[i].message;
            reason = STATES[i].reason;
            break;
        }
    session->broken |= lost;
    Error *cause =
        ERROR(arena, code, "postgres %s in %s: %s", state != NULL ? state : "-", doing, words);
    Error *error = error_because(ERROR(arena, code, "%s", message), cause);
    return reason == NULL ? error : error_with_reason(error, reason);
}

static Error *translate(Session *session, Arena *arena, const PGresult *result, const char *doing)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    /* An error that is not the server's: the connection is gone, though libpq may notice only later. */
    session->broken |= result != NULL && state == NULL;
    return translate_state(session, arena, state, doing, PQerrorMessage(session->connection));
}

/* Why there is no connection. libpq keeps the SQLSTATE to itself, but for the text where connect_first had it
 * written: "FATAL:  28P01: …", whatever the language. Where the server has answered, its answer is the cause; the
 * way to it, which libpq puts before, matters only where there was none. */
static Error *translate_refusal(Session *session, Arena *arena, const char *words)
{
    const char *state = NULL;
    for (const char *at = words; (at = strstr(at, ":  ")) != NULL;) {
        at += strlen(":  ");
        if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':') {
            state = str_dup(arena, (Str){at, 5});
            words = at + 5 + strspn(at + 5, ": ");
        }
    }
    Error *error = translate_state(session, arena, state, "connect", words);
    if (state != NULL && strcmp(state, "3D000") == 0)
        error_with_reason(error->cause, DB_MISSING);
    return error;
}

static Error *finish_command(Session *session, Arena *arena, PGresult *result, const char *doing)
{
    ExecStatusType status = PQresultStatus(result);
    Error *error = NULL;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        error = translate(session, arena, result, doing);
    PQclear(result);
    return error;
}

/* False: the server said nothing until then. */
static bool heard_until(PGconn *connection, int64_t until)
{
    while (PQisBusy(connection)) {
        struct pollfd readable = {.fd = PQsocket(connection), .events = POLLIN};
        int64_t left = until - clock_monotonic();
        if (left <= 0)
            return false;
        poll(&readable, 1, (int)(left / 1000) + 1);
        if (PQconsumeInput(connection) == 0)
            return true; /* it is gone; what comes next says so */
    }
    return true;
}

/* What PQexec would give for a command that was sent. A server that hangs does not keep to its own
 * statement_timeout: it is waited for a little longer, then the connection is cut. */
static PGresult *await(Session *session)
{
    int64_t patience = session->options.statement_timeout;
    int64_t until = clock_monotonic() + patience + GRACE;
    PGresult *last = NULL;
    for (;;) {
        if (patience > 0 && !heard_until(session->connection, until)) {
            shutdown(PQsocket(session->connection), SHUT_RDWR);
            session->hung = true;
        }
        PGresult *next = PQgetResult(session->connection);
        if (next == NULL)
            return last;
        PQclear(last);
        last = next;
    }
}

/* Without a time-out PQexec does more: it also ends what a COPY that failed has left behind. */
static PGresult *execute_text(Session *session, const char *text)
{
    if (session->options.statement_timeout <= 0)
        return PQexec(session->connection, text);
    return PQsendQuery(session->connection, text) == 1 ? await(session) : NULL;
}

static Error *command(Session *session, Arena *arena, const char *text)
{
    return finish_command(session, arena, execute_text(session, text), text);
}

/* --- sessions -------------------------------------------------------------------------------- */

static void ignore_notice(void *self, const PGresult *result)
{
    (void)self;
    (void)result;
}

/* Each statement is written for one plan: making it anew for each execution took longer than executing it. A
 * plan made while a table was small must do when it has grown, also for the checks of references, which keep
 * theirs: so no table is read whole where an index will do. */
#define PLANS "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; "

/* A process that is frozen inside a transaction holds its locks; so long is the lease of its task, and then
 * whoever took that over waits no longer. */
#define FROZEN "SET idle_in_transaction_session_timeout = '30s'; "

static Error *set_up(Session *session, Arena *arena)
{
    PQsetNoticeReceiver(session->connection, ignore_notice, NULL);
    if (PQstatus(session->connection) != CONNECTION_OK)
        return translate_refusal(session, arena, PQerrorMessage(session->connection));
    if (PQserverVersion(session->connection) < 140000)
        return ERROR(arena, ERROR_UNAVAILABLE, "Obligor needs PostgreSQL 14 or newer.");
    memset(session->prepared, 0, sizeof session->prepared);
    PQfreeCancel(session->cancel);
    session->cancel = PQgetCancel(session->connection);
    session->broken = false;
    session->listening = false;
    session->hung = false;
    const DbOptions *options = &session->options;
    return command(session, arena,
                   arena_printf(arena,
                                PLANS FROZEN
                                "SET TIME ZONE 'UTC'; SET default_transaction_read_only = %s; "
                                "SET statement_timeout = %lld; SET lock_timeout = %lld",
                                options->read_only ? "on" : "off",
                                (long long)options->statement_timeout / 1000,
                                (long long)options->lock_timeout / 1000));
}

static void close_session(void *self)
{
    Session *session = self;
    PQfreeCancel(session->cancel);
    PQfinish(session->connection);
    free(session->url);
    free(session);
}

/* The first connection of a session. A refusal that came at once is asked for again with its SQLSTATE: it
 * tells a wrong password from a server that is away. Where libpq found a setting wrong by itself there is
 * no second answer. */
static Error *connect_first(Session *session, Arena *arena, int64_t began)
{
    PGconn *connection = session->connection;
    if (PQstatus(connection) == CONNECTION_OK || clock_monotonic() - began > SECONDS(1))
        return set_up(session, arena);
    const char *words = arena_strdup(arena, PQerrorMessage(connection));
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    PQreset(connection);
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
    if (PQstatus(connection) == CONNECTION_OK || PQerrorMessage(connection)[0] != '\0')
        return set_up(session, arena);
    return translate_refusal(session, arena, words);
}

/* What libpq says of an address that it cannot read may hold the password, so it is not passed on. */
static Error *check_address(Arena *arena, const char *url)
{
    PQconninfoOption *read = PQconninfoParse(url, NULL);
    if (read == NULL)
        return ERROR(arena, ERROR_INVALID,
                     "The database URL is not understood. Write it as sqlite:PATH or "
                     "postgresql://HOST/DATABASE.");
    PQconninfoFree(read);
    return NULL;
}

static Error *open_url(Arena *arena, const char *url, DbOptions options, void **ret_session)
{
    Session *session = check_malloc(sizeof *session);
    *session = (Session){.options = options, .url = strdup(url)};
    CHECK(session->url != NULL);
    /* What stands before dbname gives way to the URL, what stands behind it does not. */
    bool patience_set = getenv("PGCONNECT_TIMEOUT") != NULL;
    const char *const keys[] = {"fallback_application_name", "connect_timeout", "dbname",
                                "client_encoding", NULL};
    const char *const values[] = {"obligor", patience_set ? NULL : "10", url, "UTF8", NULL};
    int64_t began = clock_monotonic();
    session->connection = PQconnectdbParams(keys, values, 1);
    CHECK(session->connection != NULL);
    Error *error = connect_first(session, arena, began);
    if (error != NULL) {
        close_session(session);
        return error;
    }
    *ret_session = session;
    return NULL;
}

static Error *open_session(Arena *arena, Str address, DbOptions options, void **ret_session)
{
    const char *url = arena_printf(arena, "postgresql:%.*s", STR_ARG(address));
    TRY(check_address(arena, url));
    return open_url(arena, url, options, ret_session);
}

static Error *open_beside(const void *self, Arena *arena, DbOptions options, void **ret_session)
{
    return open_url(arena, ((const Session *)self)->url, options, ret_session);
}

/* Connects again when the connection was lost and nothing depends on it. */
static Error *ready(Session *session, Arena *arena)
{
    if (!session->broken || session->in_transaction)
        return NULL;
    PQreset(session->connection);
    return set_up(session, arena);
}

static Error *begin(void *self, Arena *arena, TxMode mode)
{
    Session *session = self;
    const char *text =
        mode == TX_WRITE ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    TRY(ready(session, arena));
    Error *error = command(session, arena, text);
    if (error != NULL && session->broken &&
        !session->hung) { /* it was lost while it rested: that is nobody's fault */
        TRY(ready(session, arena));
        error = command(session, arena, text);
    }
    session->in_transaction = error == NULL;
    return error;
}

static Error *commit(void *self, Arena *arena)
{
    Session *session = self;
    PGresult *result = execute_text(session, "COMMIT");
    bool rolled_back = result != NULL && strcmp(PQcmdStatus(result), "ROLLBACK") == 0;
    TRY(finish_command(session, arena, result, "commit"));
    session->in_transaction = false;
    return rolled_back ? ERROR(arena, ERROR_INTERNAL, "The database refused a transaction.") : NULL;
}

static void rollback(void *self)
{
    Session *session = self;
    if (!session->broken)
        PQclear(execute_text(session, "ROLLBACK"));
    session->broken |= PQstatus(session->connection) == CONNECTION_BAD;
    session->in_transaction = false;
}

/* --- parameters ------------------------------------------------------------------------------ */

typedef struct Parameters {
    const char *values[PARAMETER_MAX];
    int lengths[PARAMETER_MAX];
    int formats[PARAMETER_MAX];
    uint64_t room[PARAMETER_MAX];
} Parameters;

static int64_t to_postgres_time(int64_t time)
{
    if (time < INT64_MIN + EPOCH_2000)
        return INT64_MIN; /* before all that PostgreSQL can hold: -infinity */
    return time == INT64_MAX ? time : time - EPOCH_2000;
}

static int64_t from_postgres_time(int64_t time)
{
    return time == INT64_MIN || time == INT64_MAX ? time : time + EPOCH_2000;
}

static void put(Parameters *parameters, size_t i, const void *bytes, size_t size)
{
    CHECK(size <= INT32_MAX);
    parameters->values[i] = size == 0 ? "" : bytes;
    parameters->lengths[i] = (int)size;
    parameters->formats[i] = 1;
}

static void put_number(Parameters *parameters, size_t i, uint64_t number)
{
    parameters->room[i] = htobe64(number);
    put(parameters, i, &parameters->room[i], sizeof parameters->room[i]);
}

static void put_value(Parameters *parameters, size_t i, const Value *value)
{
    uint64_t bits;
    if (value->is_null) {
        parameters->values[i] = NULL;
        return;
    }
    switch (value->type) {
    case VALUE_BOOL:
        parameters->room[i] = 0;
        *(char *)&parameters->room[i] = value->integer != 0;
        put(parameters, i, &parameters->room[i], 1);
        break;
    case VALUE_INT:
        put_number(parameters, i, (uint64_t)value->integer);
        break;
    case VALUE_SMALL:
        parameters->room[i] = htobe64((uint64_t)value->integer << 48);
        put(parameters, i, &parameters->room[i], 2);
        break;
    case VALUE_TIME:
        put_number(parameters, i, (uint64_t)to_postgres_time(value->integer));
        break;
    case VALUE_REAL:
        memcpy(&bits, &value->real, sizeof bits);
        put_number(parameters, i, bits);
        break;
    case VALUE_UUID:
        put(parameters, i, value->uuid.bytes, sizeof value->uuid.bytes);
        break;
    default:
        put(parameters, i, value->bytes.ptr, value->bytes.len);
        break;
    }
}

static Error *prepare(Session *session, Arena *arena, Sql sql, const Value *params, size_t count)
{
    Oid types[PARAMETER_MAX];
    if (session->prepared[sql])
        return NULL;
    for (size_t i = 0; i < count; i++)
        types[i] = TYPE_OIDS[params[i].type];
    bool sent = PQsendPrepare(session->connection, STATEMENTS[sql].name, STATEMENTS[sql].postgres,
                              (int)count, types) == 1;
    TRY(finish_command(session, arena, sent ? await(session) : NULL, STATEMENTS[sql].name));
    session->prepared[sql] = true;
    return NULL;
}

static Error *execute_once(Session *session, Arena *arena, Sql sql, const Value *params,
                           size_t count, PGresult **ret_result)
{
    Parameters parameters = {0};
    CHECK(count <= PARAMETER_MAX);
    TRY(ready(session, arena));
    if (!session->options.bulk)
        atomic_fetch_add_explicit(&others, 1, memory_order_relaxed);
    TRY(prepare(session, arena, sql, params, count));
    for (size_t i = 0; i < count; i++)
        put_value(&parameters, i, &params[i]);
    bool sent =
        PQsendQueryPrepared(session->connection, STATEMENTS[sql].name, (int)count,
                            parameters.values, parameters.lengths, parameters.formats, 1) == 1;
    PGresult *result = sent ? await(session) : NULL;
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        *ret_result = result;
        return NULL;
    }
    Error *error = translate(session, arena, result, STATEMENTS[sql].name);
    PQclear(result);
    return error;
}

/* A read outside a transaction that finds the connection gone is asked once more on a new one; not where
 * the server hangs, which a new connection would not mend. */
static Error *execute(Session *session, Arena *arena, Sql sql, const Value *params, size_t count,
                      PGresult **ret_result)
{
    Error *error = execute_once(session, arena, sql, params, count, ret_result);
    if (error != NULL && session->broken && !session->in_transaction && !session->hung)
        error = execute_once(session, arena, sql, params, count, ret_result);
    return error;
}

static Error *run(void *self, Arena *arena, Sql sql, const Value *params, size_t count,
                  int64_t *ret_changed)
{
    PGresult *result = NULL;
    TRY(execute(self, arena, sql, params, count, &result));
    if (ret_changed != NULL) {
        *ret_changed = 0;
        const char *tuples = PQcmdTuples(result);
        if (tuples[0] != '\0')
            *ret_changed = strtoll(tuples, NULL, 10);
    }
    PQclear(result);
    return NULL;
}

/* --- many rows ------------------------------------------------------------------------------- */

enum { PIPELINE_ROWS = 500, COPY_BUFFER = 256 * 1024 };

/* Takes the results of `rows` statements and of the synchronisation behind them. The first error counts;
 * those behind it were not run. */
static Error *take_pipeline(Session *session, Arena *arena, Sql sql, size_t rows,
                            uint8_t *ret_changed)
{
    Error *error = NULL;
    size_t row = 0;
    for (;;) {
        PGresult *result = PQgetResult(session->connection);
        if (result == NULL) { /* between two statements, or the connection is gone */
            if (PQstatus(session->connection) == CONNECTION_BAD)
                return error != NULL ? error : translate(session, arena, NULL, "pipeline");
            continue;
        }
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return error;
        }
        if (status == PGRES_COMMAND_OK && row < rows) {
            if (ret_changed != NULL)
                ret_changed[row] = strcmp(PQcmdTuples(result), "0") != 0;
        } else if (error == NULL && status != PGRES_PIPELINE_ABORTED) {
            error = translate(session, arena, result, STATEMENTS[sql].name);
        }
        row++;
        PQclear(result);
    }
}

static Error *run_pipeline(Session *session, Arena *arena, Sql sql, size_t from, size_t to,
                           size_t count, FillRow *fill, const void *self, uint8_t *ret_changed)
{
    bool sent = PQenterPipelineMode(session->connection) == 1;
    for (size_t row = from; sent && row < to; row++) {
        Value values[PARAMETER_MAX];
        Parameters parameters = {0};
        fill(self, row, values);
        for (size_t i = 0; i < count; i++)
            put_value(&parameters, i, &values[i]);
        sent =
            PQsendQueryPrepared(session->connection, STATEMENTS[sql].name, (int)count,
                                parameters.values, parameters.lengths, parameters.formats, 1) == 1;
    }
    if (!sent || PQpipelineSync(session->connection) != 1)
        return translate(session, arena, NULL, STATEMENTS[sql].name);
    Error *error = take_pipeline(session, arena, sql, to - from,
                                 ret_changed == NULL ? NULL : ret_changed + from);
    PQexitPipelineMode(session->connection);
    return error;
}

static Error *run_many(void *self, Arena *arena, Sql sql, size_t rows, size_t count, FillRow *fill,
                       const void *source, uint8_t *ret_changed)
{
    Session *session = self;
    Value first[PARAMETER_MAX];
    CHECK(count <= PARAMETER_MAX);
    fill(source, 0, first);
    TRY(prepare(session, arena, sql, first, count));
    for (size_t row = 0; row < rows; row += PIPELINE_ROWS) {
        size_t to = row + PIPELINE_ROWS < rows ? row + PIPELINE_ROWS : rows;
        TRY(run_pipeline(session, arena, sql, row, to, count, fill, source, ret_changed));
    }
    return NULL;
}

/* One row of COPY's binary format: the number of fields, then each with its length (-1: NULL). */
static void add_copy_row(Buf *buf, const Value *values, size_t columns)
{
    Parameters parameters = {0};
    uint16_t fields = htobe16((uint16_t)columns);
    buf_add(buf, (Str){(const char *)&fields, sizeof fields});
    for (size_t i = 0; i < columns; i++) {
        put_value(&parameters, i, &values[i]);
        bool is_null = parameters.values[i] == NULL;
        uint32_t length = htobe32(is_null ? UINT32_MAX : (uint32_t)parameters.lengths[i]);
        buf_add(buf, (Str){(const char *)&length, sizeof length});
        if (!is_null)
            buf_add(buf, (Str){parameters.values[i], (size_t)parameters.lengths[i]});
    }
}

static bool send_copy(Session *session, Buf *buf)
{
    bool sent = PQputCopyData(session->connection, buf->data, (int)buf->len) == 1;
    buf_clear(buf);
    return sent;
}

static Error *copy_rows(Session *session, Arena *arena, Sql sql, size_t rows, size_t columns,
                        FillRow *fill, const void *source)
{
    PGresult *started = PQexec(session->connection, STATEMENTS[sql].postgres);
    bool sent = PQresultStatus(started) == PGRES_COPY_IN;
    Error *error = sent ? NULL : translate(session, arena, started, STATEMENTS[sql].name);
    PQclear(started);
    if (error != NULL)
        return error;
    Buf buf = buf_new(arena, SIZE_MAX / 2);
    buf_add(&buf, (Str){"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19});
    for (size_t row = 0; sent && row < rows; row++) {
        Value values[PARAMETER_MAX];
        fill(source, row, values);
        add_copy_row(&buf, values, columns);
        if (buf.len >= COPY_BUFFER)
            sent = send_copy(session, &buf);
    }
    buf_add(&buf, (Str){"\377\377", 2});
    sent = sent && send_copy(session, &buf) && PQputCopyEnd(session->connection, NULL) == 1;
    if (!sent)
        return translate(session, arena, NULL, STATEMENTS[sql].name);
    for (PGresult *result; (result = PQgetResult(session->connection)) != NULL;) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && error == NULL)
            error = translate(session, arena, result, STATEMENTS[sql].name);
        PQclear(result);
    }
    return error;
}

/* Inside a savepoint, so that a taken key costs the batch and not the transaction. */
static Error *load(void *self, Arena *arena, Sql sql, size_t rows, size_t columns, FillRow *fill,
                   const void *source, bool *ret_loaded)
{
    Session *session = self;
    TRY(command(session, arena, "SAVEPOINT load"));
    Error *error = copy_rows(session, arena, sql, rows, columns, fill, source);
    *ret_loaded = error == NULL;
    if (error == NULL)
        return command(session, arena, "RELEASE SAVEPOINT load");
    if (error->code != ERROR_CONFLICT && !error_is(error, UNCLEAR))
        return error;
    return command(session, arena, "ROLLBACK TO SAVEPOINT load; RELEASE SAVEPOINT load");
}

/* --- results --------------------------------------------------------------------------------- */

static Error *query(void *self, Arena *arena, Sql sql, const Value *params, size_t count,
                    void **ret_cursor)
{
    Cursor *cursor = ARENA_NEW(arena, Cursor);
    cursor->row = -1;
    TRY(execute(self, arena, sql, params, count, &cursor->result));
    *ret_cursor = cursor;
    return NULL;
}

static Error *next(void *self, Arena *arena, bool *ret_more)
{
    (void)arena;
    Cursor *cursor = self;
    *ret_more = ++cursor->row < PQntuples(cursor->result);
    return NULL;
}

static void finish(void *self)
{
    Cursor *cursor = self;
    PQclear(cursor->result);
    cursor->result = NULL;
}

static size_t columns(const void *self)
{
    return (size_t)PQnfields(((const Cursor *)self)->result);
}

static int64_t read_integer(const char *bytes, int size)
{
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number = number << 8 | (uint8_t)bytes[i];
    return size == 2 ? (int16_t)number : size == 4 ? (int32_t)number : (int64_t)number;
}

static Value column(const void *self, int index, ValueType type)
{
    const Cursor *cursor = self;
    CHECK(index >= 0 && index < PQnfields(cursor->result));
    bool is_null = PQgetisnull(cursor->result, cursor->row, index) != 0;
    if (is_null || type == VALUE_NULL)
        return (Value){.type = type, .is_null = is_null};
    const char *bytes = PQgetvalue(cursor->result, cursor->row, index);
    int size = PQgetlength(cursor->result, cursor->row, index);
    Oid oid = PQftype(cursor->result, index);
    Value value = {.type = type};
    switch (type) {
    case VALUE_BOOL:
        CHECK(oid == OID_BOOL);
        value.integer = bytes[0] != 0;
        break;
    case VALUE_INT:
    case VALUE_SMALL:
        CHECK(oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2);
        value.integer = read_integer(bytes, size);
        break;
    case VALUE_TIME:
        CHECK(oid == OID_TIMESTAMPTZ);
        value.integer = from_postgres_time(read_integer(bytes, size));
        break;
    case VALUE_REAL: {
        CHECK(oid == OID_FLOAT8);
        uint64_t bits = (uint64_t)read_integer(bytes, size);
        memcpy(&value.real, &bits, sizeof bits);
        break;
    }
    case VALUE_UUID:
        CHECK(oid == OID_UUID && size == 16);
        memcpy(value.uuid.bytes, bytes, 16);
        break;
    case VALUE_TEXT:
        CHECK(oid == OID_TEXT || oid == OID_VARCHAR);
        value.bytes = (Str){bytes, (size_t)size};
        break;
    default:
        CHECK(oid == OID_BYTEA);
        value.bytes = (Str){bytes, (size_t)size};
        break;
    }
    return value;
}

/* --- the rest -------------------------------------------------------------------------------- */

static Error *script(void *self, Arena *arena, const char *text)
{
    Session *session = self;
    TRY(ready(session, arena));
    return finish_command(session, arena, PQexec(session->connection, text), "script");
}

static Error *relax(void *self, Arena *arena, bool relaxed)
{
    return script(self, arena,
                  relaxed ? "SET synchronous_commit = off" : "SET synchronous_commit = on");
}

/* --- upkeep ---------------------------------------------------------------------------------- */

/* A table is looked at again when the planner believes in fewer than ten times the rows that were loaded; one
 * that it never saw counts as -1. Jobs are few and decide the plans of most joins. */
static Error *analyze(void *self, Arena *arena, int64_t rows)
{
    static const struct {
        const char *name;
        const char *analyze;
    } tables[] = {{"annual_predictions", "ANALYZE annual_predictions"},
                  {"quarterly_predictions", "ANALYZE quarterly_predictions"},
                  {"companies", "ANALYZE companies"},
                  {"bulk_upload_jobs", "ANALYZE bulk_upload_jobs"}};
    Session *session = self;
    const char *loaded = arena_printf(arena, "%lld", (long long)rows);
    TRY(ready(session, arena));
    for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
        const char *const values[] = {loaded, tables[i].name};
        PGresult *result = PQexecParams(session->connection,
                                        "SELECT reltuples < 10.0 * $1::bigint FROM pg_class "
                                        "WHERE oid = to_regclass($2)",
                                        2, NULL, values, NULL, NULL, 0);
        bool stale = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
                     PQgetvalue(result, 0, 0)[0] == 't';
        TRY(finish_command(session, arena, result, "analyze"));
        if (stale)
            TRY(command(session, arena, tables[i].analyze));
    }
    return NULL;
}

/* The dead entries of a large deletion lie in the way of every walk until they are taken out. */
static Error *reclaim(void *self, Arena *arena)
{
    Session *session = self;
    TRY(ready(session, arena));
    TRY(command(session, arena, "VACUUM (ANALYZE, PARALLEL 0) annual_predictions"));
    TRY(command(session, arena, "VACUUM (ANALYZE, PARALLEL 0) quarterly_predictions"));
    return command(session, arena, "VACUUM (PARALLEL 0) prediction_counts");
}

/* --- hints ----------------------------------------------------------------------------------- */

static Error *notify(void *self, Arena *arena)
{
    return command(self, arena, "NOTIFY obligor_work");
}

static bool take_notifications(Session *session)
{
    bool any = false;
    for (PGnotify *hint; (hint = PQnotifies(session->connection)) != NULL; any = true)
        PQfreemem(hint);
    return any;
}

static Error *wait_for_hint(void *self, Arena *arena, int64_t timeout, bool *ret_woken)
{
    Session *session = self;
    TRY(ready(session, arena));
    if (!session->listening)
        TRY(command(session, arena, "LISTEN obligor_work"));
    session->listening = true;
    struct pollfd connection = {.fd = PQsocket(session->connection), .events = POLLIN};
    *ret_woken = take_notifications(session);
    if (*ret_woken || poll(&connection, 1, (int)(timeout / 1000)) <= 0)
        return NULL;
    if (PQconsumeInput(session->connection) != 1 || PQstatus(session->connection) == CONNECTION_BAD)
        return translate(session, arena, NULL, "wait");
    *ret_woken = take_notifications(session);
    return NULL;
}

static bool was_waited_for(void *self)
{
    Session *session = self;
    uint64_t seen = atomic_load_explicit(&others, memory_order_relaxed);
    uint64_t count = seen - session->others_seen;
    int64_t now = clock_monotonic(), took = now - session->others_seen_at;
    session->others_seen = seen;
    session->others_seen_at = now;
    return count > OTHERS_FEW && (int64_t)count * SECONDS(1) > took * OTHERS_A_SECOND;
}

static void interrupt(void *self)
{
    Session *session = self;
    char ignored[256];
    if (session->cancel != NULL)
        PQcancel(session->cancel, ignored, sizeof ignored);
}

const DbDriver DB_POSTGRES = {
    .engine = "postgres",
    .open = open_session,
    .close = close_session,
    .open_beside = open_beside,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .run = run,
    .run_many = run_many,
    .load = load,
    .query = query,
    .next = next,
    .finish = finish,
    .columns = columns,
    .column = column,
    .script = script,
    .relax = relax,
    .analyze = analyze,
    .reclaim = reclaim,
    .notify = notify,
    .wait = wait_for_hint,
    .interrupt = interrupt,
    .was_waited_for = was_waited_for,
};
