/* A migrated database for one test, on each engine of engines.c in turn. */
#include "fixture.h"

#include "base/clock.h"
#include "base/number.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/job_store.h"
#include "store/model_store.h"
#include "store/prediction_store.h"

#include <stdatomic.h>

/* --- time and ids ------------------------------------------------------------------------------- */

static _Atomic int64_t now;
static _Atomic uint32_t made;

static int64_t still_clock(void)
{
    return atomic_load(&now);
}

static Uuid numbered(uint8_t first, uint32_t number)
{
    Uuid id = {{first, 0x9b, 0, 0, 0, 0, 0x70, 0, 0x80}};
    for (int i = 0; i < 4; i++)
        id.bytes[15 - i] = (uint8_t)(number >> 8 * i);
    return id;
}

static Uuid counted_uuid(void)
{
    return numbered(0x01, atomic_fetch_add(&made, 1) + 1);
}

Uuid fixture_id(uint32_t number)
{
    return numbered(0xf0, number);
}

int64_t fixture_advance(int64_t micros)
{
    return atomic_fetch_add(&now, micros) + micros;
}

void fixture_clock(int64_t time)
{
    atomic_store(&now, time);
}

/* --- life --------------------------------------------------------------------------------------- */

static ModelRow a_model(Kind kind, Uuid id)
{
    return (ModelRow){.id = id,
                      .kind = kind,
                      .name = kind_spec(kind)->word,
                      .version = "1",
                      .digest = digest_of(str_from(kind_spec(kind)->word)),
                      .file = STR("{}"),
                      .illustrative = true,
                      .created_at = FIXTURE_START};
}

static void add_people_and_models(Fixture *f)
{
    f->user = fixture_user(f, "ada@example.com").id;
    f->other = fixture_user(f, "Bob@Example.com").id;
    fixture_begin(f);
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        f->models[kind] = uuid_new();
        ModelRow model = a_model(kind, f->models[kind]);
        assert_no_error(model_insert(f->arena, f->db, &model, UUID_NIL));
        assert_no_error(model_activate(f->arena, f->db, kind, model.id));
    }
    fixture_commit(f);
}

static void set_up(void **state, bool migrated)
{
    Arena *arena = arena_new(0);
    Fixture *f = ARENA_NEW(arena, Fixture);
    const Engine *engine = engine_current();
    *f = (Fixture){.engine = engine, .arena = arena, .directory = engine_directory(arena)};
    atomic_store(&now, FIXTURE_START);
    atomic_store(&made, 0);
    clock_inject(still_clock);
    uuid_inject(counted_uuid);
    f->url = (migrated ? engine->make_migrated : engine->make)(arena, f->directory);
    f->db = fixture_session(f);
    *state = f;
}

int fixture_set_up_empty(void **state)
{
    set_up(state, false);
    return 0;
}

int fixture_set_up(void **state)
{
    set_up(state, true);
    add_people_and_models(*state);
    return 0;
}

int fixture_tear_down(void **state)
{
    Fixture *f = *state;
    db_close(f->db);
    f->engine->drop(f->arena, f->url);
    clock_inject(NULL);
    uuid_inject(NULL);
    int failed = engine_directory_remove(f->directory);
    arena_free(f->arena);
    return failed;
}

int fixture_run_all(const char *engine, const struct CMUnitTest *tests, size_t count)
{
    return engines_run(engine, tests, count);
}

bool fixture_is_sqlite(const Fixture *f)
{
    return engine_is_sqlite(f->engine);
}

Db *fixture_session(const Fixture *f)
{
    Db *db = NULL;
    assert_no_error(db_open(f->arena, f->url, (DbOptions){0}, &db));
    return db;
}

void fixture_begin(Fixture *f)
{
    assert_no_error(tx_begin(f->db, f->arena, TX_WRITE, &f->tx));
}

void fixture_commit(Fixture *f)
{
    assert_no_error(tx_commit(&f->tx, f->arena));
}

/* --- past the store ----------------------------------------------------------------------------- */

static void add_line(void *context, int count, const char *const *columns)
{
    for (int i = 0; i < count; i++)
        buf_printf(context, "%s%s", i == 0 ? "" : "|", columns[i]);
    buf_add_char(context, '\n');
}

