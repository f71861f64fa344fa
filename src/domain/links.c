/* A link is a token with a purpose; where it leads follows from that. */
#include "domain/links.h"

#include "base/clock.h"
#include "store/account_store.h"

static const struct {
    TokenKind token;
    int64_t length;
    const char *page;
} LINKS[LINK_KIND_COUNT] = {
    [LINK_VERIFY] = {TOKEN_VERIFY, HOURS(48), "verify"},
    [LINK_RESET] = {TOKEN_RESET, HOURS(1), "reset"},
    [LINK_INVITE] = {TOKEN_RESET, DAYS(7), "reset"},
};

Error *link_make(Arena *arena, Db *db, LinkKind kind, Uuid user_id, Link *ret_link)
{
    int64_t now = clock_now();
    Link link = {
        .kind = kind, .token = crypto_token(arena), .expires_at = now + LINKS[kind].length};
    TRY(token_delete_of_user(arena, db, user_id, LINKS[kind].token));
    TRY(token_insert(arena, db,
                     &(Token){.digest = digest_of(str_from(link.token)),
                              .kind = LINKS[kind].token,
                              .user_id = user_id,
                              .created_at = now,
                              .expires_at = link.expires_at}));
    *ret_link = link;
    return NULL;
}

const char *link_address(Arena *arena, const char *public_url, const Link *link)
{
    return arena_printf(arena, "%s/%s?token=%s", public_url, LINKS[link->kind].page, link->token);
}
