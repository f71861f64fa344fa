/* What every engine promises: values come back as they went in, to the last bit; a transaction is all
 * or nothing, whichever way its scope is left; a session sees its own writes at once and those of
 * others when they are committed. Values travel through named statements, because a session knows no
 * others: each type has a column that takes everything the type can hold. */
#include "store/db.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"
#include "store/model_store.h"
#include "store/prediction_store.h"
#include "store/statements.h"

#include <float.h>
#include <math.h>

/* --- sessions ------------------------------------------------------------------------------------- */

static void a_url_names_its_engine(void **state)
{
    Fixture *f = *state;
    const char *wrong[] = {"", "obligor.db", "sqlite", "mysql:x", "SQLITE:x", " sqlite:x"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        Db *db = (Db *)1;
        assert_error(db_open(f->arena, str_from(wrong[i]), (DbOptions){0}, &db), ERROR_INVALID,
                     "The database URL is not understood. Write it as sqlite:PATH or "
                     "postgresql://HOST/DATABASE.");
        assert_ptr_equal(db, (Db *)1);
    }
    Db *db = fixture_session(f);
    assert_string_equal(db_engine(db), db_engine(f->db));
    db_close(db);
    db_close(NULL);
}

/* --- values --------------------------------------------------------------------------------------- */

static void whole_numbers_come_back(void **state)
{
    Fixture *f = *state;
    const int64_t values[] = {0,         1,         -1,        127,           -128,      255,
                              32767,     -32768,    INT32_MAX, INT32_MIN,     1LL << 32, 1LL << 53,
                              1LL << 62, INT64_MAX, INT64_MIN, INT64_MIN + 1, -2,        1LL << 40};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        Value owner = value_uuid(f->user), job = value_uuid(fixture_id((uint32_t)i));
        assert_no_error(
            db_run(f->db, f->arena, SQL_COUNT_INSERT,
                   PARAMS(owner, value_uuid(uuid_new()), value_int(0), job, value_int(2024),
                          value_int(0), value_text("x"), value_int(values[i])),
                   NULL));
        Rows ROWS_AUTO *rows = NULL;
        Error *error = NULL;
        assert_no_error(
            db_query(f->db, f->arena, SQL_COUNT_TAKE_OF_JOB, PARAMS(owner, job), &rows));
        assert_true(rows_next(rows, &error));
        assert_int_equal(row_int(rows, 4), values[i]);
        assert_false(row_is_null(rows, 4));
        assert_false(rows_next(rows, &error));
        assert_no_error(error);
    }
    fixture_commit(f);
}

static void times_come_back(void **state)
{
    Fixture *f = *state;
    /* Years 1 to 9999: what time_format writes. */
    const int64_t values[] = {
        0, 1, -1, FIXTURE_START, INT64_C(-62135596800000000), INT64_C(253402300799999999)};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        User user = {.id = fixture_id((uint32_t)i + 1),
                     .email = arena_printf(f->arena, "u%zu@example.com", i),
                     .created_at = values[i]};
        assert_no_error(user_insert(f->arena, f->db, &user));
        User *stored = NULL;
        assert_no_error(user_by_id(f->arena, f->db, user.id, &stored));
        assert_int_equal(stored->created_at, values[i]);
        assert_int_equal(stored->verified_at, 0);
    }
    fixture_commit(f);
}

/* Through market_cap, which may be missing, and the headline, which may not. */
static void reals_come_back_to_the_last_bit(void **state)
{
    Fixture *f = *state;
    const double values[] = {0.0,
                             1.0,
                             -1.0,
                             0.1,
                             1.0 / 3.0,
                             1e22,
                             123456789012345678.0,
                             9007199254740993.0,
                             -9223372036854775808.0,
                             DBL_MAX,
                             -DBL_MAX,
                             DBL_MIN,
                             DBL_TRUE_MIN,
                             -DBL_TRUE_MIN,
                             DBL_MIN - DBL_TRUE_MIN,
                             DBL_EPSILON,
                             nextafter(1.0, 2.0),
                             nextafter(1.0, 0.0),
                             INFINITY,
                             -INFINITY};
    Company company = fixture_company(f, f->user, "ACME");
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        Prediction p = fixture_prediction(f, &company, KIND_ANNUAL, 1900 + (int)i, 4), *stored;
        p.market_cap = (Ratio){values[i], true};
        p.score.values[0] = p.score.probability = values[i];
        fixture_store(f, &p);
        bool hidden = true;
        assert_no_error(
            prediction_find(f->arena, f->db, KIND_ANNUAL, f->user, p.id, &stored, &hidden));
        assert_non_null(stored);
        assert_prediction(stored, &p);
        assert_false(hidden);
    }
    fixture_commit(f);
}

