/* What is counted for whom. The rates are by the hour, so that no time passes here. */
#include "http/limits.h"

#include "http/app.h"
#include "request_for_tests.h"
#include "test.h"

static const Route LIST = {.method = "GET", .pattern = "/x", .runs = RUNS_READING};
static const Route HEALTH = {.method = "GET", .pattern = "/healthz", .runs = RUNS_AT_ONCE};
static const Route UPLOAD = {
    .method = "POST", .pattern = "/u", .body = BODY_UPLOAD, .runs = RUNS_WORKER};
static const Route SCORE = {
    .method = "POST", .pattern = "/api/v1/predictions/{kind}/score", .runs = RUNS_WORKER};
static const Route LOGIN = {
    .method = "POST", .pattern = "/api/v1/auth/login", .runs = RUNS_HASHING};
static const Route CHANGE = {
    .method = "POST", .pattern = "/api/v1/auth/change-password", .runs = RUNS_HASHING};
static const Route JOIN = {.method = "POST", .pattern = "/api/v1/auth/join", .runs = RUNS_WORKER};
static const Route FORGOT = {
    .method = "POST", .pattern = "/api/v1/auth/forgot-password", .runs = RUNS_WORKER};
static const Route VERIFY_PAGE = {.method = "GET", .pattern = "/verify", .runs = RUNS_AT_ONCE};

static App *app_with(Arena *arena)
{
    App *app = ARENA_NEW(arena, App);
    const HttpConfig config = {.rate_requests = "1/h:4",
                               .rate_uploads = "1/h:2",
                               .rate_scores = "1/h:3",
                               .rate_sign_ins = "1/h:8"};
    assert_no_error(door_open(arena, &config, &app->door));
    return app;
}

static Request from(const App *app, Arena *arena, const Route *route, const char *address)
{
    Request request = test_request(arena, "/", "", false);
    request.app = app;
    request.route = route;
    assert_true(address_read(str_from(address), &request.client));
    return request;
}

static void passes(Request request, int times)
{
    for (int i = 0; i < times; i++)
        assert_no_error(limits_admit(&request));
}

static void is_stopped(Request request, const char *message)
{
    Error *error = limits_admit(&request);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_TOO_MANY);
    assert_string_equal(error->reason, "too_fast");
    assert_true(request.retry_after > 3500 && request.retry_after <= 3600);
    assert_true(str_starts_with(str_from(error->message), str_from(message)));
}

static void requests_of_an_address_and_of_a_user(void **state)
{
    const App *app = app_with(*state);
    Request request = from(app, *state, &LIST, "192.0.2.1");
    passes(request, 4);
    is_stopped(request, "These are too many requests in a short time. Try again in ");
    passes(from(app, *state, &LIST, "192.0.2.2"), 4);
    passes(from(app, *state, &HEALTH, "192.0.2.1"), 100);
    const Principal ann = {.user_id = {{1}}}, bob = {.user_id = {{2}}};
    request.who = &ann; /* wherever they are */
    passes(request, 2);
    request = from(app, *state, &LIST, "192.0.2.2");
    request.who = &ann;
    passes(request, 2);
    is_stopped(request, "These are too many requests");
    request.who = &bob;
    passes(request, 4);
}

static void uploads_and_scores(void **state)
{
    const App *app = app_with(*state);
    Request request = from(app, *state, &UPLOAD, "192.0.2.1");
    passes(request, 2);
    is_stopped(request, "These are too many uploads in a short time.");
    request = from(app, *state, &SCORE, "192.0.2.2");
    passes(request, 3);
    is_stopped(request, "These are too many requests for scores in a short time.");
}

/* One try with this end; false: it was not let through. */
static bool tried(Request *request, const char *email, int status)
{
    Guard guard;
    request->retry_after = 0;
    request->body =
        email == NULL ? STR("{") : str_printf(request->arena, "{\"email\":\"%s\"}", email);
    Error *error = guard_begin(request, &guard);
    if (error == NULL) {
        guard_end(request, &guard, status);
        guard_end(request, &guard, status); /* once */
        return true;
    }
    assert_int_equal(error->code, ERROR_TOO_MANY);
    assert_string_equal(error->reason, "too_many_tries");
    assert_true(request->retry_after > 0);
    return false;
}

