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
                           : str_is(segment, "{id}") || str_is(segment, "{version_id}") ||
                                   str_is(segment, "{user_id}")
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
    static const char *const open[] = {
        "/health",
        "/healthz",
        "/readyz",
        "/setup",
        "/api/v1/auth/setup",
        "/verify",
        "/reset",
        "/api/v1/auth/register",
        "/api/v1/auth/verify",
        "/api/v1/auth/verify/resend",
        "/api/v1/auth/forgot-password",
        "/api/v1/auth/reset-password",
        "/api/v1/auth/login",
    };
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

/* Which roles a permission is for, as a word of their first letters in the order of the enum. */
static void roles_have_their_permissions(void **state)
{
    (void)state;
    static const struct {
        Permission permission;
        const char *roles; /* user, viewer, member, auditor, admin, super_admin; - : may not */
    } expected[] = {
        {PERMIT_LOCAL, "-----s"},       {PERMIT_USER, "uvmaos"}, {PERMIT_CHANGER, "uvmaos"},
        {PERMIT_EDITOR, "u-m-os"},      {PERMIT_SELF, "uvmaos"}, {PERMIT_ADMIN, "----os"},
        {PERMIT_SUPER_ADMIN, "-----s"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
        for (Role role = 0; role < ROLE_COUNT; role++) {
            Principal who = {.role = role, .scopes = SCOPE_ALL};
            assert_int_equal(gate_permits(expected[i].permission, &who),
                             expected[i].roles[role] != '-');
        }
}

static void a_key_needs_its_scope(void **state)
{
    (void)state;
    static const struct {
        Permission permission;
        unsigned scope; /* the only one that will do */
    } expected[] = {
        {PERMIT_LOCAL, SCOPE_READ},        {PERMIT_USER, SCOPE_READ}, {PERMIT_CHANGER, SCOPE_WRITE},
        {PERMIT_EDITOR, SCOPE_WRITE},      {PERMIT_SELF, 0},          {PERMIT_ADMIN, SCOPE_ADMIN},
        {PERMIT_SUPER_ADMIN, SCOPE_ADMIN},
    };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
        for (size_t bit = 0; bit < SCOPE_COUNT; bit++) {
            Principal key = {.role = ROLE_SUPER_ADMIN, .is_key = true, .scopes = 1u << bit};
            assert_int_equal(gate_permits(expected[i].permission, &key),
                             expected[i].scope == 1u << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_finds_itself),       TEST(what_changes_says_what_body_it_takes),
        TEST(strangers_reach_only_a_few),   TEST(nothing_that_writes_runs_on_a_socket_thread),
        TEST(roles_have_their_permissions), TEST(a_key_needs_its_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