/* A ratio of -0 is a ratio of 0: the sign may be lost, the value never. */
static void minus_zero_comes_back_as_a_zero(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Prediction p = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4), *stored = NULL;
    p.market_cap = (Ratio){-0.0, true};
    fixture_store(f, &p);
    bool hidden = true;
    assert_no_error(prediction_find(f->arena, f->db, KIND_ANNUAL, f->user, p.id, &stored, &hidden));
    assert_true(stored->market_cap.present);
    assert_true(stored->market_cap.value == 0);
}

static void what_is_not_a_number_is_refused(void **state)
{
    Fixture *f = *state;
    if (!fixture_is_sqlite(f))
        return; /* PostgreSQL has NaN as a number; nothing above the store lets one through */
    Company company = fixture_company(f, f->user, "ACME");
    Prediction p = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
    p.score.values[0] = NAN;
    bool is_new = true;
    fixture_begin(f);
    Error *error = prediction_insert(f->arena, f->db, &p, &is_new);
    assert_error(error, ERROR_INTERNAL, "The database refused a statement.");
    tx_rollback(&f->tx);
}

/* Columns that may be missing tell NULL from every value of their type. */
static void a_missing_value_is_not_a_zero(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Prediction missing = fixture_prediction(f, &company, KIND_QUARTERLY, 2024, 1);
    missing.market_cap = (Ratio){0, false};
    for (size_t i = 0; i < RATIO_MAX; i++)
        missing.ratios[i] = (Ratio){0, false};
    Prediction zero = fixture_prediction(f, &company, KIND_QUARTERLY, 2024, 2);
    zero.market_cap = (Ratio){0, true};
    for (size_t i = 0; i < kind_spec(KIND_QUARTERLY)->ratio_count; i++)
        zero.ratios[i] = (Ratio){0, true};
    for (size_t i = 0; i < SCORE_MAX; i++)
        zero.score.present[i] = true;
    const Prediction *both[] = {&missing, &zero};
    for (size_t i = 0; i < 2; i++) {
        fixture_store(f, both[i]);
        Prediction *stored = NULL;
        bool hidden = true;
        assert_no_error(prediction_find(f->arena, f->db, KIND_QUARTERLY, f->user, both[i]->id,
                                        &stored, &hidden));
        assert_prediction(stored, both[i]);
    }
}

static void text_comes_back(void **state)
{
    Fixture *f = *state;
    char long_text[5001] = {0};
    memset(long_text, 'x', sizeof long_text - 1);
    const char *values[] = {"",
                            "a",
                            "O'Brien; DROP TABLE users --",
                            "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8F\xA6",
                            "$1 %s {x}",
                            "\x01\t\r\n",
                            long_text};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        User user = {.id = fixture_id((uint32_t)i + 1),
                     .email = arena_printf(f->arena, "u%zu@example.com", i),
                     .full_name = values[i],
                     .created_at = 1};
        assert_no_error(user_insert(f->arena, f->db, &user));
        User *stored = NULL;
        assert_no_error(user_by_id(f->arena, f->db, user.id, &stored));
        assert_string_equal(stored->full_name, values[i]);
        assert_null(stored->username);
    }
    fixture_commit(f);
}

static void bytes_come_back(void **state)
{
    Fixture *f = *state;
    char all[256], *large = arena_alloc(f->arena, 3 << 20);
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    large[(3 << 20) - 1] = 'z';
    const Str values[] = {STR(""), STR("\0"), STR("a\0b"), {all, sizeof all}, {large, 3 << 20}};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        ModelRow model = {.id = uuid_new(),
                          .name = "bytes",
                          .version = arena_printf(f->arena, "%zu", i),
                          .file = values[i],
                          .created_at = 1};
        assert_no_error(model_insert(f->arena, f->db, &model, UUID_NIL));
        ModelRow *stored = NULL;
        assert_no_error(model_by_id(f->arena, f->db, model.id, &stored));
        assert_true(str_equal(stored->file, values[i]));
    }
    fixture_commit(f);
}

