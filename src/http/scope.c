/* New data goes where the principal's role writes; the one choice is to keep it personal. A reason of blanks is
 * none. */
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

const char *reason_need(Params *params)
{
    const char *reason = reason_read(params);
    const Param *given = params_find(params, "reason");
    if (reason == NULL && (given == NULL || str_trim(given->value).len == 0))
        params_wrong(params, "reason", "missing", "reason is missing: say why.");
    return reason;
}
