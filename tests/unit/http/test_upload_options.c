/* Options of an upload, from the query and from the form. */
#include "http/upload_options.h"

#include "format/text_encoding.h"

#include "request_for_tests.h"

static const Principal USER = {
    .role = ROLE_USER, .owner_kinds = {OWNER_PERSONAL}, .owner_count = 1};
static const Principal ADMIN = {
    .role = ROLE_SUPER_ADMIN, .owner_kinds = {OWNER_SYSTEM, OWNER_PERSONAL}, .owner_count = 2};

static Error *read_all(Arena *arena, const Principal *who, const char *query, const char *fields,
                       UploadRequest *upload)
{
    Request request = test_request(arena, "/", query, true);
    request.who = who;
    request.values.kind = KIND_QUARTERLY;
    assert_no_error(params_parse(arena, str_from(fields), true, &request.upload.fields));
    *upload = (UploadRequest){0};
    Error *error = upload_options_read(&request, false, upload);
    assert_true(request.query.checked);
    return error;
}

static void without_any_they_are_the_defaults(void **state)
{
    UploadRequest upload;
    assert_no_error(read_all(*state, &USER, "", "", &upload));
    assert_int_equal(upload.kind, KIND_QUARTERLY);
    assert_int_equal(upload.options.on_duplicate, DUPLICATE_REJECT);
    assert_int_equal(upload.options.max_failed_rows, -1);
    assert_false(upload.options.dry_run);
    assert_int_equal(upload.options.delimiter, 0);
    assert_null(upload.options.sheet);
    assert_true(upload.personal);
    assert_no_error(read_all(*state, &ADMIN, "", "", &upload));
    assert_false(upload.personal);
}

static void come_from_both_places(void **state)
{
    UploadRequest upload;
    assert_no_error(
        read_all(*state, &ADMIN, "dry_run=yes&delimiter=%09&filename=a.csv",
                 "on_duplicate=SKIP&max_failed_rows=0&market_cap_unit=millions&"
                 "access_level=personal&encoding=Latin1&decimal=comma&on_error=undo&sheet=%20Data",
                 &upload));
    assert_true(upload.options.dry_run && upload.personal);
    assert_int_equal(upload.options.delimiter, '\t');
    assert_string_equal(upload.options.sheet, "Data");
    assert_int_equal(upload.options.on_duplicate, DUPLICATE_SKIP);
    assert_int_equal(upload.options.on_error, ON_ERROR_UNDO);
    assert_int_equal(upload.options.max_failed_rows, 0);
    assert_int_equal(upload.options.market_cap_unit, CAP_MILLIONS);
    assert_string_equal(upload.options.encoding, "iso-8859-1");
    assert_int_equal(upload.options.decimal, DECIMAL_COMMA);
    assert_str(upload.filename, "a.csv");
}

static void refused(Arena *arena, const char *query, const char *fields, const char *message)
{
    UploadRequest upload;
    assert_error(read_all(arena, &USER, query, fields, &upload), ERROR_INVALID, message);
}

static void what_cannot_be_is_refused(void **state)
{
    refused(*state, "dry_run=1", "dry_run=1", "dry_run stands both in the query and in the form.");
    refused(*state, "colour=1", "", "There is no parameter \"colour\" here.");
    refused(*state, "", "on_duplicate=merge",
            "on_duplicate must be reject, skip or replace, not \"merge\".");
    refused(*state, "", "delimiter=%7C", "delimiter must be comma, semicolon or tab, not \"|\".");
    refused(*state, "", "access_level=system", "access_level must be personal for the role user.");
    refused(
        *state, "", "encoding=utf-7",
        arena_printf(*state,
                     "encoding \"utf-7\" is not known here. Save the file as \"CSV UTF-8\", which "
                     "needs no option, or choose one of: %s.",
                     text_encoding_names(*state)));
    refused(*state, "", "decimal=auto", "decimal must be point or comma, not \"auto\".");
    refused(*state, "", "decimal=comma&delimiter=comma",
            "decimal=comma goes with delimiter=semicolon or delimiter=tab.");
}

static void the_kind_may_be_an_option(void **state)
{
    UploadRequest upload = {0};
    Request request = test_request(*state, "/", "job_type=annual", true);
    request.who = &USER;
    request.upload.fields.arena = *state;
    assert_no_error(upload_options_read(&request, true, &upload));
    assert_int_equal(upload.kind, KIND_ANNUAL);
    request = test_request(*state, "/", "", true);
    request.who = &USER;
    assert_error(upload_options_read(&request, true, &upload), ERROR_INVALID,
                 "job_type is missing.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_any_they_are_the_defaults),
        TEST(come_from_both_places),
        TEST(what_cannot_be_is_refused),
        TEST(the_kind_may_be_an_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
