/* The real table: it can be matched, and no row forgets what it must say. */
#include "http/gate.h"

#include "test.h"

static bool changes(const Route *route)
{
    return strcmp(route->method, "GET") != 0;
}

static void every_row_finds_itself(void **state)
{
    Router *router = router_new(*state, ROUTES, ROUTE_COUNT);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        Buf path = buf_new(*state, 1000);
        Str rest = str_from(ROUTES[i].pattern + 1), segment;
        while (str_next(&rest, '/', &segment)) {
            buf_add_char(&path, '/');
            buf_add(&path, str_is(segment, "{kind}") ? STR("annual")
                           : str_is(segment, "{id}") || str_is(segment, "{version_id}")
                               ? STR("01890a5d-ac96-774b-bcce-b302099a8057")
                           : str_starts_with(segment, STR("{")) ? STR("x")
                                                                : segment);
        }
        RouteMatch matched;
        assert_int_equal(router_match(*state, router, ROUTES[i].method, buf_str(&path), &matched),
                         ROUTE_FOUND);
        assert_ptr_equal(matched.route, &ROUTES[i]);
    }
}

static void what_changes_says_what_body_it_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        bool reads = !changes(&ROUTES[i]) || strstr(ROUTES[i].pattern, "/results") != NULL;
        assert_int_equal(ROUTES[i].body == BODY_NONE, reads);
        assert_non_null(ROUTES[i].handler);
    }
}

static void strangers_reach_only_a_few(void **state)
{
    static const char *const open[] = {"/health", "/healthz",           "/readyz",
                                       "/setup",  "/api/v1/auth/setup", "/api/v1/auth/login"};
    (void)state;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        bool is_open = false;
        for (size_t k = 0; k < ARRAY_COUNT(open); k++)
            is_open |= strcmp(ROUTES[i].pattern, open[k]) == 0;
        assert_int_equal(ROUTES[i].permission == PERMIT_ANYONE, is_open);
    }
}

static void nothing_that_writes_runs_on_a_socket_thread(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (changes(&ROUTES[i]))
            assert_true(ROUTES[i].runs == RUNS_WORKER || ROUTES[i].runs == RUNS_HASHING);
}

static void roles_have_their_permissions(void **state)
{
    (void)state;
    assert_true(gate_permits(PERMIT_USER, ROLE_ORG_VIEWER));
    assert_false(gate_permits(PERMIT_EDITOR, ROLE_ORG_VIEWER));
    assert_false(gate_permits(PERMIT_EDITOR, ROLE_ORG_AUDITOR));
    assert_true(gate_permits(PERMIT_EDITOR, ROLE_USER));
    assert_true(gate_permits(PERMIT_EDITOR, ROLE_ORG_ADMIN));
    assert_false(gate_permits(PERMIT_SUPER_ADMIN, ROLE_ORG_ADMIN));
    assert_true(gate_permits(PERMIT_SUPER_ADMIN, ROLE_SUPER_ADMIN));
    assert_false(gate_permits(PERMIT_LOCAL, ROLE_USER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_finds_itself),       TEST(what_changes_says_what_body_it_takes),
        TEST(strangers_reach_only_a_few),   TEST(nothing_that_writes_runs_on_a_socket_thread),
        TEST(roles_have_their_permissions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
