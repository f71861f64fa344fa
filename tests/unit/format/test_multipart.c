/* What a form holds is written here as one line of text, "{name|filename|type}data;", with the
 * error at the end. Each form is fed cut at every position, at every pair of positions where it is
 * short, and byte by byte, and always says the same. */
#include "format/multipart.h"

#include "test.h"

typedef struct Heard {
    Arena *arena;
    Buf text;
    size_t fail_at; /* this call of the handler fails */
    size_t calls;
    bool open;
} Heard;

static Error *count_call(Heard *heard)
{
    if (++heard->calls == heard->fail_at)
        return ERROR(heard->arena, ERROR_UNAVAILABLE, "disk full");
    return NULL;
}

static Error *hear_begin(void *context, const MultipartPart *part)
{
    Heard *heard = context;
    assert_false(heard->open);
    heard->open = true;
    TRY(count_call(heard));
    buf_printf(&heard->text, "{" STR_FMT "|%s" STR_FMT "|" STR_FMT "}", STR_ARG(part->name),
               part->has_filename ? "=" : "", STR_ARG(part->filename), STR_ARG(part->content_type));
    return NULL;
}

static Error *hear_data(void *context, Str bytes)
{
    Heard *heard = context;
    assert_true(heard->open);
    assert_true(bytes.len > 0);
    TRY(count_call(heard));
    buf_add(&heard->text, bytes);
    return NULL;
}

static Error *hear_end(void *context)
{
    Heard *heard = context;
    assert_true(heard->open);
    heard->open = false;
    TRY(count_call(heard));
    buf_add_char(&heard->text, ';');
    return NULL;
}

static const MultipartHandler HANDLER = {hear_begin, hear_data, hear_end};
static const char FORM[] = "multipart/form-data; boundary=XX";

static Error *feed_pieces(Multipart *parser, Str body, const size_t *cuts, size_t cut_count)
{
    size_t from = 0;
    for (size_t i = 0; i <= cut_count; i++) {
        size_t to = i < cut_count ? cuts[i] : body.len;
        /* Its own memory, so that a read behind a piece is seen. */
        Arena *arena = arena_new(0);
        Str piece = {arena_copy(arena, body.ptr + from, to - from), to - from};
        Error *error = multipart_feed(parser, piece.ptr, piece.len);
        arena_free(arena);
        TRY(error);
        from = to;
    }
    return multipart_finish(parser);
}

static Str describe(Arena *arena, const char *content_type, MultipartLimits limits, Str body,
                    const size_t *cuts, size_t cut_count)
{
    Heard heard = {.arena = arena, .text = buf_new(arena, 1 << 20)};
    Multipart *parser;
    Error *error = multipart_new(arena, str_from(content_type), limits, HANDLER, &heard, &parser);
    if (error == NULL) {
        error = feed_pieces(parser, body, cuts, cut_count);
        assert_ptr_equal(multipart_finish(parser), error);
        assert_ptr_equal(multipart_feed(parser, "x", 1), error);
    }
    if (error != NULL)
        buf_printf(&heard.text, "%s: %s", error_word(error->code), error->message);
    return buf_str(&heard.text);
}

static void assert_same(Str actual, Str expected, const char *what, const char *file, int line)
{
    if (str_equal(actual, expected))
        return;
    print_error("%s: " STR_FMT "\nexpected: " STR_FMT "\n", what, STR_ARG(actual),
                STR_ARG(expected));
    _fail(file, line);
}

#define assert_form(arena, body, expected)                                                         \
    test_assert_form((arena), FORM, (MultipartLimits){0}, STR(body), STR(expected), __FILE__,      \
                     __LINE__)
#define assert_form_with(arena, content_type, limits, body, expected)                              \
    test_assert_form((arena), (content_type), (limits), STR(body), STR(expected), __FILE__,        \
                     __LINE__)

