/* The style's digest in the policy is computed from the style itself, so that the two cannot
 * part. */
#include "http/html.h"

#include "base/check.h"

static const char STYLE[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;"
    "padding:0 1rem;color:#1a1a1a;background:#fff}"
    "label{display:block;margin:1rem 0 .25rem}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;"
    "border:1px solid #767676;border-radius:4px}"
    "button{font:inherit;margin-top:1.5rem;padding:.5rem 1.5rem;border:0;"
    "border-radius:4px;background:#0b57d0;color:#fff}"
    ".wrong{border-left:4px solid #b3261e;padding:.25rem .75rem}";

void html_text(Buf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            buf_printf(out, "&#%d;", c);
        else
            buf_add_char(out, c);
    }
}

void html_input(Buf *page, const char *label, const char *attributes, Str value)
{
    buf_printf(page, "<label>%s <input %s value=\"", label, attributes);
    html_text(page, value);
    buf_add(page, STR("\"></label>\n"));
}

void html_hidden(Buf *page, const char *name, Str value)
{
    buf_printf(page, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    html_text(page, value);
    buf_add(page, STR("\">\n"));
}

Str html_value(Params *form, const char *name)
{
    const Param *param = params_find(form, name);
    return param == NULL ? STR("") : param->value;
}

static void add_sentence(Buf *page, const char *sentence)
{
    buf_add(page, STR("<p>"));
    html_text(page, str_from(sentence));
    buf_add(page, STR("</p>\n"));
}

void html_wrong(Buf *page, const Error *error)
{
    if (error == NULL)
        return;
    buf_add(page, STR("<div class=\"wrong\" role=\"alert\">\n"));
    for (const ErrorField *field = error->fields; field != NULL; field = field->next)
        add_sentence(page, field->message);
    if (error->fields == NULL)
        add_sentence(page, error->message);
    buf_add(page, STR("</div>\n"));
}

/* base64 as CSP wants it: from our base64url, with the other two characters and padding. */
static const char *style_digest(Arena *arena)
{
    Digest digest = digest_of(str_from(STYLE));
    char *text = base64url_encode(arena, (Str){(const char *)digest.bytes, sizeof digest.bytes});
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
    return arena_printf(arena, "%s=", text); /* 32 bytes always end in one = */
}

void html_reply(const Request *request, Response *response, int status, const char *title, Str body)
{
    Arena *arena = request->arena;
    Buf page = buf_new(arena, RESPONSE_BODY_MAX);
    buf_add(&page, STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    html_text(&page, str_from(title));
    buf_printf(&page, "</title>\n<style>%s</style>\n<body>\n<h1>", STYLE);
    html_text(&page, str_from(title));
    buf_add(&page, STR("</h1>\n"));
    buf_add(&page, body);
    buf_add(&page, STR("</body>\n</html>\n"));
    CHECK(!page.over);
    response_set(response, status, "text/html; charset=utf-8", buf_str(&page));
    response_header(arena, response, "Content-Security-Policy",
                    arena_printf(arena,
                                 "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; "
                                 "base-uri 'none'; frame-ancestors 'none'",
                                 style_digest(arena)));
    response_header(arena, response, "Referrer-Policy", "no-referrer");
}
