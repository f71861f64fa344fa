/* Everything is judged before anything starts: a mail that cannot be sent is found out by somebody who waits for it. */
#include "cli/mailing.h"

#include "cli/files.h"
#include "worker/mail_text.h"

enum { PUBLIC_URL_MAX = 400, CA_MAX = 4 << 20 };

const char *const MAIL_MODE_WORDS[MAIL_MODE_COUNT] = {"smtp", "log", "none"};

/* Without the slash at its end; NULL: not given. It goes into mails as it is. */
static Error *read_public_url(Cli *cli, const char **ret_url)
{
    *ret_url = NULL;
    if (!call_is_set(cli->call, OPTION_PUBLIC_URL))
        return NULL;
    Str url = call_str(cli->call, OPTION_PUBLIC_URL);
    bool good = (str_starts_with(url, STR("https://")) || str_starts_with(url, STR("http://"))) &&
                url.len > strlen("https://") && url.len <= PUBLIC_URL_MAX;
    for (size_t i = 0; i < url.len; i++)
        good &= url.ptr[i] > ' ' && url.ptr[i] < 0x7F && strchr("<>\"'?#@", url.ptr[i]) == NULL;
    if (!good)
        return usage_error(cli->arena, "Write --public-url https://obligor.example",
                           "The value of --public-url is not an address of a web server.");
    while (str_ends_with(url, STR("/")))
        url.len--;
    *ret_url = str_dup(cli->arena, url);
    return NULL;
}

static MailMode mode(const Call *call)
{
    if (call_is_set(call, OPTION_MAIL))
        return (MailMode)call_number(call, OPTION_MAIL);
    return call_is_set(call, OPTION_SMTP_URL) ? MAIL_BY_SMTP : MAIL_NONE;
}

static Error *read_smtp(Cli *cli, MailerConfig *config)
{
    Str certificates;
    const Call *call = cli->call;
    if (!call_is_set(call, OPTION_SMTP_URL))
        return usage_error(cli->arena, NULL, "--mail smtp needs --smtp-url, the mail server.");
    config->server.url = call_text(call, OPTION_SMTP_URL);
    config->server.ca_file = call_text(call, OPTION_SMTP_CA);
    if (config->server.ca_file != NULL) /* found out now, not with the first mail */
        TRY(files_read(cli->arena, call_str(call, OPTION_SMTP_CA), CA_MAX, &certificates));
    Error *error = smtp_check(cli->arena, config->server.url);
    if (error != NULL)
        return usage_error(cli->arena, error->message, "The value of --smtp-url is not good.");
    config->from = call_text(call, OPTION_MAIL_FROM);
    if (config->from == NULL)
        return usage_error(cli->arena, NULL,
                           "--smtp-url needs --mail-from, the address that mail comes from.");
    if (!mail_address_is_safe(str_from(config->from)))
        return usage_error(cli->arena, "Write the address alone: --mail-from obligor@example.com",
                           "The value of --mail-from is not an e-mail address.");
    return NULL;
}

Error *mailing_read(Cli *cli, Mailing *ret_mailing)
{
    Mailing mailing = {.on = mode(cli->call) != MAIL_NONE,
                       .mailer = {.to_log = mode(cli->call) == MAIL_TO_LOG}};
    TRY(read_public_url(cli, &mailing.mailer.public_url));
    if (mode(cli->call) == MAIL_BY_SMTP)
        TRY(read_smtp(cli, &mailing.mailer));
    *ret_mailing = mailing;
    return NULL;
}

Error *mailing_need_public_url(Cli *cli, const Mailing *mailing)
{
    if (!mailing->on || mailing->mailer.public_url != NULL)
        return NULL;
    return usage_error(cli->arena, NULL,
                       "A worker that sends mail needs --public-url, for the links in it.");
}

Error *mailing_public_url(Cli *cli, const char **ret_url)
{
    TRY(read_public_url(cli, ret_url));
    if (*ret_url == NULL)
        *ret_url = arena_printf(cli->arena, "http://%s", option_spec(OPTION_LISTEN)->fallback);
    return NULL;
}