static void test_assert_form(Arena *arena, const char *content_type, MultipartLimits limits,
                             Str body, Str expected, const char *file, int line)
{
    assert_same(describe(arena, content_type, limits, body, NULL, 0), expected, "whole", file,
                line);
    size_t each[4096];
    assert_true(body.len <= ARRAY_COUNT(each));
    for (size_t i = 0; i < body.len; i++)
        each[i] = i;
    assert_same(describe(arena, content_type, limits, body, each, body.len), expected,
                "byte by byte", file, line);
    for (size_t a = 0; a <= body.len; a++) {
        ArenaMark mark = arena_mark(arena);
        assert_same(describe(arena, content_type, limits, body, &a, 1), expected,
                    arena_printf(arena, "cut at %zu", a), file, line);
        for (size_t b = a; body.len < 120 && b <= body.len; b++)
            assert_same(describe(arena, content_type, limits, body, (size_t[]){a, b}, 2), expected,
                        arena_printf(arena, "cut at %zu and %zu", a, b), file, line);
        arena_rewind(arena, mark);
    }
}

#define PART "--XX\r\nContent-Disposition: form-data; "
#define END  "\r\n--XX--\r\n"

#define BAD_BOUNDARY                                                                               \
    "malformed: The boundary of the form is empty or holds a character that is not allowed."
#define NO_FORM                                                                                    \
    "malformed: The request holds no form: the boundary that its Content-Type names does not "     \
    "occur."
#define BAD_BOUNDARY_LINE                                                                          \
    "malformed: The form is malformed: behind a boundary stands neither a line end nor \"--\"."
#define BAD_LINE "malformed: A header line in the form is malformed."

/* ---- the request's Content-Type ------------------------------------------------------------- */

#define assert_type(arena, content_type, expected)                                                 \
    assert_form_with((arena), (content_type), (MultipartLimits){0}, "", expected)

static void what_is_no_form_is_unsupported(void **state)
{
    Arena *arena = *state;
    static const char expected[] =
        "The request must be a form with a file: its Content-Type must be "
        "multipart/form-data.";
    static const char *const types[] = {NULL, "", "text/csv", "multipart/mixed; boundary=a",
                                        "multipart/form-data2; boundary=a"};
    for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
        Multipart *parser;
        assert_error(
            multipart_new(arena, str_from(types[i]), (MultipartLimits){0}, HANDLER, NULL, &parser),
            ERROR_UNSUPPORTED, expected);
    }
}

static void boundary_must_be_good(void **state)
{
    Arena *arena = *state;
    assert_type(arena, "multipart/form-data",
                "malformed: The Content-Type of the form names no boundary.");
    assert_type(arena, "multipart/form-data; charset=utf-8 ;",
                "malformed: The Content-Type of the form names no boundary.");
    assert_type(arena, "multipart/form-data; boundary",
                "malformed: The Content-Type of the form is malformed.");
    assert_type(arena, "multipart/form-data; boundary=a b",
                "malformed: The Content-Type of the form is malformed.");
    assert_type(arena, "multipart/form-data; boundary=\"a",
                "malformed: The Content-Type of the form is malformed.");
    assert_type(arena, "multipart/form-data; boundary=\"a\\",
                "malformed: The Content-Type of the form is malformed.");
    assert_type(arena, "multipart/form-data; boundary=a; Boundary=b",
                "malformed: The Content-Type of the form is malformed.");
    assert_type(arena, "multipart/form-data; boundary=", BAD_BOUNDARY);
    assert_type(arena, "multipart/form-data; boundary=\"a \"", BAD_BOUNDARY);
    assert_type(arena, "multipart/form-data; boundary=a*b", BAD_BOUNDARY);
    assert_type(arena, "multipart/form-data; boundary=\"a\r\nb\"", BAD_BOUNDARY);
    assert_type(arena,
                "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901"
                "234567890123456789x",
                "malformed: The boundary of the form has more than 70 characters.");
}

