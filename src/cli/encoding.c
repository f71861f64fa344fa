/* Names are those of format/text_encoding.h, written in any way that it finds. */
#include "cli/encoding.h"

#include "format/text_encoding.h"

Error *encoding_read(Cli *cli, const char **ret_name)
{
    *ret_name = NULL;
    if (!call_is_set(cli->call, OPTION_ENCODING))
        return NULL;
    const char *given = call_text(cli->call, OPTION_ENCODING);
    const TextEncoding *encoding = text_encoding_find(str_from(given));
    if (encoding == NULL)
        return usage_error(
            cli->arena,
            arena_printf(cli->arena, "It may be one of: %s.", text_encoding_names(cli->arena)),
            "The encoding \"%s\" is not known here.", given);
    *ret_name = encoding->name;
    return NULL;
}
