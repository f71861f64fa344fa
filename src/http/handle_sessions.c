/* One's own sessions. */
#include "domain/user_sessions.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

Error *handle_sessions_list(Request *request, Response *response)
{
    Token *sessions = NULL;
    size_t count = 0;
    TRY(session_list(request->arena, request->db, request->who, &sessions, &count));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "sessions");
    for (size_t i = 0; i < count; i++)
        view_session(out, NULL, request->who, &sessions[i]);
    json_end_array(out);
    return reply_end(request, response, 200);
}

Error *handle_session_end(Request *request, Response *response)
{
    TRY(params_check(&request->query));
    TRY(session_end(request->arena, request->db, request->who, request->values.id));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "The session has ended.");
    return reply_end(request, response, 200);
}

Error *handle_sessions_end_others(Request *request, Response *response)
{
    int64_t ended = 0;
    TRY(params_check(&request->query));
    TRY(session_end_others(request->arena, request->db, request->who, &ended));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "All other sessions have ended.");
    json_put_int(out, "sessions_ended", ended);
    return reply_end(request, response, 200);
}
