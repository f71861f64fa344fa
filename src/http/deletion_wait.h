/* Waiting for what a deletion still has to do, so that the answer can hold the counts. The effect is committed
 * before: whatever happens while somebody waits does not undo it. Few threads may wait at one time; where none
 * is left, the answer is 202 at once. */
#ifndef OBLIGOR_HTTP_DELETION_WAIT_H
#define OBLIGOR_HTTP_DELETION_WAIT_H

#include "domain/deletion.h"
#include "http/request.h"

/* Waits for the end of the deletion's present phase as long as the request prefers (wait=N, respond-async), 2 s
 * at most and by default; *deletion is then its last state. True: it is over. */
bool deletion_wait_over(Request *request, const Deletion **deletion);

/* Ends an answer that was begun with reply_begin: 200 when it is over, else 202; the deletion's address is its
 * Location. `deletion_id` nil: no deletion came of it. */
Error *deletion_wait_reply(Request *request, Response *response, Uuid deletion_id, bool over)
    MUST_CHECK;

#endif
