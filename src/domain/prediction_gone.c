/* An id is looked up in a bounded number of chunks (store/chunk_store.h), so an answer costs milliseconds at the
 * most, whatever was archived. */
#include "domain/prediction_gone.h"

#include "domain/owners.h"
#include "store/chunk_store.h"
#include "store/deletion_store.h"
#include "store/key_store.h"

Error *prediction_gone_with_job(Arena *arena, Db *db, Prediction *hidden, GonePrediction *ret_gone)
{
    GonePrediction gone = {.row = hidden};
    TRY(deletion_find_of_job(arena, db, hidden->owner_id, hidden->job_id, &gone.deletion));
    if (gone.deletion == NULL)
        TRY(deletion_find_undo(arena, db, hidden->owner_id, hidden->job_id, &gone.deletion));
    *ret_gone = gone;
    return NULL;
}

static Error *find_archived(Arena *arena, Db *db, Uuid owner_id, Kind kind, Uuid id,
                            GonePrediction *ret_gone)
{
    Uuid deletion_id;
    Prediction *row = ARENA_NEW(arena, Prediction);
    TRY(chunk_find_prediction(arena, db, owner_id, kind, id, &deletion_id, row));
    if (uuid_is_nil(deletion_id))
        return NULL;
    TRY(deletion_find(arena, db, owner_id, deletion_id, &ret_gone->deletion));
    TRY(prediction_look_up(arena, db, row));
    ret_gone->row = row;
    return NULL;
}

Error *prediction_gone_find(Arena *arena, Db *db, const Principal *who, Kind kind, Uuid id,
                            GonePrediction *ret_gone)
{
    GonePrediction gone = {0};
    for (size_t i = 0; i < who->owner_count && gone.row == NULL; i++)
        TRY(find_archived(arena, db, who->owners[i], kind, id, &gone));
    *ret_gone = gone;
    return NULL;
}

Error *prediction_gone_error(Arena *arena, const GonePrediction *gone)
{
    const Deletion *deletion = gone->deletion;
    bool by_itself = deletion != NULL && uuid_is_nil(deletion->job_id);
    Error *error = by_itself ? ERROR(arena, ERROR_GONE, "This prediction was deleted.")
                             : ERROR(arena, ERROR_GONE,
                                     "This prediction was deleted with the upload that made it.");
    return deletion == NULL ? error : owners_describe_deletion(arena, error, deletion);
}