static void boundaries_of_all_kinds_are_found(void **state)
{
    Arena *arena = *state;
    assert_form_with(arena, "Multipart/FORM-data;charset=\"x\";BOUNDARY=\"a b'()+_,-./:=?Z\" ; ",
                     (MultipartLimits){0},
                     "--a b'()+_,-./:=?Z\r\nContent-Disposition: form-data; name=n\r\n\r\nv\r\n"
                     "--a b'()+_,-./:=?Z--",
                     "{n||}v;");
    assert_form_with(arena,
                     "multipart/form-data; boundary=01234567890123456789012345678901234567890123456"
                     "78901234567890123456789",
                     (MultipartLimits){0},
                     "--0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
                     "Content-Disposition: form-data; name=n\r\n\r\nv\r\n"
                     "--0123456789012345678901234567890123456789012345678901234567890123456789--",
                     "{n||}v;");
}

/* ---- bad forms ------------------------------------------------------------------------------ */

static void form_without_its_boundary_is_malformed(void **state)
{
    Arena *arena = *state;
    assert_form(arena, "", NO_FORM);
    assert_form(arena, "a,b\r\n1,2\r\n--X\r\n", NO_FORM);
    assert_form(arena, "x--XX\r\n", NO_FORM);
}

static void form_cut_off_is_malformed(void **state)
{
    Arena *arena = *state;
    Str whole = STR(PART "name=f\r\n\r\nv" END);
    for (size_t size = 4; size < whole.len - 2; size++) {
        Str heard = describe(arena, FORM, (MultipartLimits){0}, str_slice(whole, 0, size), NULL, 0);
        assert_true(str_ends_with(
            heard, STR("malformed: The upload was cut off: its closing boundary is missing.")));
    }
    assert_form(arena, PART "name=f\r\n\r\nvalue\r\n--X",
                "{f||}valuemalformed: The upload was cut off: its closing boundary is missing.");
}

static void boundary_line_must_end_well(void **state)
{
    Arena *arena = *state;
    assert_form(arena, "--XXX\r\n", BAD_BOUNDARY_LINE);
    assert_form(arena, "--XX\n", BAD_BOUNDARY_LINE);
    assert_form(arena, "--XX\r\r", BAD_BOUNDARY_LINE);
    assert_form(arena, "--XX -", BAD_BOUNDARY_LINE);
    assert_form(arena, PART "name=f\r\n\r\nv\r\n--XX-x", "{f||}v;" BAD_BOUNDARY_LINE);
}

static void header_lines_must_be_good(void **state)
{
    Arena *arena = *state;
    assert_form(arena, "--XX\r\n\r\n", "malformed: Part 1 of the form has no Content-Disposition.");
    assert_form(arena, "--XX\r\nContent-Type: text/csv\r\n\r\n",
                "malformed: Part 1 of the form has no Content-Disposition.");
    assert_form(arena, PART "name=f\n\r\n",
                "malformed: A header line of part 1 of the form does not end with CR and LF.");
    assert_form(arena, PART "name=f\rx",
                "malformed: A header line of part 1 of the form does not end with CR and LF.");
    assert_form(arena, "--XX\r\nno colon\r\n", BAD_LINE);
    assert_form(arena, PART "\r\n name=f\r\n",
                "malformed: The Content-Disposition of the form is malformed.");
    assert_form(arena, PART "name=f\r\n folded: x\r\n", BAD_LINE);
    assert_form(arena, PART "name=f\r\n\tfolded: x\r\n", BAD_LINE);
    assert_form(arena, "--XX\r\nX: a\0b\r\n", BAD_LINE);
    assert_form(arena, "--XX\r\nX: a\x7F\r\n", BAD_LINE);
    assert_form(arena, PART "name=f\r\nContent-Transfer-Encoding: base64\r\n\r\nv" END,
                "unsupported: The form has a Content-Transfer-Encoding; send the file as it is.");
}

