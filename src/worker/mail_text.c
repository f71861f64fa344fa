/* A mail goes to whoever somebody named to us, so nothing of what a stranger wrote is in its text: no name, no words.
 * The one thing in it that comes from outside is the address in the head, and that is refused where it could be
 * more than an address. */
#include "worker/mail_text.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <time.h>

enum { MAIL_MAX = 64 << 10 };

static const struct {
    const char *subject;
    const char *before; /* the link */
    const char *after;
} TEXTS[MAIL_KIND_COUNT] = {
    [MAIL_VERIFY] =
        {"Confirm your address",
         "Somebody, probably you, made an account at Obligor with this address. Please\n"
         "confirm that it is yours within 48 hours:\n",
         "If it was not you, do nothing: without this the account cannot be used.\n"},
    [MAIL_RESET] =
        {"Set a new password",
         "Somebody, probably you, asked for a new password at Obligor. Set one within an\n"
         "hour:\n",
         "If it was not you, do nothing: your password stays as it is.\n"},
    [MAIL_INVITE] =
        {"You are invited",
         "An administrator made an account at Obligor for you. Set your password within\n"
         "seven days, and sign in:\n",
         "If you know nothing of this, do nothing: without a password the account cannot\n"
         "be used.\n"},
    [MAIL_KNOWN] =
        {"You have an account already",
         "Somebody, probably you, tried to register at Obligor with this address, which\n"
         "has an account already. Sign in with it, or ask for a new password, at\n",
         "If it was not you, do nothing: nothing was changed.\n"},
};

bool mail_address_is_safe(Str address)
{
    size_t bad = 0, at = 0;
    for (size_t i = 0; i < address.len; i++)
        if ((unsigned char)address.ptr[i] <= ' ' || address.ptr[i] == 0x7F ||
            strchr("<>()[],;:\\\"", address.ptr[i]) != NULL)
            return false;
    return address.len <= 254 && str_find(address, '@', &at) && at > 0 && at + 1 < address.len &&
           utf8_check(address, &bad);
}

/* "Thu, 26 Nov 2026 18:05:00 +0000", whatever the locale is. */
static const char *date(Arena *arena, int64_t at)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm parts;
    time_t seconds = (time_t)(at / SECONDS(1));
    CHECK(gmtime_r(&seconds, &parts) != NULL);
    return arena_printf(arena, "%s, %02d %s %d %02d:%02d:%02d +0000", days[parts.tm_wday],
                        parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                        parts.tm_min, parts.tm_sec);
}

static void add_head(Arena *arena, const MailText *mail, Buf *out)
{
    buf_printf(out, "Date: %s\n", date(arena, mail->at));
    buf_printf(out, "Message-ID: <%s%s>\n", uuid_text(arena, mail->id), strrchr(mail->from, '@'));
    buf_printf(out, "From: Obligor <%s>\n", mail->from);
    buf_printf(out, "To: <%s>\n", mail->to);
    buf_printf(out, "Subject: Obligor: %s\n", TEXTS[mail->kind].subject);
    buf_add(out, STR("MIME-Version: 1.0\n"
                     "Content-Type: text/plain; charset=utf-8\n"
                     "Content-Transfer-Encoding: 8bit\n"
                     "Auto-Submitted: auto-generated\n"));
}

/* Lines as SMTP wants them. */
static Str with_crlf(Arena *arena, Str text)
{
    Buf out = buf_new(arena, MAIL_MAX * 2);
    Str line;
    while (str_next(&text, '\n', &line) && text.ptr != NULL) {
        buf_add(&out, line);
        buf_add(&out, STR("\r\n"));
    }
    CHECK(!out.over);
    return buf_str(&out);
}

Error *mail_text(Arena *arena, const MailText *mail, Str *ret_content)
{
    if (!mail_address_is_safe(str_from(mail->from)) || !mail_address_is_safe(str_from(mail->to)))
        return error_with_reason(
            ERROR(arena, ERROR_INVALID, "The address cannot be written into a mail."), "refused");
    Buf out = buf_new(arena, MAIL_MAX);
    add_head(arena, mail, &out);
    buf_printf(&out, "\n%s\n%s\n\n%s", TEXTS[mail->kind].before,
               mail->link != NULL ? mail->link : mail->public_url, TEXTS[mail->kind].after);
    CHECK(!out.over);
    *ret_content = with_crlf(arena, buf_str(&out));
    return NULL;
}
