/* A request as the gate leaves it, for tests of what comes after. */
#ifndef OBLIGOR_UNIT_HTTP_REQUEST_FOR_TESTS_H
#define OBLIGOR_UNIT_HTTP_REQUEST_FOR_TESTS_H

#include "http/request.h"

#include "test.h"

static inline Request test_request(Arena *arena, const char *path, const char *query, bool strict)
{
    Request request = {.arena = arena, .id = "req-1", .method = "GET", .path = str_from(path)};
    assert_no_error(params_parse(arena, str_from(query), strict, &request.query));
    return request;
}

#endif