static void wrong_passwords_of_a_pair(void **state)
{
    const App *app = app_with(*state);
    Request here = from(app, *state, &LOGIN, "192.0.2.1");
    Request there = from(app, *state, &LOGIN, "192.0.2.2");
    for (int i = 0; i < 5; i++)
        assert_true(tried(&here, i % 2 ? "ANN@example.com" : " ann@example.com ", 401));
    assert_false(tried(&here, "ann@example.com", 200));
    assert_int_equal(here.retry_after, 5);
    assert_true(tried(&here, "bob@example.com", 401));
    assert_true(tried(&there, "ann@example.com", 200));
}

static void wrong_passwords_of_an_address(void **state)
{
    const App *app = app_with(*state);
    Request here = from(app, *state, &LOGIN, "2001:db8::1");
    Request there = from(app, *state, &LOGIN, "192.0.2.2");
    assert_true(tried(&here, "known@example.com", 200));
    for (int i = 0; i < 8; i++)
        assert_true(tried(&here, arena_printf(*state, "u%d@example.com", i), 401));
    assert_true(address_read(STR("2001:db8::2"), &here.client));
    for (int i = 0; i < 20; i++) /* and it costs the pair nothing */
        assert_false(tried(&here, "ann@example.com", 200));
    assert_true(here.retry_after > 3500);
    assert_true(tried(&here, "known@example.com", 200));
    assert_true(tried(&here, "known@example.com", 401));
    assert_true(tried(&there, "ann@example.com", 401));
}

/* Neither a wrong form nor a server in trouble nor a right password is a wrong one. */
static void what_does_not_count(void **state)
{
    const App *app = app_with(*state);
    static const int statuses[] = {200, 0, 403, 422, 429, 500, 503};
    Request request = from(app, *state, &LOGIN, "192.0.2.1");
    for (int i = 0; i < 70; i++)
        assert_true(tried(&request, i % 3 ? "ann@example.com" : NULL, statuses[i % 7]));
}

static void tokens_and_own_passwords(void **state)
{
    const App *app = app_with(*state);
    Request join = from(app, *state, &JOIN, "192.0.2.1");
    static const int wrong[] = {401, 404, 410};
    for (int i = 0; i < 30; i++)
        assert_true(tried(&join, "", 422));
    for (int i = 0; i < 8; i++)
        assert_true(tried(&join, "", wrong[i % 3]));
    assert_false(tried(&join, "", 200));
    const Principal ann = {.user_id = {{1}}}, bob = {.user_id = {{2}}};
    Request change = from(app, *state, &CHANGE, "192.0.2.1");
    change.who = &ann;
    for (int i = 0; i < 5; i++)
        assert_true(tried(&change, "", 422));
    assert_false(tried(&change, "", 200));
    change.who = &bob;
    assert_true(tried(&change, "", 200));
    Request page = from(app, *state, &VERIFY_PAGE, "192.0.2.1");
    for (int i = 0; i < 30; i++)
        assert_true(tried(&page, "", 404)); /* a look */
}

/* Its answer is the same whether there is such an account, so it counts for what it may send. */
static void what_sends_mail(void **state)
{
    const App *app = app_with(*state);
    Request request = from(app, *state, &FORGOT, "192.0.2.1");
    Guard guard;
    for (int i = 0; i < 30; i++)
        assert_true(tried(&request, "", 422));
    for (int i = 0; i < 8; i++)
        assert_true(tried(&request, "", 200));
    Error *error = guard_begin(&request, &guard);
    assert_non_null(error);
    assert_string_equal(error->reason, "too_fast");
    request = from(app, *state, &FORGOT, "192.0.2.2");
    assert_true(tried(&request, "", 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_of_an_address_and_of_a_user),
        TEST(uploads_and_scores),
        TEST(wrong_passwords_of_a_pair),
        TEST(wrong_passwords_of_an_address),
        TEST(what_does_not_count),
        TEST(tokens_and_own_passwords),
        TEST(what_sends_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
