/* Batches side by side: on an engine whose writers do not exclude each other several batches go in at once, each in
 * a transaction of its own on a session of its own, and are committed in the order in which they were added. */
#ifndef OBLIGOR_DOMAIN_LANES_H
#define OBLIGOR_DOMAIN_LANES_H

#include "store/db.h"

enum { LANES = 2 };

typedef struct Lanes Lanes;

/* What is done with a batch, by the thread of its lane (0 to LANES - 1), in one transaction; `self` knows what is in
 * which lane. Errors live in the batch's arena. */
typedef struct LaneSteps {
    /* At once, beside other batches. *ret_good false: it is rolled back. */
    Error *(*store)(void *self, size_t lane, Db *db, bool *ret_good);
    /* At its turn: all batches before it are committed. *ret_good false: it is rolled back. */
    Error *(*finish)(void *self, size_t lane, Db *db, bool *ret_good);
    /* Once it is committed; the next one's turn begins behind that. */
    void (*committed)(void *self, size_t lane);
} LaneSteps;

/* Opens sessions beside `db`, where that can be (db_can_write_beside). `steps` is kept. Their commits do not wait for the
 * disk: the caller's next durable commit makes them durable, and a crash of the database costs the last batches at most. */
Error *lanes_open(Arena *arena, Db *db, const LaneSteps *steps, void *self, Lanes **ret_lanes)
    MUST_CHECK;

/* What is under way is rolled back. NULL is fine. */
void lanes_close(Lanes *lanes);

/* How many batches were added and not taken. */
size_t lanes_under_way(const Lanes *lanes);

/* Among them, how many may be when another one is added: less while others need the machine. */
size_t lanes_beside(Lanes *lanes);

/* Whose lane: the oldest under way is number 0; lanes_under_way() is the one that would be added next. */
size_t lanes_of(const Lanes *lanes, size_t number);

/* The batch that the caller has put into the next lane; not while all lanes are taken. */
void lanes_add(Lanes *lanes, Arena *batch_arena);

/* Waits for the oldest batch under way. False: it was not committed, nor is any behind it, and all have come to rest;
 * *ret_error may say why. */
bool lanes_wait(Lanes *lanes, Error **ret_error);

/* The oldest is no longer under way: it was committed, or the caller has dealt with it. */
void lanes_take(Lanes *lanes);

/* After a batch that was not committed, once all are taken: more may be added. */
void lanes_go_on(Lanes *lanes);

#endif