static void disposition_must_be_good(void **state)
{
    Arena *arena = *state;
    static const char *const bad[] = {
        "",
        "form-data",
        "attachment; name=f",
        "form-data; filename=f",
        "form-data; name",
        "form-data; name=\"f",
        "form-data; name=\"f\\\"",
        "form-data; name=\"f\"x",
        "form-data; name=a b",
        "form-data; name=a; name=b",
        "form-data; name=a; filename=b; FILENAME=c",
        "form-data; name=a\r\nContent-Disposition: form-data; name=a",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Str body = str_printf(arena, "--XX\r\nContent-Disposition: %s\r\n\r\nv\r\n--XX--", bad[i]);
        assert_str(describe(arena, FORM, (MultipartLimits){0}, body, NULL, 0),
                   "malformed: The Content-Disposition of the form is malformed.");
    }
}

static void names_must_be_good(void **state)
{
    Arena *arena = *state;
    assert_form(arena, PART "name=\"a\xE9\"\r\n\r\nv" END,
                "malformed: The field name in the form is not UTF-8.");
    assert_form(arena, PART "name=a%0Ab\r\n\r\nv" END,
                "malformed: The field name in the form holds a control character.");
    assert_form(arena, PART "name=f; filename=\"a\xE9\"\r\n\r\nv" END,
                "malformed: The file name in the form is not UTF-8.");
    assert_form(arena, PART "name=f; filename=\"a%0D%0Ab\"\r\n\r\nv" END,
                "malformed: The file name in the form holds a control character.");
    assert_form(arena, PART "name=f; filename=\"a\tb/c\"\r\n\r\nv" END,
                "malformed: The file name in the form holds a control character.");
    assert_form(arena, PART "name=f; filename=\"a\xC2\x85\"\r\n\r\nv" END,
                "malformed: The file name in the form holds a control character.");
    assert_form(arena, PART "name=f; filename*=UTF-8''a%00b\r\n\r\nv" END,
                "malformed: The file name in the form holds a control character.");
    assert_form(arena, PART "name=f; filename=\"x/..\"\r\n\r\nv" END,
                "malformed: The file name in the form is the name of a folder.");
    assert_form(arena, PART "name=f; filename=.\r\n\r\nv" END,
                "malformed: The file name in the form is the name of a folder.");
    static const char *const bad[] = {
        "a.csv", "UTF-8'a.csv", "iso-8859-1''a.csv", "UTF-8''a%4", "UTF-8''%G1", "''a", "\"\""};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Str body = str_printf(arena, PART "name=f; filename=x; filename*=%s\r\n\r\nv" END, bad[i]);
        assert_str(describe(arena, FORM, (MultipartLimits){0}, body, NULL, 0),
                   "malformed: The file name (filename*) of the form is malformed.");
    }
}

static void limits_are_exact(void **state)
{
    Arena *arena = *state;
    assert_form_with(arena, FORM, ((MultipartLimits){.max_parts = 1}),
                     PART "name=f\r\n\r\nv\r\n" PART "name=g\r\n\r\nw" END,
                     "{f||}v;too_large: The form has more parts than are allowed (1).");
    assert_form_with(arena, FORM, ((MultipartLimits){.max_parts = 2}),
                     PART "name=f\r\n\r\nv\r\n" PART "name=g\r\n\r\nw" END, "{f||}v;{g||}w;");
    /* "Content-Disposition: form-data; name=f" has 38 bytes, with two line ends 42. */
    assert_form_with(arena, FORM, ((MultipartLimits){.max_header_bytes = 42}),
                     PART "name=f\r\n\r\nv" END, "{f||}v;");
    assert_form_with(arena, FORM, ((MultipartLimits){.max_header_bytes = 41}),
                     PART "name=f\r\n\r\nv" END,
                     "too_large: The header of part 1 of the form has more than the 41 bytes that "
                     "are allowed.");
    assert_form_with(arena, FORM, ((MultipartLimits){.max_header_bytes = 30}),
                     PART "name=f\r\n\r\nv" END,
                     "too_large: The header of part 1 of the form has more than the 30 bytes that "
                     "are allowed.");
}

