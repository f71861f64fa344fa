/* Matching of paths against patterns. */
#include "http/route.h"

#include "test.h"

static Error *nothing(Request *request, Response *response)
{
    (void)request;
    (void)response;
    return NULL;
}

#define ROW(method, pattern)                                                                       \
    {                                                                                              \
        method, pattern, PERMIT_ANYONE, BODY_NONE, 0, RUNS_AT_ONCE, nothing                        \
    }

static const Route TABLE[] = {
    ROW("GET", "/"),
    ROW("GET", "/p/{kind}"),
    ROW("POST", "/p/{kind}"),
    ROW("GET", "/p/{kind}/{id}"),
    ROW("DELETE", "/p/{kind}/{id}"),
    ROW("GET", "/p/{kind}/score"),
    ROW("GET", "/p/jobs"),
    ROW("POST", "/p/jobs/{id}/cancel"),
    ROW("GET", "/c/search/{symbol}"),
};

static const char ID[] = "01890a5d-ac96-774b-bcce-b302099a8057";

static RouteResult match(Arena *arena, const char *method, const char *path, RouteMatch *ret)
{
    Router *router = router_new(arena, TABLE, ARRAY_COUNT(TABLE));
    return router_match(arena, router, method, str_from(path), ret);
}

static void found(Arena *arena, const char *method, const char *path, const char *pattern)
{
    RouteMatch matched;
    assert_int_equal(match(arena, method, path, &matched), ROUTE_FOUND);
    assert_string_equal(matched.route->pattern, pattern);
}

static void not_found(Arena *arena, const char *path)
{
    RouteMatch matched;
    assert_int_equal(match(arena, "GET", path, &matched), ROUTE_NO_PATH);
    assert_null(matched.route);
}

static void finds_the_row(void **state)
{
    found(*state, "GET", "/", "/");
    found(*state, "GET", "/p/annual", "/p/{kind}");
    found(*state, "POST", "/p/quarterly", "/p/{kind}");
    found(*state, "GET", "/p/jobs", "/p/jobs");
    found(*state, "GET", "/p/annual/score", "/p/{kind}/score");
    found(*state, "DELETE", arena_printf(*state, "/p/annual/%s", ID), "/p/{kind}/{id}");
    found(*state, "POST", arena_printf(*state, "/p/jobs/%s/cancel", ID), "/p/jobs/{id}/cancel");
}

static void head_is_get(void **state)
{
    found(*state, "HEAD", "/p/annual", "/p/{kind}");
}

static void trailing_slashes_do_not_count(void **state)
{
    found(*state, "GET", "/p/annual/", "/p/{kind}");
    found(*state, "GET", "/p/annual///", "/p/{kind}");
    found(*state, "GET", "//", "/");
}

static void gives_what_stands_in_the_path(void **state)
{
    RouteMatch matched;
    Uuid id;
    assert_true(uuid_parse(str_from(ID), &id));
    assert_int_equal(match(*state, "GET", arena_printf(*state, "/p/quarterly/%s", ID), &matched),
                     ROUTE_FOUND);
    assert_int_equal(matched.values.kind, KIND_QUARTERLY);
    assert_true(uuid_equal(matched.values.id, id));
    assert_int_equal(match(*state, "GET", "/c/search/BRK%2FB", &matched), ROUTE_FOUND);
    assert_str(matched.values.text, "BRK/B");
}

static void what_fits_no_pattern_is_not_there(void **state)
{
    static const char *const paths[] = {"/x",
                                        "/p",
                                        "/p/monthly",
                                        "/p/annual/17",
                                        "/p//annual",
                                        "/p/annual/17/more",
                                        "*",
                                        "/c/search",
                                        "/c/search/%zz",
                                        "/c/search/",
                                        "/p/Annual",
                                        "/p/jobs/01890a5d-ac96-774b-bcce-b302099a8057"};
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
        not_found(*state, paths[i]);
}

static void another_method_names_those_there_are(void **state)
{
    RouteMatch matched;
    assert_int_equal(match(*state, "PUT", "/p/annual", &matched), ROUTE_NO_METHOD);
    assert_string_equal(matched.allow, "GET, HEAD, POST, OPTIONS");
    assert_int_equal(match(*state, "get", "/p/annual", &matched), ROUTE_NO_METHOD);
    assert_int_equal(match(*state, "OPTIONS", "/p/jobs", &matched), ROUTE_NO_METHOD);
    assert_string_equal(matched.allow, "GET, HEAD, OPTIONS");
}

static void add_the_same_twice(void)
{
    static const Route twice[] = {ROW("GET", "/a"), ROW("GET", "/a")};
    router_new(arena_new(0), twice, 2);
}

static void add_two_parameters_at_one_place(void)
{
    static const Route both[] = {ROW("GET", "/a/{id}"), ROW("GET", "/a/{kind}")};
    router_new(arena_new(0), both, 2);
}

static void a_table_that_is_not_clear_dies(void **state)
{
    assert_dies(*state, add_the_same_twice, "this must hold and does not");
    assert_dies(*state, add_two_parameters_at_one_place, "this must hold and does not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_row),
        TEST(head_is_get),
        TEST(trailing_slashes_do_not_count),
        TEST(gives_what_stands_in_the_path),
        TEST(what_fits_no_pattern_is_not_there),
        TEST(another_method_names_those_there_are),
        TEST(a_table_that_is_not_clear_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