static void ids_come_back(void **state)
{
    Fixture *f = *state;
    Uuid all = {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};
    const Uuid values[] = {fixture_id(1), all, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
    fixture_begin(f);
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        User user = {.id = values[i],
                     .email = arena_printf(f->arena, "u%zu@example.com", i),
                     .is_active = i % 2 == 0,
                     .created_at = 1};
        assert_no_error(user_insert(f->arena, f->db, &user));
        User *stored = NULL;
        assert_no_error(user_by_id(f->arena, f->db, values[i], &stored));
        assert_uuid(stored->id, values[i]);
        assert_int_equal(stored->is_active, i % 2 == 0);
    }
    fixture_commit(f);
}

/* `(Str){0}` is how the structs of the model say "not given": it is the empty text, never NULL. */
static void a_str_without_memory_is_the_empty_text(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    Prediction p = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4), *stored = NULL;
    p.sector = (Str){NULL, 0};
    bool is_new = false, hidden = true;
    fixture_begin(f);
    assert_no_error(prediction_insert(f->arena, f->db, &p, &is_new));
    fixture_commit(f);
    assert_no_error(prediction_find(f->arena, f->db, KIND_ANNUAL, f->user, p.id, &stored, &hidden));
    assert_string_equal(stored->sector.ptr, "");
    assert_int_equal(stored->sector.len, 0);
}

static void rows_know_their_columns(void **state)
{
    Fixture *f = *state;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    assert_no_error(db_query(f->db, f->arena, SQL_USER_BY_ID, PARAMS(value_uuid(f->user)), &rows));
    assert_int_equal(rows_columns(rows), 15);
    assert_true(rows_next(rows, &error));
    assert_uuid(row_uuid(rows, 0), f->user);
    assert_string_equal(row_text(rows, 1), "ada@example.com");
    assert_true(row_is_null(rows, 2));
    assert_null(row_text(rows, 2));
    assert_int_equal(row_str(rows, 2).len, 0);
    assert_true(row_bool(rows, 6));
    assert_false(rows_next(rows, &error));
    assert_no_error(error);
    rows_close(rows);
    rows_close(rows); /* again is fine */
}

/* What was read stays when the cursor has gone on, and when it is closed. */
static void what_was_read_outlives_the_cursor(void **state)
{
    Fixture *f = *state;
    User *users = NULL;
    size_t count = 0;
    assert_no_error(user_list(f->arena, f->db, &users, &count));
    assert_int_equal(count, 2);
    assert_string_equal(users[0].email, "ada@example.com");
    assert_string_equal(users[1].email, "Bob@Example.com");
}

static void a_number_is_the_first_column(void **state)
{
    Fixture *f = *state;
    int64_t number = -1;
    Value owner = value_uuid(f->user), none = value_uuid(fixture_id(1));
    assert_no_error(
        db_number(f->db, f->arena, SQL_COMPANY_COUNT_OF_JOB, PARAMS(owner, none), &number));
    assert_int_equal(number, 0);
    assert_no_error(db_number(f->db, f->arena, SQL_TOKEN_FIND,
                              PARAMS(value_bytes(STR("x")), value_text("session"), value_time(0)),
                              &number));
    assert_int_equal(number, 0); /* no row */
}

/* --- transactions --------------------------------------------------------------------------------- */

static int64_t users_seen(const Fixture *f, Db *db)
{
    User *users = NULL;
    size_t count = 0;
    assert_no_error(user_list(f->arena, db, &users, &count));
    return (int64_t)count;
}

static Error *add_user(Arena *arena, Db *db, uint32_t number)
{
    User user = {.id = fixture_id(number),
                 .email = arena_printf(arena, "%u@example.com", number),
                 .created_at = 1};
    return user_insert(arena, db, &user);
}

static void a_commit_shows_to_all(void **state)
{
    Fixture *f = *state;
    Db *db = fixture_session(f);
    fixture_begin(f);
    assert_true(db_in_transaction(f->db));
    assert_no_error(add_user(f->arena, f->db, 1));
    assert_int_equal(users_seen(f, f->db), 3);
    assert_int_equal(users_seen(f, db), 2);
    fixture_commit(f);
    assert_false(db_in_transaction(f->db));
    assert_int_equal(users_seen(f, db), 3);
    db_close(db);
}

static Error *leave_early(Arena *arena, Db *db, bool fail)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(add_user(arena, db, 1));
    if (fail)
        TRY(add_user(arena, db, 1));
    return NULL;
}

