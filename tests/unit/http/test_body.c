/* Bodies by kind: which types they may have, how much of them is taken, and what becomes of
 * them. */
#include "http/body.h"

#include "request_for_tests.h"

static const BodyConfig CONFIG = {.max_body = 20, .max_upload = 10, .spool = "/tmp"};

static void limits_follow_the_kind(void **state)
{
    Route route = {.body = BODY_JSON};
    (void)state;
    assert_int_equal(body_limit(&route, &CONFIG), 20);
    route.body = BODY_UPLOAD;
    assert_true(body_limit(&route, &CONFIG) > 10);
    route.body = BODY_EMPTY;
    assert_int_equal(body_limit(&route, &CONFIG), 1024);
    route.limit = 7;
    assert_int_equal(body_limit(&route, &CONFIG), 7);
}

static bool takes(Arena *arena, BodyKind kind, const char *type)
{
    return body_check_type(arena, kind, str_from(type)) == NULL;
}

static void types_follow_the_kind(void **state)
{
    assert_true(takes(*state, BODY_JSON, "application/json"));
    assert_true(takes(*state, BODY_JSON, "Application/JSON; charset=utf-8"));
    assert_true(takes(*state, BODY_JSON, "application/merge-patch+json"));
    assert_true(takes(*state, BODY_JSON, ""));
    assert_false(takes(*state, BODY_JSON, "text/json"));
    assert_false(takes(*state, BODY_JSON, "application/x-www-form-urlencoded"));
    assert_true(takes(*state, BODY_FORM, "application/x-www-form-urlencoded"));
    assert_false(takes(*state, BODY_FORM, ""));
    assert_true(takes(*state, BODY_UPLOAD, "multipart/form-data; boundary=x"));
    assert_true(takes(*state, BODY_UPLOAD, "text/csv"));
    assert_false(takes(*state, BODY_UPLOAD, "application/json"));
    assert_true(takes(*state, BODY_NONE, "image/png"));
    assert_error(body_check_type(*state, BODY_JSON, STR("text/plain")), ERROR_UNSUPPORTED,
                 "The body must be application/json.");
}

static Error *send(Request *request, BodyKind kind, int64_t limit, const char *bytes)
{
    Body *body;
    TRY(body_new(request, kind, limit, &CONFIG, &body));
    for (const char *p = bytes; *p != '\0'; p++)
        TRY(body_add(body, (Str){p, 1}));
    return body_end(body);
}

static void json_is_kept(void **state)
{
    Request request = test_request(*state, "/", "", true);
    assert_no_error(send(&request, BODY_JSON, 20, "{\"a\": 1}"));
    assert_str(request.body, "{\"a\": 1}");
    assert_error(send(&request, BODY_JSON, 5, "{\"a\": 1}"), ERROR_TOO_LARGE,
                 "The body is larger than the 5 bytes that are allowed.");
}

static void a_read_drops_its_body(void **state)
{
    Request request = test_request(*state, "/", "", true);
    assert_no_error(send(&request, BODY_NONE, 20, "anything"));
    assert_str(request.body, "");
}

static void a_change_without_a_body_takes_none(void **state)
{
    Request request = test_request(*state, "/", "", true);
    assert_no_error(send(&request, BODY_EMPTY, 20, ""));
    assert_no_error(send(&request, BODY_EMPTY, 20, " {}\n"));
    assert_error(send(&request, BODY_EMPTY, 50, "{\"delete_predictions\": true}"), ERROR_INVALID,
                 "This request takes no body; its options are query parameters.");
}

static Request upload_request(Arena *arena, const char *type)
{
    Request request = test_request(arena, "/", "", true);
    request.headers[HEADER_CONTENT_TYPE] = str_from(type);
    return request;
}

