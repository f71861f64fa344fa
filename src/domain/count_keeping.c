#include "domain/count_keeping.h"

#include "base/vec.h"
#include "domain/audit_heads.h"
#include "domain/queue.h"
#include "store/count_store.h"

/* A total adds up so many rows in less than a millisecond. */
enum { FEW_ROWS = 1000 };

typedef struct Owners {
    Arena *arena;
    VEC(Uuid) ids;
} Owners;

static void note_owner(void *self, const AuditHead *head)
{
    Owners *owners = self;
    vec_push(owners->arena, &owners->ids, head->owner_id);
}

static Error *fold(Arena *arena, Db *db, Uuid owner_id)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(count_fold(arena, db, owner_id, UUID_NIL));
    return tx_commit(&tx, arena);
}

static Error *fold_if_many(Arena *arena, Db *db, Uuid owner_id, int64_t *folded)
{
    int64_t rows = 0;
    int attempt = 0;
    Error *error = NULL;
    TRY(count_rows(arena, db, owner_id, UUID_NIL, &rows));
    if (rows <= FEW_ROWS)
        return NULL;
    do {
        error = fold(arena, db, owner_id);
    } while (queue_try_again(error, &attempt));
    if (error == NULL)
        *folded += rows;
    return error;
}

Error *count_keeping_fold(Arena *arena, Db *db, int64_t since, int64_t *folded)
{
    Owners owners = {.arena = arena};
    TRY(audit_heads_each(arena, db, since, note_owner, &owners));
    for (size_t i = 0; i < owners.ids.count; i++) {
        ArenaMark mark = arena_mark(arena);
        TRY(fold_if_many(arena, db, owners.ids.items[i], folded));
        arena_rewind(arena, mark);
    }
    return NULL;
}