static void leaving_the_scope_rolls_back(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    assert_no_error(leave_early(f->arena, f->db, false));
    assert_false(db_in_transaction(f->db));
    assert_string_equal(fixture_dump(f->arena, f), before);
    assert_error(leave_early(f->arena, f->db, true), ERROR_CONFLICT,
                 "There is a user with the address 1@example.com already.");
    assert_false(db_in_transaction(f->db));
    assert_string_equal(fixture_dump(f->arena, f), before);
    fixture_begin(f); /* and the lock is free */
    assert_no_error(add_user(f->arena, f->db, 1));
    fixture_commit(f);
}

static void closing_rolls_back(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    Db *db = fixture_session(f);
    Tx tx = {0};
    assert_no_error(tx_begin(db, f->arena, TX_WRITE, &tx));
    assert_no_error(add_user(f->arena, db, 1));
    db_close(db);
    assert_string_equal(fixture_dump(f->arena, f), before);
    fixture_begin(f);
    assert_no_error(add_user(f->arena, f->db, 1));
    fixture_commit(f);
}

/* A cursor that is left open stands in nobody's way. */
static void a_rollback_under_an_open_cursor_is_fine(void **state)
{
    Fixture *f = *state;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    fixture_begin(f);
    assert_no_error(add_user(f->arena, f->db, 1));
    assert_no_error(db_query(f->db, f->arena, SQL_USER_LIST, NO_PARAMS, &rows));
    assert_true(rows_next(rows, &error));
    tx_rollback(&f->tx);
    tx_rollback(&f->tx); /* again is fine */
    rows_close(rows);
    assert_int_equal(users_seen(f, f->db), 2);
}

static void a_commit_under_an_open_cursor_keeps_it(void **state)
{
    Fixture *f = *state;
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    fixture_begin(f);
    assert_no_error(add_user(f->arena, f->db, 1));
    assert_no_error(db_query(f->db, f->arena, SQL_USER_LIST, NO_PARAMS, &rows));
    assert_true(rows_next(rows, &error));
    fixture_commit(f);
    assert_true(rows_next(rows, &error));
    assert_true(rows_next(rows, &error));
    assert_false(rows_next(rows, &error));
    assert_no_error(error);
}

static void a_read_transaction_is_one_snapshot(void **state)
{
    Fixture *f = *state;
    Db *db = fixture_session(f);
    Tx tx = {0};
    assert_no_error(tx_begin(db, f->arena, TX_READ, &tx));
    assert_int_equal(users_seen(f, db), 2);
    fixture_begin(f);
    assert_no_error(add_user(f->arena, f->db, 1));
    fixture_commit(f);
    assert_int_equal(users_seen(f, db), 2);
    assert_no_error(tx_commit(&tx, f->arena));
    assert_int_equal(users_seen(f, db), 3);
    db_close(db);
}

static void changed_rows_are_counted(void **state)
{
    Fixture *f = *state;
    int64_t changed = -1;
    fixture_begin(f);
    assert_no_error(db_run(f->db, f->arena, SQL_USER_SET_ACTIVE,
                           PARAMS(value_uuid(f->user), value_bool(false), value_time(1)),
                           &changed));
    assert_int_equal(changed, 1);
    assert_no_error(db_run(f->db, f->arena, SQL_USER_SET_ACTIVE,
                           PARAMS(value_uuid(fixture_id(9)), value_bool(false), value_time(1)),
                           &changed));
    assert_int_equal(changed, 0);
    Company company = fixture_company(f, f->user, "ACME");
    Prediction p = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
    bool is_new = false;
    assert_no_error(prediction_insert(f->arena, f->db, &p, &is_new));
    assert_true(is_new);
    assert_no_error(prediction_insert(f->arena, f->db, &p, &is_new));
    assert_false(is_new); /* a conflict that was let pass counts nothing */
    fixture_commit(f);
}