static void memory_is_bounded_by_the_limits(void **state)
{
    Arena *arena = *state;
    Buf body = buf_new(arena, 4 << 20);
    for (int part = 0; part < 64; part++) {
        buf_add(&body, STR("\r\n--XX\r\nContent-Disposition: form-data; name=n"));
        while (body.len < (size_t)(part + 1) * 8000)
            buf_add(&body, STR(";a=\"\""));
        buf_add(&body, STR("\r\n\r\n"));
        for (int i = 0; i < 1000; i++)
            buf_add(&body, STR("\r\r\n"));
    }
    buf_add(&body, STR(END));
    Arena *own = arena_new(0);
    Heard heard = {.arena = own, .text = buf_new(arena, 4 << 20)};
    Multipart *parser;
    assert_no_error(multipart_new(own, STR("multipart/form-data; boundary=XX"),
                                  (MultipartLimits){0}, HANDLER, &heard, &parser));
    assert_no_error(multipart_feed(parser, body.data, body.len));
    assert_no_error(multipart_finish(parser));
    assert_true(arena_used(own) < 2 << 20);
    arena_free(own);
}

static void error_of_the_handler_is_passed_on(void **state)
{
    Arena *arena = *state;
    Str body = STR(PART "name=f\r\n\r\nv\r\n" PART "name=g\r\n\r\n\r\rw" END);
    for (size_t fail_at = 1; fail_at <= 6; fail_at++) {
        Heard heard = {.arena = arena, .text = buf_new(arena, 1024), .fail_at = fail_at};
        Multipart *parser;
        assert_no_error(
            multipart_new(arena, str_from(FORM), (MultipartLimits){0}, HANDLER, &heard, &parser));
        Error *error = multipart_feed(parser, body.ptr, body.len);
        assert_error(error, ERROR_UNAVAILABLE, "disk full");
        assert_ptr_equal(multipart_finish(parser), error);
        assert_int_equal(heard.calls, fail_at);
    }
}

/* ---- good forms ----------------------------------------------------------------------------- */

static void parts_come_out_whole(void **state)
{
    Arena *arena = *state;
    assert_form(arena,
                PART "name=\"on_duplicate\"\r\n\r\nskip\r\n" PART
                     "name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"
                     "a,b\r\n1,2\r\n" END,
                "{on_duplicate||}skip;{file|=a.csv|text/csv}a,b\r\n1,2\r\n;");
    assert_form(arena, "--XX--", "");
    assert_form(arena, PART "name=f\r\n\r\n" END, "{f||};");
    assert_form(arena,
                PART "name=f; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n" END,
                "{f|=|application/octet-stream};");
}

static void preamble_padding_and_epilogue_are_dropped(void **state)
{
    Arena *arena = *state;
    assert_form(
        arena,
        "hello\r\n--X\r\n--XX \t\r\ncontent-disposition:form-data;NAME=f\r\n\r\nv\r\n--XX--x\r\n"
        "--XX\r\n",
        "{f||}v;");
    assert_form(arena,
                "\r\n--XX\r\nX-Other: 1\r\nContent-Disposition: form-data; name=f; x=1;\r\n"
                "Content-Transfer-Encoding: 8Bit\r\n\r\nv" END,
                "{f||}v;");
}

static void data_may_look_like_a_boundary(void **state)
{
    Arena *arena = *state;
    assert_form(arena, PART "name=f\r\n\r\n--XX\r\n--X\r\r\n--YX\r\n\r\n\n--XX" END,
                "{f||}--XX\r\n--X\r\r\n--YX\r\n\r\n\n--XX;");
    assert_form(arena, PART "name=f\r\n\r\n\r\n\r\n\r\r\r\r\n-\r\n--" END,
                "{f||}\r\n\r\n\r\r\r\r\n-\r\n--;");
    assert_form(arena, PART "name=f\r\n\r\n\0\xFF\r\0" END, "{f||}\0\xFF\r\0;");
}

