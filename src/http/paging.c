/* A cursor is bound to its list by a digest over the path and every filter that was read. The
 * paging parameters themselves stay out of it, so that the page size may change on the way. */
#include "http/paging.h"

#include "base/check.h"
#include "base/crypto.h"

static const char *const PAGING_NAMES[] = {"cursor", "limit", "offset",
                                           "page",   "size",  "include_total"};

static bool is_paging_name(Str name)
{
    for (size_t i = 0; i < ARRAY_COUNT(PAGING_NAMES); i++)
        if (str_is(name, PAGING_NAMES[i]))
            return true;
    return false;
}

static uint64_t short_digest(Str text)
{
    Digest digest = digest_of(text);
    uint64_t part;
    memcpy(&part, digest.bytes, sizeof part);
    return part;
}

/* A sum does not depend on the order in which the parameters stand. */
static uint64_t filters_digest(const Request *request)
{
    Str path = request->path;
    while (str_ends_with(path, STR("/")))
        path.len--;
    uint64_t sum = short_digest(path);
    for (size_t i = 0; i < request->query.count; i++) {
        const Param *param = &request->query.items[i];
        if (!param->used || param->value.len == 0 || is_paging_name(param->name))
            continue;
        sum += short_digest(str_printf(request->arena, STR_FMT "=" STR_FMT, STR_ARG(param->name),
                                       STR_ARG(param->value)));
    }
    return sum;
}

static void read_cursor(Request *request, Paging *paging)
{
    Params *query = &request->query;
    const Param *param = params_find(query, "cursor");
    if (param == NULL)
        return;
    Cursor cursor;
    if (!cursor_parse(request->arena, param->value, &cursor))
        params_wrong(query, "cursor", "not_a_cursor",
                     "cursor must be the next_cursor of an earlier answer.");
    else if (cursor.filters != paging->filters || cursor.sort != paging->sort)
        params_wrong(query, "cursor", "other_list",
                     "This cursor is of a list with other filters or another order. Begin again "
                     "without a cursor.");
    else {
        paging->page.after = cursor.key;
        paging->after_text = cursor.text;
    }
}

static int64_t read_limit(Params *query, const char *name)
{
    return params_int(query, name, 1, PAGE_LIMIT_MAX, PAGE_LIMIT_DEFAULT);
}

static void read_pages(Params *query, Paging *paging)
{
    paging->form = FORM_PAGE;
    paging->page.want_total = true;
    paging->number = params_int(query, "page", 1, INT64_MAX, 1);
    paging->page.limit = read_limit(query, "size");
    if (paging->number - 1 > PAGE_OFFSET_MAX / paging->page.limit)
        params_wrong(query, "page", "too_far",
                     "Pages reach the first %d items only. Use the cursor to go on.",
                     PAGE_OFFSET_MAX);
    else
        paging->page.offset = (paging->number - 1) * paging->page.limit;
}

static void read_offset(Params *query, Paging *paging)
{
    const Param *param = params_find(query, "offset");
    if (param == NULL)
        return;
    paging->form = FORM_OFFSET;
    paging->page.want_total = true;
    paging->page.offset = params_int(query, "offset", 0, INT64_MAX, 0);
    if (paging->page.offset > PAGE_OFFSET_MAX)
        params_wrong(query, "offset", "too_far",
                     "offset reaches the first %d items only. Use the cursor to go on.",
                     PAGE_OFFSET_MAX);
}

void paging_read(Request *request, unsigned sort, bool with_offset, Paging *ret_paging)
{
    Params *query = &request->query;
    *ret_paging = (Paging){.sort = sort, .filters = filters_digest(request)};
    ret_paging->page.limit = PAGE_LIMIT_DEFAULT;
    bool by_cursor = params_has(query, "limit") || params_has(query, "cursor") ||
                     (with_offset && params_has(query, "offset"));
    bool by_page = params_has(query, "page") || params_has(query, "size");
    bool want_total = params_bool(query, "include_total", false);
    if (by_cursor && by_page) {
        params_wrong(query, "page", "two_forms",
                     "page and size do not go together with limit and cursor.");
        return;
    }
    if (!by_cursor) {
        read_pages(query, ret_paging);
        return;
    }
    ret_paging->page.want_total = want_total;
    ret_paging->page.limit = read_limit(query, "limit");
    read_cursor(request, ret_paging);
    if (with_offset)
        read_offset(query, ret_paging);
    if (ret_paging->form == FORM_OFFSET && params_has(query, "cursor"))
        params_wrong(query, "offset", "two_forms", "offset does not go together with a cursor.");
}

static void view_form(JsonOut *out, const Paging *paging, const PageEnd *end)
{
    if (paging->form == FORM_PAGE) {
        json_put_int(out, "page", paging->number);
        json_put_int(out, "size", paging->page.limit);
    } else {
        json_put_int(out, "limit", paging->page.limit);
    }
    if (paging->form == FORM_OFFSET)
        json_put_int(out, "offset", paging->page.offset);
    if (end->total >= 0)
        json_put_int(out, "total", end->total);
    if (end->total >= 0 && paging->form == FORM_PAGE)
        json_put_int(out, "pages", (end->total + paging->page.limit - 1) / paging->page.limit);
    if (end->total >= 0 && end->total_is_at_least)
        json_put_bool(out, "total_is_at_least", true);
}

void paging_view(Arena *arena, JsonOut *out, const Paging *paging, const PageEnd *end,
                 Str next_text)
{
    Cursor next = {
        .sort = paging->sort, .filters = paging->filters, .key = end->next, .text = next_text};
    json_begin_object(out, "pagination");
    view_form(out, paging, end);
    json_put_bool(out, "has_more", end->has_more);
    json_put_text(out, "next_cursor", end->has_more ? cursor_format(arena, &next) : NULL);
    json_end_object(out);
    if (end->settling)
        json_put_bool(out, "settling", true);
}
