/* Sets of words go as ",one,two,": a statement looks for ",one," in it. */
#include "store/deletion_list.h"

#include "base/vec.h"
#include "store/deletion_store.h"
#include "store/statements.h"

static Value state_list(Arena *arena, unsigned states)
{
    Buf text = buf_new(arena, 1024);
    buf_add_char(&text, ',');
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        for (int state = 0; state < DELETION_STATE_COUNT; state++)
            if (states & DELETION_STATE_BIT(phase, state))
                buf_printf(&text, "%s/%s,", DELETION_PHASE_WORDS[phase],
                           DELETION_STATE_WORDS[state]);
    return value_str(buf_str(&text));
}

static Value subject_list(Arena *arena, unsigned subjects)
{
    Buf text = buf_new(arena, 1024);
    buf_add_char(&text, ',');
    for (int subject = 0; subject < SUBJECT_COUNT; subject++)
        if (subjects >> subject & 1)
            buf_printf(&text, "%s,", DELETION_SUBJECT_WORDS[subject]);
    return value_str(buf_str(&text));
}

static Value uuid_if(bool present, Uuid id)
{
    return present ? value_uuid(id) : value_null(VALUE_UUID);
}

Error *deletion_list(Arena *arena, Db *db, const DeletionQuery *query, Deletion **ret_deletions,
                     size_t *ret_count)
{
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    VEC(Deletion) found = {0};
    TRY(db_query(db, arena, SQL_DELETION_LIST,
                 PARAMS(value_uuid(query->owner_id), value_time(query->before_created_at),
                        value_uuid(query->before_id), state_list(arena, query->states),
                        subject_list(arena, query->subjects),
                        uuid_if(query->has_job, query->job_id),
                        uuid_if(query->has_user, query->user_id), value_int(query->restorable),
                        value_time(query->now), value_int(query->limit)),
                 &rows));
    while (rows_next(rows, &error)) {
        TRY(arena_room(arena));
        vec_push(arena, &found, *deletion_read(arena, rows));
    }
    TRY(error);
    *ret_deletions = found.items;
    *ret_count = found.count;
    return NULL;
}

Error *deletion_count(Arena *arena, Db *db, const DeletionQuery *query, int64_t *ret_count)
{
    return db_number(db, arena, SQL_DELETION_COUNT,
                     PARAMS(value_uuid(query->owner_id), state_list(arena, query->states),
                            subject_list(arena, query->subjects),
                            uuid_if(query->has_job, query->job_id),
                            uuid_if(query->has_user, query->user_id), value_int(query->restorable),
                            value_time(query->now), value_int(query->limit)),
                     ret_count);
}
