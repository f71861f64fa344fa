/* Read once, at the start. The tables are as large as they will ever be. */
#include "http/door.h"

#include "base/check.h"

enum { TRIES_SLOTS = 32768 };

static Error *open_rates(Arena *arena, const HttpConfig *config, Door *door)
{
    const struct {
        RateKind kind;
        const char *option;
        const char *text;
        size_t slots;
    } rates[] = {
        {RATE_REQUESTS, "--rate-requests", config->rate_requests, 16384},
        {RATE_UPLOADS, "--rate-uploads", config->rate_uploads, 4096},
        {RATE_SCORES, "--rate-scores", config->rate_scores, 4096},
        {RATE_SIGN_INS, "--rate-sign-ins", config->rate_sign_ins, 32768},
        {RATE_GUESSES, "--rate-sign-ins", config->rate_sign_ins, 16384},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rates); i++) {
        Rate rate = {0};
        if (rates[i].text != NULL)
            TRY(rate_read(arena, rates[i].option, str_from(rates[i].text), &rate));
        door->rates[rates[i].kind] = buckets_new(arena, rate, rates[i].slots);
    }
    return NULL;
}

static Error *open_public(Arena *arena, const HttpConfig *config, Door *door)
{
    if (config->public_url == NULL)
        return NULL;
    if (!origin_of_url(arena, str_from(config->public_url), &door->public_origin))
        return error_with_reason(
            ERROR(arena, ERROR_INVALID,
                  "\"%s\" of --public-url is no address of a site: write it like "
                  "https://obligor.example.",
                  config->public_url),
            "usage");
    door->public_is_https = str_starts_with(door->public_origin, STR("https:"));
    return NULL;
}

Error *door_open(Arena *arena, const HttpConfig *config, Door **ret_door)
{
    Door *door = ARENA_NEW(arena, Door);
    *door = (Door){.public_origin = STR("")};
    TRY(networks_read(arena, "--trusted-proxy", str_from(config->trusted_proxies), &door->trusted));
    TRY(origins_read(arena, "--cors-origin", str_from(config->cors_origins), &door->cors));
    TRY(open_public(arena, config, door));
    TRY(open_rates(arena, config, door));
    door->tries = tries_new(arena, TRIES_SLOTS);
    *ret_door = door;
    return NULL;
}
