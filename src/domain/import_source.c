/* The chunks of a file all have one size but the last, so that an offset names its chunk. Each unpacked one
 * lies in an arena of its own; the one that was not asked for the longest makes room for the next. */
#include "domain/import_source.h"

#include "domain/upload.h"
#include "store/job_store.h"

typedef struct Chunk {
    Arena *arena;
    int64_t seq; /* -1: none */
    Str bytes;
    uint64_t asked; /* when last */
} Chunk;

typedef struct ChunkSource {
    Db *db;
    JobName job;
    int64_t size; /* of the whole file */
    uint64_t clock;
    Chunk chunks[IMPORT_SOURCE_CHUNKS];
} ChunkSource;

static Chunk *choose(ChunkSource *source, int64_t seq)
{
    Chunk *oldest = &source->chunks[0];
    for (size_t i = 0; i < IMPORT_SOURCE_CHUNKS; i++) {
        if (source->chunks[i].seq == seq)
            return &source->chunks[i];
        if (source->chunks[i].asked < oldest->asked)
            oldest = &source->chunks[i];
    }
    return oldest;
}

static Error *find_chunk(ChunkSource *source, Arena *arena, int64_t seq, Str *ret_bytes)
{
    Chunk *chunk = choose(source, seq);
    chunk->asked = ++source->clock;
    if (chunk->seq != seq) {
        chunk->seq = -1;
        arena_rewind(chunk->arena, (ArenaMark){0});
        Error *error = file_chunk(chunk->arena, source->db, source->job, seq, &chunk->bytes);
        if (error != NULL)
            return error_copy(arena, error);
        chunk->seq = seq;
    }
    *ret_bytes = chunk->bytes;
    return NULL;
}

static Error *read_chunks(void *self, Arena *arena, int64_t offset, char *bytes, size_t cap,
                          size_t *ret_size)
{
    ChunkSource *source = self;
    *ret_size = 0;
    if (offset >= source->size)
        return NULL;
    Str chunk = {NULL, 0};
    size_t from = (size_t)(offset % UPLOAD_CHUNK_SIZE);
    TRY(find_chunk(source, arena, offset / UPLOAD_CHUNK_SIZE, &chunk));
    if (chunk.ptr == NULL || from >= chunk.len)
        return ERROR(arena, ERROR_INTERNAL, "The stored file of this upload is not whole.");
    Str part = str_slice(chunk, from, cap < chunk.len - from ? from + cap : chunk.len);
    memcpy(bytes, part.ptr, part.len);
    *ret_size = part.len;
    return NULL;
}

RangeSource import_source(Arena *arena, Db *db, const Job *job)
{
    ChunkSource *source = ARENA_NEW(arena, ChunkSource);
    *source = (ChunkSource){.db = db, .job = {job->owner_id, job->id}, .size = job->file_size};
    for (size_t i = 0; i < IMPORT_SOURCE_CHUNKS; i++)
        source->chunks[i] = (Chunk){.arena = arena_child(arena), .seq = -1};
    return (RangeSource){read_chunks, source, job->file_size};
}
