/* A mail to the byte, and what an address may not smuggle into it. */
#include "worker/mail_text.h"

#include "test.h"

#include "base/check.h"

static Uuid an_id(void)
{
    Uuid id = UUID_NIL;
    CHECK(uuid_parse(STR("01890a5d-ac96-774b-bcce-b302099a8057"), &id));
    return id;
}

static MailText a_mail(MailKind kind)
{
    return (MailText){.kind = kind,
                      .from = "obligor@bank.example",
                      .to = "ann@example.com",
                      .link = "https://obligor.example/reset?token=abc",
                      .public_url = "https://obligor.example",
                      .id = an_id(),
                      .at = INT64_C(1767225600000000)};
}

static const char HEAD[] = "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                           "Message-ID: <01890a5d-ac96-774b-bcce-b302099a8057@bank.example>\r\n"
                           "From: Obligor <obligor@bank.example>\r\n"
                           "To: <ann@example.com>\r\n"
                           "Subject: Obligor: Set a new password\r\n"
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: 8bit\r\n"
                           "Auto-Submitted: auto-generated\r\n"
                           "\r\n";

static void a_whole_mail(void **state)
{
    Str content;
    MailText mail = a_mail(MAIL_RESET);
    assert_no_error(mail_text(*state, &mail, &content));
    assert_str(
        content,
        arena_printf(*state,
                     "%sSomebody, probably you, asked for a new password at Obligor. Set one "
                     "within an\r\n"
                     "hour:\r\n"
                     "\r\n"
                     "https://obligor.example/reset?token=abc\r\n"
                     "\r\n"
                     "If it was not you, do nothing: your password stays as it is.\r\n",
                     HEAD));
}

/* Of every kind: lines end in CR LF and are short, all of it is ASCII, and the place to go to is in it. */
static void every_kind_is_sound(void **state)
{
    for (MailKind kind = 0; kind < MAIL_KIND_COUNT; kind++) {
        Str content, line;
        MailText mail = a_mail(kind);
        if (kind == MAIL_KNOWN)
            mail.link = NULL;
        assert_no_error(mail_text(*state, &mail, &content));
        const char *wanted = kind == MAIL_KNOWN ? "\r\nhttps://obligor.example\r\n"
                                                : "\r\nhttps://obligor.example/reset?token=abc\r\n";
        assert_non_null(strstr(str_dup(*state, content), wanted));
        assert_true(str_ends_with(content, STR(".\r\n")));
        while (str_next(&content, '\n', &line)) {
            assert_true(line.len <= 80);
            assert_true(line.len == 0 || line.ptr[line.len - 1] == '\r');
            for (size_t i = 0; i + 1 < line.len; i++)
                assert_true(line.ptr[i] >= ' ' && line.ptr[i] < 0x7F);
        }
    }
}

static void addresses(void **state)
{
    static const char *const good[] = {"a@b", "ann.o'hara+x@mail.example.com",
                                       "\xC3\xA4nne@example.com"};
    static const char *const bad[] = {
        "",      "a",           "@b",         "a@",      "a b@c",   "a@b\r\nBcc: c@d", "a@b\nX: y",
        "a>@b",  "<a@b",        "a@b,c@d",    "a@b;c@d", "\"a\"@b", "a@b\x7F",         "a@(b)",
        "a\\@b", "a@[1.2.3.4]", "a@b SIZE=1", "a\t@b",   "a@b\xFF", "a:b@c",
    };
    for (size_t i = 0; i < ARRAY_COUNT(good); i++)
        assert_true(mail_address_is_safe(str_from(good[i])));
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        Str content;
        MailText mail = a_mail(MAIL_VERIFY);
        assert_false(mail_address_is_safe(str_from(bad[i])));
        mail.to = bad[i];
        Error *error = mail_text(*state, &mail, &content);
        assert_error(error, ERROR_INVALID, "The address cannot be written into a mail.");
        assert_string_equal(error->reason, "refused");
        mail = a_mail(MAIL_VERIFY);
        mail.from = bad[i];
        assert_string_equal(mail_text(*state, &mail, &content)->reason, "refused");
    }
    assert_false(mail_address_is_safe((Str){"a\0@b", 4}));
    char *longest = arena_alloc(*state, 260);
    memset(longest, 'a', 254);
    longest[1] = '@';
    assert_true(mail_address_is_safe((Str){longest, 254}));
    longest[254] = 'a';
    assert_false(mail_address_is_safe((Str){longest, 255}));
}

static void dates(void **state)
{
    static const struct {
        int64_t at;
        const char *line;
    } known[] = {
        {0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"},
        {INT64_C(1709251199999999), "Date: Thu, 29 Feb 2024 23:59:59 +0000\r\n"},
        {INT64_C(4102444800000000), "Date: Fri, 01 Jan 2100 00:00:00 +0000\r\n"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        Str content;
        MailText mail = a_mail(MAIL_VERIFY);
        mail.at = known[i].at;
        assert_no_error(mail_text(*state, &mail, &content));
        assert_true(str_starts_with(content, str_from(known[i].line)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_whole_mail), TEST(every_kind_is_sound),
                                       TEST(addresses), TEST(dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
