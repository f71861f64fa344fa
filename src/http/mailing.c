/* Both are questions of the configuration. */
#include "http/mailing.h"

#include "http/app.h"

bool mailing_is_on(const Request *request)
{
    return request->app->config.mails;
}

const char *mailing_link(const Request *request, const Link *link)
{
    const char *url = request->app->config.public_url;
    return link_address(request->arena, url == NULL ? "" : url, link);
}
