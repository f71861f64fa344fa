/* The peer is who has the connection; the client is who asks. They are the same unless a trusted proxy says
 * otherwise. A request id of the client's is taken when it is sound, so that its log and ours have the same. */
#include "http/client.h"

#include "http/app.h"
#include "http/forwarded.h"

/* The address as the log and the audit trail have it: the peer's, or what a trusted proxy says. */
static const char *find_client(Request *request, const char *address)
{
    const Networks *trusted = &request->app->door->trusted;
    if (!address_read(str_from(address), &request->client) || trusted->count == 0)
        return arena_strdup(request->arena, address);
    const ForwardedFields fields = {request->headers[HEADER_FORWARDED],
                                    request->headers[HEADER_X_FORWARDED_FOR],
                                    request->headers[HEADER_X_FORWARDED_PROTO]};
    Forwarded found = forwarded_client(trusted, request->client, &fields);
    char text[ADDRESS_TEXT_SIZE];
    request->client = found.client;
    request->is_https = found.is_https;
    address_write(&found.client, text);
    return arena_strdup(request->arena, text);
}

void client_identify(Request *request, const char *address, bool is_loopback)
{
    Str id = request_header(request, HEADER_X_REQUEST_ID);
    if (request_id_is_sound(id))
        request->id = str_dup(request->arena, id);
    else
        request->id = uuid_text(request->arena, uuid_new());
    request->peer = (Peer){"http", find_client(request, address), request->id};
    request->is_local = is_loopback && !request_has_header(request, HEADER_FORWARDED) &&
                        !request_has_header(request, HEADER_X_FORWARDED_FOR);
}