const char *fixture_dump(Arena *arena, const Fixture *f)
{
    enum { DUMP_MAX = 64 << 20 };
    Buf text = buf_new(arena, DUMP_MAX), queries = buf_new(arena, DUMP_MAX);
    f->engine->each_row(f->url, f->engine->schema, add_line, &text);
    f->engine->each_row(f->url, f->engine->contents, add_line, &queries);
    f->engine->each_row(f->url, buf_str(&queries).ptr, add_line, &text);
    assert_false(text.over || queries.over);
    return buf_str(&text).ptr;
}

void fixture_script(const Fixture *f, const char *script)
{
    f->engine->each_row(f->url, script, NULL, NULL);
}

static void keep_number(void *context, int count, const char *const *columns)
{
    assert_int_equal(count, 1);
    assert_true(number_parse_int(str_from(columns[0]), INT64_MIN + 1, INT64_MAX, context));
}

const char *fixture_micros(const Fixture *f, const char *expression)
{
    if (fixture_is_sqlite(f))
        return expression;
    return arena_printf(f->arena, "(extract(epoch FROM %s) * 1000000)::bigint", expression);
}

int64_t fixture_number(const Fixture *f, const char *query)
{
    int64_t number = INT64_MIN;
    f->engine->each_row(f->url, query, keep_number, &number);
    assert_true(number != INT64_MIN);
    return number;
}

/* --- rows --------------------------------------------------------------------------------------- */

static bool begin_alone(Fixture *f)
{
    if (db_in_transaction(f->db))
        return false;
    fixture_begin(f);
    return true;
}

static void end_alone(Fixture *f, bool alone)
{
    if (alone)
        fixture_commit(f);
}

User fixture_user(Fixture *f, const char *email)
{
    User user = {.id = uuid_new(),
                 .email = email,
                 .role = ROLE_USER,
                 .is_active = true,
                 .verified_at = clock_now(),
                 .created_at = clock_now()};
    bool alone = begin_alone(f);
    assert_no_error(user_insert(f->arena, f->db, &user));
    end_alone(f, alone);
    return user;
}

Company fixture_company(Fixture *f, Uuid owner_id, const char *symbol)
{
    Company company = {.id = uuid_new(),
                       .owner_id = owner_id,
                       .symbol = str_from(symbol),
                       .name = str_printf(f->arena, "%s Inc.", symbol),
                       .sector = STR("Energy"),
                       .created_by = f->user,
                       .created_at = clock_now(),
                       .updated_at = clock_now(),
                       .annual_count = -1,
                       .quarterly_count = -1};
    bool alone = begin_alone(f), is_new = false;
    assert_no_error(company_insert(f->arena, f->db, &company, &is_new));
    end_alone(f, alone);
    assert_true(is_new);
    return company;
}

Job fixture_job(Fixture *f, Uuid owner_id, Kind kind)
{
    Job job = {.id = uuid_new(),
               .owner_id = owner_id,
               .user_id = f->user,
               .kind = kind,
               .options = IMPORT_OPTIONS_DEFAULT,
               .original_filename = "ratings.csv",
               .file_size = 1000,
               .model_id = f->models[kind],
               .created_at = clock_now()};
    job.file_sha256 = digest_of((Str){(const char *)job.id.bytes, sizeof job.id.bytes});
    bool alone = begin_alone(f);
    assert_no_error(job_insert(f->arena, f->db, &job));
    Job *stored = NULL;
    assert_no_error(job_find(f->arena, f->db, owner_id, job.id, &stored));
    end_alone(f, alone);
    assert_non_null(stored);
    return *stored;
}

Prediction fixture_prediction(const Fixture *f, const Company *company, Kind kind, int year,
                              int quarter)
{
    const KindSpec *spec = kind_spec(kind);
    Prediction p = {.kind = kind,
                    .id = uuid_new(),
                    .owner_id = company->owner_id,
                    .company_id = company->id,
                    .year = year,
                    .quarter = quarter,
                    .sector = company->sector,
                    .market_cap = {1.5e9, true},
                    .score = {.risk_level = RISK_MEDIUM, .confidence = 0.75},
                    .model_id = f->models[kind],
                    .source = SOURCE_MANUAL,
                    .is_current = true,
                    .created_by = f->user,
                    .created_at = clock_now()};
    for (size_t i = 1; i < spec->ratio_count; i++)
        p.ratios[i] = (Ratio){0.1 * (double)i, true};
    for (size_t i = 0; i < spec->score_count; i++) {
        p.score.values[i] = 0.125;
        p.score.present[i] = i == 0 || i + 1 == spec->score_count;
        if (!p.score.present[i])
            p.score.values[i] = 0;
    }
    p.score.probability = 0.125;
    return p;
}

