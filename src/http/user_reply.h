/* Answers about accounts, the same to whoever administers them: as users, or as members. */
#ifndef OBLIGOR_HTTP_USER_REPLY_H
#define OBLIGOR_HTTP_USER_REPLY_H

#include "domain/members.h"
#include "http/paging.h"
#include "http/request.h"

/* `message` NULL: none. */
Error *user_reply(Request *request, Response *response, const char *message, const User *user)
    MUST_CHECK;

Error *user_reply_list(Request *request, Response *response, const UserList *list,
                       const Paging *paging) MUST_CHECK;

#endif
