/* One request and its answer on their way through the floor, without the library that carries them:
 *
 *   exchange_new → exchange_header… → exchange_judge [→ exchange_admit] → exchange_take…
 *     → exchange_body_done → exchange_run or exchange_work → exchange_end
 *
 * Where the database may keep us waiting, exchange_judge cannot know who asks. It leaves that to a worker
 * thread: to exchange_admit, before the body is asked for; or, where there is no body, to exchange_work,
 * which then does all the rest. */
#ifndef OBLIGOR_HTTP_EXCHANGE_H
#define OBLIGOR_HTTP_EXCHANGE_H

#include "http/app.h"
#include "http/body.h"
#include "http/limits.h"

typedef enum Step { STEP_HEADER, STEP_ADMITTED, STEP_BODY, STEP_ANSWER } Step;

typedef struct Exchange {
    Work work; /* for the pool; first, so that a Work * is an Exchange * */
    Request request;
    Response response; /* status 0: not answered yet */
    Step step;         /* kept by the carrier */
    Str target;
    Str query;
    bool unjudged;        /* who asks is not known yet, and what else is judged after that */
    const char *repeated; /* a header field that stands there twice and must not */
    Body *body;
    Guard guard; /* of a secret that the request shows */
    int64_t body_seen;
    int64_t drop_max; /* of a body that nobody wants: beyond, the connection is cut */
    int64_t started;
    bool close;    /* the connection ends with this answer */
    void *carrier; /* the library's side; not looked at here */
} Exchange;

Exchange *exchange_new(const App *app, const char *target);

/* Fields that nobody needs are passed over. */
void exchange_header(Exchange *exchange, const char *name, Str value);

/* All header fields are in. Answers at once where the answer is no. */
void exchange_judge(Exchange *exchange, const char *method, const char *address, bool is_loopback);

bool exchange_is_answered(const Exchange *exchange);

/* Nothing of the request has to be received behind its header. */
bool exchange_has_no_body(const Exchange *exchange);

/* The answer must go out before the body: the client waits for a 100, or the body is too much even
 * to be dropped. Only meaningful right after exchange_judge and exchange_admit. */
bool exchange_refuses_now(const Exchange *exchange);

/* False: enough; cut the connection. */
bool exchange_take(Exchange *exchange, Str bytes);
void exchange_body_done(Exchange *exchange);

typedef enum Place { PLACE_HERE, PLACE_HERE_WITH_DB, PLACE_POOL } Place;
Place exchange_place(const Exchange *exchange);

/* False, and answered, when the database is away: a thread that may wait would do so in vain. */
bool exchange_may_wait(Exchange *exchange);

/* Where it waits for a thread. */
Lane exchange_lane(const Exchange *exchange);

/* Runs the handler at once, where it does not wait; afterwards there is an answer, or the place is the pool
 * now: the handler found that it has to wait. */
void exchange_run(Exchange *exchange, Db *db);

/* On a thread that may wait: judges what exchange_judge left open. */
void exchange_admit(Exchange *exchange);

/* On a thread that may wait: judges what is still open, and runs the handler. Afterwards there is an
 * answer. See work.c. */
void exchange_work(Exchange *exchange);

/* There is no room to wait. */
void exchange_crowded(Exchange *exchange);

void exchange_fail(Exchange *exchange, Error *error);

/* The handler gave this. */
void exchange_finish(Exchange *exchange, Error *error);

/* What exchange_admit does, with the session that it was given. */
void exchange_admit_with(Exchange *exchange, Db *db);

/* The header fields that every answer has. */
void exchange_seal(Exchange *exchange);

/* Logs, counts, and frees everything, `exchange` included. */
void exchange_end(Exchange *exchange, bool complete);

#endif
