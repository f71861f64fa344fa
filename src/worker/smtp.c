/* One connection a mail: there are few, and none of them waits for another.
 *
 * User and password are taken out of the URL before the library sees it, so that no message of the library can hold
 * them. Where there is a password, or the server offers it, the connection is encrypted (STARTTLS) before anything
 * else is said; a server that offers no encryption gets the mail, but never a password. */
#include "worker/smtp.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>

enum { CONNECT_SECONDS = 10, TIMEOUT_SECONDS = 30 };

typedef struct Address {
    const char *url; /* without user and password */
    const char *host;
    const char *user; /* NULL: none, and then there is no password either */
    const char *password;
} Address;

/* --- the address -------------------------------------------------------------------------------- */

static Error *no_address(Arena *arena)
{
    return error_with_reason(
        ERROR(arena, ERROR_INVALID,
              "This is not the address of a mail server. Write smtp://HOST:PORT or "
              "smtps://HOST:PORT, "
              "with USER:PASSWORD@ before the host where one has to sign in; characters other than "
              "letters, digits and -._~ as %%XX."),
        "usage");
}

/* NULL: it is not in there. */
static const char *part(Arena *arena, CURLU *url, CURLUPart which)
{
    char *text = NULL;
    if (curl_url_get(url, which, &text, CURLU_URLDECODE) != CURLUE_OK)
        return NULL;
    const char *copy = arena_strdup(arena, text);
    curl_free(text);
    return copy;
}

static void clean_url(void *url)
{
    curl_url_cleanup(url);
}

static bool is_plain(CURLU *url)
{
    char *text = NULL;
    bool plain = true;
    static const CURLUPart nothing_in[] = {CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_OPTIONS};
    for (size_t i = 0; i < ARRAY_COUNT(nothing_in); i++)
        if (curl_url_get(url, nothing_in[i], &text, 0) == CURLUE_OK) {
            curl_free(text);
            plain = false;
        }
    if (curl_url_get(url, CURLUPART_PATH, &text, 0) == CURLUE_OK) {
        plain &= strcmp(text, "/") == 0;
        curl_free(text);
    }
    return plain;
}

static Error *parse(Arena *arena, const char *text, Address *ret_address)
{
    Str given = str_from(text);
    CURLU *url = curl_url();
    CHECK(url != NULL);
    arena_defer(arena, clean_url, url);
    if ((!str_starts_with(given, STR("smtp://")) && !str_starts_with(given, STR("smtps://"))) ||
        curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || !is_plain(url))
        return no_address(arena);
    Address address = {.host = part(arena, url, CURLUPART_HOST),
                       .user = part(arena, url, CURLUPART_USER),
                       .password = part(arena, url, CURLUPART_PASSWORD)};
    if (address.host == NULL || (address.user == NULL) != (address.password == NULL))
        return no_address(arena);
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    address.url = part(arena, url, CURLUPART_URL);
    if (address.url == NULL)
        return no_address(arena);
    *ret_address = address;
    return NULL;
}

Error *smtp_check(Arena *arena, const char *url)
{
    Address address = {0};
    return parse(arena, url, &address);
}

static bool is_this_machine(const char *host)
{
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(host, "[::1]") == 0 || str_equal_fold(str_from(host), STR("localhost"));
}

/* --- sending ------------------------------------------------------------------------------------ */

typedef struct Reading {
    Str rest;
} Reading;

static size_t read_content(char *out, size_t size, size_t count, void *self)
{
    Reading *reading = self;
    Str now = str_slice(reading->rest, 0, size * count);
    memcpy(out, now.ptr, now.len);
    reading->rest = str_slice(reading->rest, now.len, reading->rest.len);
    return now.len;
}

static int look_up(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const SmtpMail *mail = self;
    (void)a, (void)b, (void)c, (void)d;
    return mail->stopping != NULL && mail->stopping(mail->self);
}