static void a_file_as_the_body_goes_to_the_spool(void **state)
{
    Request request = upload_request(*state, "text/csv");
    char back[4] = "";
    assert_no_error(send(&request, BODY_UPLOAD, 100, "a,b"));
    assert_true(request.upload.present);
    assert_int_equal(request.upload.size, 3);
    assert_int_equal(pread(request.upload.fd, back, 3, 0), 3);
    assert_string_equal(back, "a,b");
    Digest expected = digest_of(STR("a,b"));
    assert_memory_equal(&request.upload.sha256, &expected, sizeof expected);
    assert_str(request.upload.filename, "");
    request = upload_request(*state, "text/csv");
    assert_error(send(&request, BODY_UPLOAD, 100, "12345678901"), ERROR_TOO_LARGE,
                 "The file is larger than the 10 bytes that are allowed.");
}

#define PART(head, data) "--x\r\nContent-Disposition: form-data; " head "\r\n\r\n" data "\r\n"
#define FORM             "multipart/form-data; boundary=x"

static Error *send_form(Arena *arena, const char *parts, Request *ret_request)
{
    *ret_request = upload_request(arena, FORM);
    return send(ret_request, BODY_UPLOAD, 10000, arena_printf(arena, "%s--x--\r\n", parts));
}

static void a_form_is_taken_apart(void **state)
{
    Request request;
    assert_no_error(send_form(*state,
                              PART("name=\"dry_run\"", "true")
                                  PART("name=\"file\"; filename=\"f 1.csv\"", "a,b\n1,2")
                                      PART("name=\"delimiter\"", ""),
                              &request));
    assert_int_equal(request.upload.size, 7);
    assert_str(request.upload.filename, "f 1.csv");
    assert_true(params_bool(&request.upload.fields, "dry_run", false));
    assert_int_equal(request.upload.fields.count, 2);
}

static void refused(Arena *arena, const char *parts, ErrorCode code, const char *message)
{
    Request request;
    assert_error(send_form(arena, parts, &request), code, message);
}

static void forms_that_mean_nothing_are_refused(void **state)
{
    refused(*state, PART("name=\"dry_run\"", "true"), ERROR_INVALID,
            "No file was sent. Send a multipart form with the file in the field \"file\".");
    refused(*state, PART("name=\"file\"; filename=\"\"", ""), ERROR_INVALID,
            "No file was sent. Send a multipart form with the file in the field \"file\".");
    refused(*state, PART("name=\"data\"; filename=\"a.csv\"", "x"), ERROR_INVALID,
            "The file must be in the form's field \"file\".");
    refused(*state, PART("name=\"file\"", "x"), ERROR_INVALID,
            "The form's field \"file\" is no file: it has no file name.");
    refused(*state,
            PART("name=\"file\"; filename=\"a\"", "x") PART("name=\"file\"; filename=\"b\"", "y"),
            ERROR_INVALID, "The form holds more than one file; send one at a time.");
    refused(*state, PART("name=\"a\"", "1") PART("name=\"a\"", "2"), ERROR_MALFORMED,
            "The field \"a\" stands there twice.");
    refused(*state, PART("name=\"a\"", "\xFF"), ERROR_MALFORMED, "The field \"a\" is not UTF-8.");
}

static void a_field_has_a_most(void **state)
{
    Buf parts = buf_new(*state, 10000);
    buf_add(&parts, STR("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"));
    for (int i = 0; i <= PARAM_VALUE_MAX; i++)
        buf_add_char(&parts, 'x');
    buf_add(&parts, STR("\r\n"));
    refused(*state, buf_str(&parts).ptr, ERROR_INVALID, "The field \"a\" is too long.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(limits_follow_the_kind),
        TEST(types_follow_the_kind),
        TEST(json_is_kept),
        TEST(a_read_drops_its_body),
        TEST(a_change_without_a_body_takes_none),
        TEST(a_file_as_the_body_goes_to_the_spool),
        TEST(a_form_is_taken_apart),
        TEST(forms_that_mean_nothing_are_refused),
        TEST(a_field_has_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