static void file_names_of_all_dialects_are_read(void **state)
{
    Arena *arena = *state;
    static const struct {
        const char *params;
        const char *expected;
    } cases[] = {
        {"filename=plain.csv", "plain.csv"},
        {"filename=\"two words; x=1.csv\"", "two words; x=1.csv"},
        {"filename=\"say \\\"hi\\\".csv\"", "say \"hi\".csv"},
        {"filename=\"say %22hi%22 %20 %2 100%.csv\"", "say \"hi\" %20 %2 100%.csv"},
        {"filename=\"C:\\Users\\me\\a.csv\"", "a.csv"},
        {"filename=\"C:\\\\Users\\\\me\\\\a.csv\"", "a.csv"},
        {"filename=\"\\\\server\\share\\a.csv\"", "a.csv"},
        {"filename=\"../../etc/passwd\"", "passwd"},
        {"filename=\"folder/\"", ""},
        {"filename=\"Z\xC3\xBCrich.csv\"", "Z\xC3\xBCrich.csv"},
        {"filename=\"Zurich.csv\"; filename*=UTF-8''Z%C3%BCrich.csv", "Z\xC3\xBCrich.csv"},
        {"filename*=utf-8'de'a%2Fb%27s.csv; filename=x", "b's.csv"},
        {"filename*=\"UTF-8''a.csv\"", "a.csv"},
        {"filename*=UTF-8''", ""},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        Str body = str_printf(arena, PART "name=\"f\"; %s\r\n\r\nv" END, cases[i].params);
        Str expected = str_printf(arena, "{f|=%s|}v;", cases[i].expected);
        assert_same(describe(arena, FORM, (MultipartLimits){0}, body, NULL, 0), expected,
                    cases[i].params, __FILE__, __LINE__);
    }
}

/* Random data of the delimiter's own bytes, at random cuts. */
static void any_data_comes_out_the_same(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 1;
    for (size_t round = test_rounds(20000); round > 0; round--) {
        ArenaMark mark = arena_mark(arena);
        Buf data = buf_new(arena, 1024);
        for (size_t i = test_below(&seed, 60); i > 0; i--)
            buf_add_char(&data, "\r\r\n\n--Xa"[test_below(&seed, 8)]);
        size_t at;
        Str text = buf_str(&data);
        bool hit = memmem(text.ptr, text.len, "\r\n--XX", 6) != NULL;
        Str body = str_printf(arena, PART "name=f\r\n\r\n" STR_FMT END, STR_ARG(text));
        Str expected = str_printf(arena, "{f||}" STR_FMT ";", STR_ARG(text));
        size_t cuts[3];
        at = 0;
        for (size_t i = 0; i < ARRAY_COUNT(cuts); i++)
            cuts[i] = at = at + test_below(&seed, body.len - at + 1);
        if (!hit)
            assert_same(describe(arena, FORM, (MultipartLimits){0}, body, cuts, ARRAY_COUNT(cuts)),
                        expected, "random", __FILE__, __LINE__);
        arena_rewind(arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_form_is_unsupported),
        TEST(boundary_must_be_good),
        TEST(boundaries_of_all_kinds_are_found),
        TEST(form_without_its_boundary_is_malformed),
        TEST(form_cut_off_is_malformed),
        TEST(boundary_line_must_end_well),
        TEST(header_lines_must_be_good),
        TEST(disposition_must_be_good),
        TEST(names_must_be_good),
        TEST(limits_are_exact),
        TEST(memory_is_bounded_by_the_limits),
        TEST(error_of_the_handler_is_passed_on),
        TEST(parts_come_out_whole),
        TEST(preamble_padding_and_epilogue_are_dropped),
        TEST(data_may_look_like_a_boundary),
        TEST(file_names_of_all_dialects_are_read),
        TEST(any_data_comes_out_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
