/* Pages are escaped, and their policy allows their own style and nothing else. */
#include "http/html.h"

#include "request_for_tests.h"

static void text_is_escaped(void **state)
{
    Buf out = buf_new(*state, 1000);
    html_text(&out, STR("a<b>\"c'&d"));
    assert_str(buf_str(&out), "a&#60;b&#62;&#34;c&#39;&#38;d");
}

static void forms_are_escaped(void **state)
{
    Arena *arena = *state;
    Buf out = buf_new(arena, 10000);
    html_input(&out, "Name", "name=\"n\" required", STR("\"><b>"));
    html_hidden(&out, "token", STR("a\"b"));
    assert_str(buf_str(&out),
               "<label>Name <input name=\"n\" required value=\"&#34;&#62;&#60;b&#62;\"></label>\n"
               "<input type=\"hidden\" name=\"token\" value=\"a&#34;b\">\n");
    buf_clear(&out);
    html_wrong(&out, NULL);
    assert_int_equal(out.len, 0);
    Error *error = ERROR(arena, ERROR_DENIED, "Not <this>.");
    html_wrong(&out, error);
    assert_str(buf_str(&out),
               "<div class=\"wrong\" role=\"alert\">\n<p>Not &#60;this&#62;.</p>\n</div>\n");
    error_field_add(arena, &error->fields, "a", "x", "First & foremost.");
    error_field_add(arena, &error->fields, "b", "x", "Second.");
    buf_clear(&out);
    html_wrong(&out, error);
    assert_str(buf_str(&out), "<div class=\"wrong\" role=\"alert\">\n<p>First &#38; foremost.</p>\n"
                              "<p>Second.</p>\n</div>\n");
}

/* The digest in the header is that of what stands between <style> and </style>. */
static void the_policy_names_the_style(void **state)
{
    Response response = RESPONSE_NONE;
    Request request = test_request(*state, "/", "", true);
    html_reply(&request, &response, 200, "A & B", STR("<p>x</p>\n"));
    char *page = str_dup(*state, response.body);
    char *from = strstr(page, "<style>") + strlen("<style>");
    Str style = {from, (size_t)(strstr(from, "</style>") - from)};
    Digest digest = digest_of(style);
    char *text = base64url_encode(*state, (Str){(const char *)digest.bytes, sizeof digest.bytes});
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
    const char *policy = response_find_header(&response, "Content-Security-Policy");
    assert_non_null(strstr(policy, arena_printf(*state, "'sha256-%s='", text)));
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "script"));
    assert_non_null(strstr(page, "<title>A &#38; B</title>"));
    assert_string_equal(response_find_header(&response, "Referrer-Policy"), "no-referrer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_is_escaped),
        TEST(forms_are_escaped),
        TEST(the_policy_names_the_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
