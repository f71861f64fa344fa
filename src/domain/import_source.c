/* Holds one unpacked chunk in an arena that is rewound for the next. */
#include "domain/import_source.h"

#include "store/job_store.h"

typedef struct ChunkSource {
    Db *db;
    JobName job;
    int64_t seq;
    Arena *chunk_arena;
    Str chunk;    /* what of it is still to be given */
    int64_t left; /* of the whole file */
} ChunkSource;

static Error *read_chunks(void *self, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    ChunkSource *source = self;
    if (source->chunk.len == 0) {
        arena_rewind(source->chunk_arena, (ArenaMark){0});
        Error *error =
            file_chunk(source->chunk_arena, source->db, source->job, source->seq, &source->chunk);
        if (error != NULL)
            return error_copy(arena, error);
        if (source->chunk.ptr == NULL && source->left > 0)
            return ERROR(arena, ERROR_INTERNAL, "The stored file of this upload is not whole.");
        if (source->chunk.ptr == NULL) {
            source->chunk = (Str){"", 0};
            *ret_size = 0;
            return NULL;
        }
        source->seq++;
    }
    size_t size = source->chunk.len < cap ? source->chunk.len : cap;
    memcpy(bytes, source->chunk.ptr, size);
    source->chunk = str_slice(source->chunk, size, source->chunk.len);
    source->left -= (int64_t)size;
    *ret_size = size;
    return NULL;
}

ByteSource import_source(Arena *arena, Db *db, const Job *job)
{
    ChunkSource *source = ARENA_NEW(arena, ChunkSource);
    *source = (ChunkSource){.db = db,
                            .job = {job->owner_id, job->id},
                            .chunk_arena = arena_child(arena),
                            .left = job->file_size,
                            .chunk = {"", 0}};
    return (ByteSource){read_chunks, source};
}
