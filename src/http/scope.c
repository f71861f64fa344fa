/* New data goes where the principal's role writes; the one choice is to keep it personal. */
#include "http/scope.h"

bool scope_read(Params *params, const Principal *who)
{
    OwnerKind own = who->owner_kinds[who->writes_to];
    int level = params_word(params, "access_level", ACCESS_LEVEL_WORDS, OWNER_KIND_COUNT, (int)own);
    if (level != OWNER_PERSONAL && level != (int)own)
        params_wrong(params, "access_level", "not_allowed",
                     "access_level must be %s%s for the role %s.", ACCESS_LEVEL_WORDS[own],
                     own == OWNER_PERSONAL ? "" : " or personal", ROLE_WORDS[who->role]);
    return level == OWNER_PERSONAL;
}

const char *reason_read(Params *params)
{
    Str reason = params_text(params, "reason", REASON_MAX_CHARS);
    return reason.len == 0 ? NULL : str_dup(params->arena, reason);
}
