/* Both fields are lists to which each proxy adds what it saw at its end, so they are read from the end, and
 * nothing is copied. Forwarded has quoted texts, in which a comma or a semicolon means nothing. */
#include "http/forwarded.h"

#include "base/number.h"

/* More than there are between anybody and us; what a client writes shall not cost more than that. */
enum { HOPS_MAX = 16, PAIRS_MAX = 16 };

static bool is_port(Str text)
{
    int64_t port;
    return number_parse_int(text, 0, 65535, &port);
}

bool forwarded_node(Str text, Address *ret_address)
{
    size_t colon, close;
    text = str_trim(text);
    if (str_starts_with(text, STR("["))) {
        if (!str_find(text, ']', &close))
            return false;
        Str behind = str_slice(text, close + 1, text.len);
        Str inside = str_slice(text, 1, close);
        bool good =
            behind.len == 0 || (behind.ptr[0] == ':' && is_port(str_slice(behind, 1, behind.len)));
        return good && str_find(inside, ':', &colon) && address_read(inside, ret_address);
    }
    bool has_colon = str_find(text, ':', &colon);
    if (has_colon && is_port(str_slice(text, colon + 1, text.len)) &&
        memchr(text.ptr, '.', colon) != NULL)
        text = str_slice(text, 0, colon);
    return address_read(text, ret_address);
}

/* Where the last `separator` is that is not in quotes. Quotes that do not close hide all of them. */
static bool find_last(Str text, char separator, bool has_quotes, size_t *ret_at)
{
    bool found = false, quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\') {
            i++;
        } else if (has_quotes && c == '"') {
            quoted = !quoted;
        } else if (c == separator && !quoted) {
            *ret_at = i;
            found = true;
        }
    }
    return found && !quoted;
}

/* Takes the part behind the last `separator` off the end of *rest; false behind the first part. */
static bool take_last(Str *rest, char separator, bool has_quotes, Str *ret_part)
{
    size_t at = 0;
    if (rest->ptr == NULL)
        return false;
    if (find_last(*rest, separator, has_quotes, &at)) {
        *ret_part = str_slice(*rest, at + 1, rest->len);
        *rest = str_slice(*rest, 0, at);
    } else {
        *ret_part = *rest;
        *rest = (Str){NULL, 0};
    }
    return true;
}

/* One hop, as a proxy describes who spoke to it. */
typedef struct Hop {
    bool has_address;
    Address address;
    Str proto;
} Hop;

static Str without_quotes(Str text)
{
    bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? str_slice(text, 1, text.len - 1) : text;
}

/* "for=192.0.2.7;proto=https;by=…". A name that stands there twice makes the hop unreadable. */
static Hop read_hop(Str element)
{
    Hop hop = {.proto = STR("")};
    Str pair;
    int fors = 0, protos = 0;
    for (int i = 0; i < PAIRS_MAX && take_last(&element, ';', true, &pair); i++) {
        size_t equals;
        if (!str_find(pair, '=', &equals))
            continue;
        Str name = str_trim(str_slice(pair, 0, equals));
        Str value = without_quotes(str_trim(str_slice(pair, equals + 1, pair.len)));
        if (str_equal_fold(name, STR("for"))) {
            fors++;
            hop.has_address = forwarded_node(value, &hop.address);
        } else if (str_equal_fold(name, STR("proto"))) {
            protos++;
            hop.proto = value;
        }
    }
    if (fors > 1 || protos > 1)
        return (Hop){.proto = STR("")};
    return hop;
}

static Forwarded by_forwarded(const Networks *trusted, Address peer, Str list)
{
    Forwarded found = {.client = peer};
    Str element;
    for (int i = 0; i < HOPS_MAX && networks_have(trusted, &found.client) &&
                    take_last(&list, ',', true, &element);
         i++) {
        Hop hop = read_hop(element);
        found.is_https = str_equal_fold(hop.proto, STR("https"));
        if (!hop.has_address)
            break;
        found.client = hop.address;
    }
    return found;
}

static Forwarded by_x_fields(const Networks *trusted, Address peer, const ForwardedFields *fields)
{
    Forwarded found = {.client = peer};
    Str list = fields->x_for, protos = fields->x_proto, element, proto;
    for (int i = 0; i < HOPS_MAX && networks_have(trusted, &found.client) &&
                    take_last(&list, ',', false, &element);
         i++)
        if (!forwarded_node(element, &found.client))
            break;
    if (take_last(&protos, ',', false, &proto))
        found.is_https = str_equal_fold(str_trim(proto), STR("https"));
    return found;
}

Forwarded forwarded_client(const Networks *trusted, Address peer, const ForwardedFields *fields)
{
    Forwarded nobody = {.client = peer};
    if (!networks_have(trusted, &peer))
        return nobody;
    if (fields->forwarded.ptr == NULL)
        return by_x_fields(trusted, peer, fields);
    Forwarded found = by_forwarded(trusted, peer, fields->forwarded);
    if (fields->x_for.ptr == NULL)
        return found;
    Forwarded other = by_x_fields(trusted, peer, fields);
    return memcmp(&found.client, &other.client, sizeof found.client) == 0 ? found : nobody;
}
