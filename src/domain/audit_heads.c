/* The heads are read in the order of their owners; the system's, whose id is the lowest, comes first. */
#include "domain/audit_heads.h"

#include "model/user.h"
#include "store/audit_store.h"

enum { PAGE = 500 };

static void tell(const AuditHead *head, int64_t since, AuditHeadSeen *seen, void *self)
{
    if (head->seq > 0 && head->at >= since)
        seen(self, head);
}

static Error *each_page(Arena *arena, Db *db, int64_t since, AuditHeadSeen *seen, void *self)
{
    AuditHead system;
    TRY(audit_head_find(arena, db, SYSTEM_OWNER, &system, NULL));
    tell(&system, since, seen, self);
    Uuid last = SYSTEM_OWNER;
    for (size_t count = PAGE; count == PAGE;) {
        ArenaMark mark = arena_mark(arena);
        AuditHead *heads = NULL;
        TRY(audit_heads_behind(arena, db, last, PAGE, &heads, &count));
        for (size_t i = 0; i < count; i++)
            tell(&heads[i], since, seen, self);
        if (count > 0)
            last = heads[count - 1].owner_id;
        arena_rewind(arena, mark);
    }
    return NULL;
}

/* The pages have an arena of their own: whoever sees a head may keep something in the caller's. */
Error *audit_heads_each(Arena *arena, Db *db, int64_t since, AuditHeadSeen *seen, void *self)
{
    Arena *pages = arena_new(0);
    Error *error = error_copy(arena, each_page(pages, db, since, seen, self));
    arena_free(pages);
    return error;
}
