/* A tree of path segments, built once. At each step a literal segment goes before a parameter, and
 * the choice is final: that makes matching one walk, and asks of the table that no path be
 * reachable only by a parameter where a literal of the same text stands. */
#include "base/check.h"
#include "http/percent.h"
#include "http/route.h"

enum { METHODS_PER_PATH = 8 };

typedef enum SegmentType {
    SEGMENT_LITERAL,
    SEGMENT_KIND,
    SEGMENT_ID,
    SEGMENT_VERSION,
    SEGMENT_USER,
    SEGMENT_TEXT
} SegmentType;

typedef struct Node {
    Str text; /* as in the pattern */
    SegmentType type;
    struct Node *children;
    struct Node *next;
    const Route *routes[METHODS_PER_PATH];
    size_t route_count;
    const char *allow;
} Node;

struct Router {
    Node root;
};

static SegmentType segment_type(Str text)
{
    if (!str_starts_with(text, STR("{")))
        return SEGMENT_LITERAL;
    CHECK(str_ends_with(text, STR("}")));
    if (str_is(text, "{kind}"))
        return SEGMENT_KIND;
    if (str_is(text, "{version_id}"))
        return SEGMENT_VERSION;
    if (str_is(text, "{user_id}"))
        return SEGMENT_USER;
    return str_is(text, "{id}") ? SEGMENT_ID : SEGMENT_TEXT;
}

/* Literals stand before the parameter, of which there is at most one. */
static Node *child_for(Arena *arena, Node *parent, Str text)
{
    Node **place = &parent->children;
    SegmentType type = segment_type(text);
    for (Node *child = parent->children; child != NULL; child = child->next) {
        if (str_equal(child->text, text))
            return child;
        CHECK(type == SEGMENT_LITERAL || child->type == SEGMENT_LITERAL);
    }
    while (type != SEGMENT_LITERAL && *place != NULL)
        place = &(*place)->next;
    Node *child = ARENA_NEW(arena, Node);
    *child = (Node){.text = text, .type = type, .next = *place};
    *place = child;
    return child;
}

static void add_route(Arena *arena, Node *root, const Route *route)
{
    Str rest = str_from(route->pattern + 1), segment;
    Node *node = root;
    CHECK(route->pattern[0] == '/');
    while (rest.len > 0 && str_next(&rest, '/', &segment))
        node = child_for(arena, node, segment);
    for (size_t i = 0; i < node->route_count; i++)
        CHECK(strcmp(node->routes[i]->method, route->method) != 0);
    CHECK(node->route_count < METHODS_PER_PATH);
    node->routes[node->route_count++] = route;
}

static void write_allow(Arena *arena, Node *node)
{
    Buf text = buf_new(arena, 200);
    for (size_t i = 0; i < node->route_count; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "" : ", ", node->routes[i]->method);
        if (strcmp(node->routes[i]->method, "GET") == 0)
            buf_add(&text, STR(", HEAD"));
    }
    buf_add(&text, STR(", OPTIONS"));
    node->allow = buf_str(&text).ptr;
    for (Node *child = node->children; child != NULL; child = child->next)
        write_allow(arena, child);
}

Router *router_new(Arena *arena, const Route *routes, size_t count)
{
    Router *router = ARENA_NEW(arena, Router);
    for (size_t i = 0; i < count; i++)
        add_route(arena, &router->root, &routes[i]);
    write_allow(arena, &router->root);
    return router;
}

static bool fits(Arena *arena, const Node *node, Str segment, PathValues *values)
{
    switch (node->type) {
    case SEGMENT_LITERAL:
        return str_equal(node->text, segment);
    case SEGMENT_KIND:
        return kind_parse(segment, &values->kind);
    case SEGMENT_ID:
        return uuid_parse(segment, &values->id);
    case SEGMENT_VERSION:
        return uuid_parse(segment, &values->version_id);
    case SEGMENT_USER:
        return uuid_parse(segment, &values->user_id);
    case SEGMENT_TEXT:
        return percent_decode(arena, segment, PERCENT_PATH, &values->text);
    }
    return false;
}

static const Node *walk(Arena *arena, const Router *router, Str path, PathValues *values)
{
    while (str_ends_with(path, STR("/")))
        path.len--;
    const Node *node = &router->root;
    if (path.len == 0)
        return node;
    Str rest = str_slice(path, 1, path.len), segment;
    while (str_next(&rest, '/', &segment)) {
        const Node *child = segment.len == 0 ? NULL : node->children;
        while (child != NULL && !fits(arena, child, segment, values))
            child = child->next;
        if (child == NULL)
            return NULL;
        node = child;
    }
    return node;
}

RouteResult router_match(Arena *arena, const Router *router, const char *method, Str path,
                         RouteMatch *ret_match)
{
    *ret_match = (RouteMatch){0};
    const Node *node = walk(arena, router, path, &ret_match->values);
    if (node == NULL || node->route_count == 0)
        return ROUTE_NO_PATH;
    ret_match->allow = node->allow;
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < node->route_count; i++)
        if (strcmp(node->routes[i]->method, wanted) == 0) {
            ret_match->route = node->routes[i];
            return ROUTE_FOUND;
        }
    return ROUTE_NO_METHOD;
}
