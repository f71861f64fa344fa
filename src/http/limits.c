/* The request is counted before its body is asked for. What can be guessed is counted when the body is there, for
 * it names the account, and before it is queued: so a flood of tries that have to wait costs neither a place in
 * the queue nor a hash. Nothing here asks whether an account exists, so the answer is the same for both. */
#include "http/limits.h"

#include "base/check.h"
#include "http/app.h"

#define AUTH "/api/v1/auth"

typedef enum Secret { SECRET_PASSWORD, SECRET_OWN_PASSWORD, SECRET_TOKEN, SECRET_NONE } Secret;

/* POST to these shows one, or sends mail to whom it names. */
static const struct {
    const char *pattern;
    Secret secret;
} GUARDED[] = {
    {AUTH "/login", SECRET_PASSWORD},
    {AUTH "/change-password", SECRET_OWN_PASSWORD},
    {AUTH "/reset-password", SECRET_TOKEN},
    {AUTH "/verify", SECRET_TOKEN},
    {AUTH "/join", SECRET_TOKEN},
    {AUTH "/register", SECRET_NONE},
    {AUTH "/verify/resend", SECRET_NONE},
    {AUTH "/forgot-password", SECRET_NONE},
    {AUTH "/setup", SECRET_TOKEN},
    {"/setup", SECRET_TOKEN},
    {"/reset", SECRET_TOKEN},
    {"/verify", SECRET_TOKEN},
};

static const char SCORE[] = "/api/v1/predictions/{kind}/score";

static BucketKey key_of_address(const Request *request)
{
    Address group = address_group(&request->client);
    BucketKey key;
    _Static_assert(sizeof key == sizeof group, "a key is an address");
    memcpy(&key, &group, sizeof key);
    return key;
}

static BucketKey key_of_principal(const Request *request)
{
    BucketKey key;
    if (request->who == NULL)
        return key_of_address(request);
    _Static_assert(sizeof key == sizeof request->who->user_id, "a key is an id");
    memcpy(&key, &request->who->user_id, sizeof key);
    return key;
}

static Error *refuse(Request *request, int64_t wait, const char *reason, const char *what)
{
    request->retry_after = (wait + SECONDS(1) - 1) / SECONDS(1);
    return error_with_reason(ERROR(request->arena, ERROR_TOO_MANY, "%s Try again in %lld second%s.",
                                   what, (long long)request->retry_after,
                                   request->retry_after == 1 ? "" : "s"),
                             reason);
}

Error *limits_admit(Request *request)
{
    const Door *door = request->app->door;
    const struct {
        RateKind kind;
        bool counts;
        const char *what;
    } limits[] = {
        {RATE_REQUESTS, true, "These are too many requests in a short time."},
        {RATE_UPLOADS, request->route->body == BODY_UPLOAD,
         "These are too many uploads in a short time."},
        {RATE_SCORES, strcmp(request->route->pattern, SCORE) == 0,
         "These are too many requests for scores in a short time."},
    };
    if (request->route->runs == RUNS_AT_ONCE)
        return NULL;
    BucketKey key = key_of_principal(request);
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        int64_t wait = limits[i].counts ? buckets_take(door->rates[limits[i].kind], key, now) : 0;
        if (wait > 0)
            return refuse(request, wait, "too_fast", limits[i].what);
    }
    return NULL;
}

/* --- what can be guessed --------------------------------------------------------------------- */

static bool is_guarded(const Route *route, Secret *ret_secret)
{
    if (strcmp(route->method, "POST") != 0)
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(GUARDED); i++)
        if (strcmp(GUARDED[i].pattern, route->pattern) == 0) {
            *ret_secret = GUARDED[i].secret;
            return true;
        }
    return false;
}

/* As the address of an account is compared; a body that cannot be read names none. */
static Str account_of(const Request *request)
{
    Params body;
    if (params_from_body(request->arena, request->body, &body) != NULL)
        return STR("");
    const Param *email = params_find(&body, "email");
    return email == NULL ? STR("") : str_lower(request->arena, str_trim(email->value));
}

static BucketKey key_of_pair(const Request *request, Secret secret)
{
    BucketKey address = key_of_address(request), key;
    DigestState state;
    digest_start(&state);
    digest_add(&state, address.bytes, sizeof address.bytes);
    if (secret == SECRET_OWN_PASSWORD && request->who != NULL) {
        digest_add(&state, &request->who->user_id, sizeof request->who->user_id);
    } else {
        Str account = account_of(request);
        digest_add(&state, account.ptr, account.len);
    }
    Digest digest = digest_end(&state);
    memcpy(&key, digest.bytes, sizeof key);
    return key;
}

/* A pair that is known pays nothing to its address, so that strangers behind the same one keep nobody out. */
static Error *charge(Request *request, Guard *guard, int64_t now)
{
    RateKind kind = guard->is_account ? RATE_SIGN_INS : RATE_GUESSES;
    if (guard->known)
        return NULL;
    int64_t wait = buckets_take(request->app->door->rates[kind], key_of_address(request), now);
    guard->charged = wait == 0;
    if (wait == 0)
        return NULL;
    if (guard->is_costly)
        return refuse(request, wait, "too_fast",
                      "There were too many of these requests from your address.");
    return refuse(request, wait, "too_many_tries",
                  guard->is_account
                      ? "There were too many wrong passwords from your address."
                      : "There were too many wrong links or tokens from your address.");
}

Error *guard_begin(Request *request, Guard *guard)
{
    Secret secret;
    Tries *tries = request->app->door->tries;
    int64_t now = clock_monotonic();
    *guard = (Guard){0};
    if (!is_guarded(request->route, &secret))
        return NULL;
    guard->is_account = secret == SECRET_PASSWORD || secret == SECRET_OWN_PASSWORD;
    guard->is_costly = secret == SECRET_NONE;
    guard->is_own = secret == SECRET_OWN_PASSWORD;
    if (guard->is_account) {
        guard->pair = key_of_pair(request, secret);
        TriesBefore before;
        int64_t wait = tries_begin(tries, guard->pair, now, &before);
        guard->known = before.known;
        guard->first = (before.known || request->who != NULL) && !before.lately;
        if (wait > 0)
            return refuse(request, wait, "too_many_tries",
                          "There were too many wrong passwords for this account.");
    }
    Error *error = charge(request, guard, now);
    if (error != NULL && guard->is_account)
        tries_end(tries, guard->pair, TRY_UNDECIDED, now);
    guard->begun = error == NULL;
    return error;
}

/* What counts against who sent it. A wrong password is 401 at the sign-in and 422 where one's own is changed; a wrong token is 401, 404 or 410. */
static TryEnd end_by(const Guard *guard, int status)
{
    bool good = status >= 200 && status < 400;
    if (guard->is_costly)
        return good ? TRY_FAILED : TRY_UNDECIDED;
    if (good)
        return TRY_SUCCEEDED;
    if (status == 401 || (guard->is_own && status == 422) ||
        (!guard->is_account && (status == 404 || status == 410)))
        return TRY_FAILED;
    return TRY_UNDECIDED;
}

void guard_end(const Request *request, Guard *guard, int status)
{
    const Door *door = request->app->door;
    int64_t now = clock_monotonic();
    if (!guard->begun)
        return;
    TryEnd end = end_by(guard, status);
    RateKind kind = guard->is_account ? RATE_SIGN_INS : RATE_GUESSES;
    if (guard->is_account)
        tries_end(door->tries, guard->pair, end, now);
    if (guard->charged && end != TRY_FAILED)
        buckets_give_back(door->rates[kind], key_of_address(request), now);
    guard->begun = false;
}