static void start_library(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void clean_list(void *list)
{
    curl_slist_free_all(list);
}

static void clean_handle(void *handle)
{
    curl_easy_cleanup(handle);
}

static CURL *new_handle(Arena *arena)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    CURL *handle = curl_easy_init();
    CHECK(handle != NULL);
    arena_defer(arena, clean_handle, handle);
    return handle;
}

/* An option that the library refuses must not be left out in silence: it may be the one about certificates. */
#define SET(handle, option, value) CHECK(curl_easy_setopt((handle), (option), (value)) == CURLE_OK)

static void set_security(CURL *handle, const Address *address, const SmtpServer *server)
{
    bool must = address->user != NULL && !is_this_machine(address->host);
    SET(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(handle, CURLOPT_USE_SSL, must ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
    SET(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (server->ca_file != NULL) {
        SET(handle, CURLOPT_CAINFO, server->ca_file);
        SET(handle, CURLOPT_CAPATH, NULL);
    }
    if (address->user != NULL) {
        SET(handle, CURLOPT_USERNAME, address->user);
        SET(handle, CURLOPT_PASSWORD, address->password);
    }
}

static void set_mail(Arena *arena, CURL *handle, const SmtpMail *mail, Reading *reading)
{
    struct curl_slist *to = curl_slist_append(NULL, arena_printf(arena, "<%s>", mail->to));
    CHECK(to != NULL);
    arena_defer(arena, clean_list, to);
    SET(handle, CURLOPT_MAIL_FROM, arena_printf(arena, "<%s>", mail->from));
    SET(handle, CURLOPT_MAIL_RCPT, to);
    SET(handle, CURLOPT_UPLOAD, 1L);
    SET(handle, CURLOPT_READFUNCTION, read_content);
    SET(handle, CURLOPT_READDATA, reading);
    SET(handle, CURLOPT_NOPROGRESS, 0L);
    SET(handle, CURLOPT_XFERINFOFUNCTION, look_up);
    SET(handle, CURLOPT_XFERINFODATA, mail);
}

/* An answer of 5xx is about this mail, unless it is about us: then the operator has something to mend. */
static Error *judge(Arena *arena, CURL *handle, CURLcode code, const char *says)
{
    long answer = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer);
    if (code == CURLE_OK)
        return NULL;
    Error *cause = ERROR(arena, ERROR_UNAVAILABLE, "%s (%d, %ld)",
                         says[0] != '\0' ? says : curl_easy_strerror(code), (int)code, answer);
    bool about_us = code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED;
    if (answer >= 550 && answer < 600 && !about_us)
        return error_because(
            error_with_reason(ERROR(arena, ERROR_INVALID, "The mail server refuses this mail."),
                              "refused"),
            cause);
    return error_because(ERROR(arena, ERROR_UNAVAILABLE, "The mail server did not take the mail."),
                         cause);
}

static Error *send_within(Arena *arena, const SmtpServer *server, const SmtpMail *mail)
{
    Address address = {0};
    Reading reading = {mail->content};
    char says[CURL_ERROR_SIZE] = "";
    TRY(parse(arena, server->url, &address));
    int64_t timeout = server->timeout > 0 ? server->timeout / 1000 : TIMEOUT_SECONDS * 1000;
    CURL *handle = new_handle(arena);
    SET(handle, CURLOPT_URL, address.url);
    SET(handle, CURLOPT_NOSIGNAL, 1L);
    SET(handle, CURLOPT_ERRORBUFFER, says);
    SET(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    SET(handle, CURLOPT_TIMEOUT_MS, (long)timeout);
    set_security(handle, &address, server);
    set_mail(arena, handle, mail, &reading);
    return judge(arena, handle, curl_easy_perform(handle), says);
}

Error *smtp_send(Arena *arena, const SmtpServer *server, const SmtpMail *mail)
{
    Arena *own = arena_new(0);
    Error *error = error_copy(arena, send_within(own, server, mail));
    arena_free(own);
    return error;
}