Prediction fixture_row(const Fixture *f, const Company *company, const Job *job, int64_t job_row,
                       int year, int quarter)
{
    Prediction p = fixture_prediction(f, company, job->kind, year, quarter);
    p.has_job = true;
    p.job_id = p.root_job_id = job->id;
    p.job_row = job_row;
    p.source = SOURCE_BULK_UPLOAD;
    return p;
}

void fixture_store(Fixture *f, const Prediction *prediction)
{
    bool alone = begin_alone(f), is_new = false;
    ArenaMark mark = arena_mark(f->arena);
    assert_no_error(prediction_insert(f->arena, f->db, prediction, &is_new));
    assert_true(is_new);
    arena_rewind(f->arena, mark);
    end_alone(f, alone);
}

void fixture_span(Fixture *f, const Job *job, const Prediction *first, const Prediction *last)
{
    RowSpan span = {true, first->created_at, first->id, last->created_at, last->id};
    bool alone = begin_alone(f);
    assert_no_error(job_batch(f->arena, f->db, job, &span, clock_now()));
    end_alone(f, alone);
}

void fixture_hide(Fixture *f, const Job *job, bool inferred)
{
    bool alone = begin_alone(f);
    assert_no_error(job_hide(f->arena, f->db, job->owner_id, job->id, inferred, clock_now()));
    end_alone(f, alone);
}

/* --- comparing ---------------------------------------------------------------------------------- */

void fixture_assert_uuid(Uuid actual, Uuid expected, const char *what, const char *file, int line)
{
    if (uuid_equal(actual, expected))
        return;
    char is[UUID_TEXT_SIZE], should[UUID_TEXT_SIZE];
    uuid_format(is, actual);
    uuid_format(should, expected);
    print_error("%s is %s, not %s\n", what, is, should);
    _fail(file, line);
}

void fixture_assert_real(double actual, double expected, const char *what, const char *file,
                         int line)
{
    if (memcmp(&actual, &expected, sizeof actual) == 0)
        return;
    print_error("%s is %a, not %a\n", what, actual, expected);
    _fail(file, line);
}

void fixture_assert_prediction(const Prediction *actual, const Prediction *expected,
                               const char *file, int line)
{
#define SAME_INT(field)                                                                            \
    _assert_int_equal((uintmax_t)(int64_t)actual->field, (uintmax_t)(int64_t)expected->field,      \
                      file, line)
#define SAME_UUID(field) fixture_assert_uuid(actual->field, expected->field, #field, file, line)
#define SAME_REAL(field) fixture_assert_real(actual->field, expected->field, #field, file, line)
    const KindSpec *spec = kind_spec(expected->kind);
    SAME_INT(kind);
    SAME_UUID(id);
    SAME_UUID(owner_id);
    SAME_UUID(company_id);
    SAME_INT(year);
    SAME_INT(quarter);
    SAME_INT(has_job);
    SAME_UUID(job_id);
    SAME_INT(job_row);
    SAME_INT(job_link);
    SAME_INT(source);
    SAME_UUID(derived_from);
    SAME_UUID(root_job_id);
    if (!str_equal(actual->sector, expected->sector)) {
        print_error("sector is \"" STR_FMT "\", not \"" STR_FMT "\"\n", STR_ARG(actual->sector),
                    STR_ARG(expected->sector));
        _fail(file, line);
    }
    SAME_INT(market_cap.present);
    SAME_REAL(market_cap.value);
    SAME_INT(score.risk_level);
    SAME_REAL(score.confidence);
    SAME_REAL(score.probability);
    SAME_UUID(model_id);
    SAME_INT(is_current);
    SAME_UUID(created_by);
    SAME_INT(created_at);
    for (size_t i = 0; i < spec->ratio_count; i++) {
        SAME_INT(ratios[i].present);
        SAME_REAL(ratios[i].value);
    }
    for (size_t i = 0; i < spec->score_count; i++) {
        SAME_INT(score.present[i]);
        SAME_REAL(score.values[i]);
    }
#undef SAME_INT
#undef SAME_UUID
#undef SAME_REAL
}
