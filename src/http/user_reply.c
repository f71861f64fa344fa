/* One account, or a page of them. */
#include "http/user_reply.h"

#include "http/reply.h"
#include "http/views.h"

Error *user_reply(Request *request, Response *response, const char *message, const User *user)
{
    JsonOut *out = reply_begin(request, response);
    if (message != NULL)
        json_put_text(out, "message", message);
    view_user(out, "user", user);
    return reply_end(request, response, 200);
}

Error *user_reply_list(Request *request, Response *response, const UserList *list,
                       const Paging *paging)
{
    JsonOut *out = reply_begin(request, response);
    view_users(out, "users", list->items, list->count);
    paging_view(request->arena, out, paging, &list->end, STR(""));
    return reply_end(request, response, 200);
}