static void a_unique_value_taken_is_a_conflict(void **state)
{
    Fixture *f = *state;
    fixture_begin(f);
    assert_error(db_run(f->db, f->arena, SQL_OWNER_INSERT,
                        PARAMS(value_uuid(f->user), value_text("personal")), NULL),
                 ERROR_CONFLICT, "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
}

/* References, NOT NULL and CHECK can only be broken by a defect of the program. */
static void a_broken_promise_of_ours_is_internal(void **state)
{
    Fixture *f = *state;
    Company nobody = {.id = fixture_id(1), .owner_id = f->user};
    Prediction p = fixture_prediction(f, &nobody, KIND_ANNUAL, 2024, 4);
    bool is_new = false;
    fixture_begin(f);
    assert_error(prediction_insert(f->arena, f->db, &p, &is_new), ERROR_INTERNAL,
                 "The database refused a statement.");
    tx_rollback(&f->tx);
    fixture_begin(f);
    assert_error(db_run(f->db, f->arena, SQL_OWNER_INSERT,
                        PARAMS(value_uuid(fixture_id(1)), value_text("nobody")), NULL),
                 ERROR_INTERNAL, "The database refused a statement.");
    tx_rollback(&f->tx);
    fixture_begin(f);
    assert_error(db_run(f->db, f->arena, SQL_OWNER_INSERT,
                        PARAMS(value_uuid(fixture_id(1)), value_null(VALUE_TEXT)), NULL),
                 ERROR_INTERNAL, "The database refused a statement.");
    tx_rollback(&f->tx);
    Company company = fixture_company(f, f->user, "ACME");
    p = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 5);
    fixture_begin(f);
    assert_error(prediction_insert(f->arena, f->db, &p, &is_new), ERROR_INTERNAL,
                 "The database refused a statement.");
    tx_rollback(&f->tx);
}

/* --- what only a defect could do ------------------------------------------------------------------ */

static Fixture *victim; /* of the functions that die */

static void write_without_a_transaction(void)
{
    Error *error = add_user(victim->arena, victim->db, 1);
    (void)error;
}

static void nest_transactions(void)
{
    Tx a = {0}, b = {0};
    Error *error = tx_begin(victim->db, victim->arena, TX_WRITE, &a);
    error = tx_begin(victim->db, victim->arena, TX_WRITE, &b);
    (void)error;
}

static void write_in_a_read_transaction(void)
{
    Tx tx = {0};
    Error *error = tx_begin(victim->db, victim->arena, TX_READ, &tx);
    error = add_user(victim->arena, victim->db, 1);
    (void)error;
}

static void forget_a_parameter(void)
{
    Rows *rows = NULL;
    Error *error = db_query(victim->db, victim->arena, SQL_USER_BY_ID, NO_PARAMS, &rows);
    (void)error;
}

static void read_the_wrong_type(void)
{
    Rows *rows = NULL;
    Error *error = db_query(victim->db, victim->arena, SQL_USER_BY_ID,
                            PARAMS(value_uuid(victim->user)), &rows);
    if (error == NULL && rows_next(rows, &error))
        (void)row_int(rows, 1);
}

static void defects_end_the_process(void **state)
{
    Fixture *f = victim = *state;
    assert_dies(f->arena, write_without_a_transaction, "in_transaction");
    assert_dies(f->arena, nest_transactions, "in_transaction");
    assert_dies(f->arena, write_in_a_read_transaction, "db->writing");
    assert_dies(f->arena, forget_a_parameter, "parameters == count");
    assert_dies(f->arena, read_the_wrong_type, "this must hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_url_names_its_engine),
        STORE_TEST(whole_numbers_come_back),
        STORE_TEST(times_come_back),
        STORE_TEST(reals_come_back_to_the_last_bit),
        STORE_TEST(minus_zero_comes_back_as_a_zero),
        STORE_TEST(what_is_not_a_number_is_refused),
        STORE_TEST(a_missing_value_is_not_a_zero),
        STORE_TEST(text_comes_back),
        STORE_TEST(bytes_come_back),
        STORE_TEST(ids_come_back),
        STORE_TEST(a_str_without_memory_is_the_empty_text),
        STORE_TEST(rows_know_their_columns),
        STORE_TEST(what_was_read_outlives_the_cursor),
        STORE_TEST(a_number_is_the_first_column),
        STORE_TEST(a_commit_shows_to_all),
        STORE_TEST(leaving_the_scope_rolls_back),
        STORE_TEST(closing_rolls_back),
        STORE_TEST(a_rollback_under_an_open_cursor_is_fine),
        STORE_TEST(a_commit_under_an_open_cursor_keeps_it),
        STORE_TEST(a_read_transaction_is_one_snapshot),
        STORE_TEST(changed_rows_are_counted),
        STORE_TEST(a_unique_value_taken_is_a_conflict),
        STORE_TEST(a_broken_promise_of_ours_is_internal),
        STORE_TEST(defects_end_the_process),
    };
    return fixture_run(tests);
}
