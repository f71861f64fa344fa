/* Owner after owner, each in a read transaction of its own; files and the pieces of archives one by one behind them,
 * because reading them all takes long and a snapshot that is held keeps the engine from tidying up. Neither ever
 * changes, so it needs no more than the snapshot in which it is read. */
#include "domain/invariants.h"

#include "base/check.h"
#include "domain/audit_verify.h"
#include "format/archive.h"
#include "store/job_store.h"

enum { OWNERS_AT_ONCE = 100 };

typedef struct Check {
    Arena *arena;
    Db *db;
    const InvariantScope *scope;
    InvariantReport *report;
} Check;

static void keep(Check *check, InvariantId id, const Uuid *owner_id, const Violations *found)
{
    InvariantResult *result = &check->report->results[id];
    result->count += found->count;
    for (size_t i = 0; i < found->shown && result->shown < VIOLATIONS_SHOWN; i++)
        result->first[result->shown++] =
            (Violation){.has_owner = owner_id != NULL,
                        .owner_id = owner_id != NULL ? *owner_id : UUID_NIL,
                        .id = found->first[i]};
}

/* All that statements look at, of one owner or (NULL) of nobody. */
static Error *look(Check *check, const CheckedOwner *owner)
{
    Arena *arena = check->arena;
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++) {
        if (!invariant_has_look(id) || invariant_has_owner(id) != (owner != NULL))
            continue;
        ArenaMark mark = arena_mark(arena);
        Violations found = {0};
        TRY(invariant_look(arena, check->db, id, owner, &found));
        keep(check, id, owner != NULL ? &owner->id : NULL, &found);
        arena_rewind(arena, mark);
    }
    return NULL;
}

static Error *look_at_models(Check *check)
{
    Violations found = {0};
    Uuid model = UUID_NIL;
    bool more = true;
    while (more) {
        ArenaMark mark = arena_mark(check->arena);
        bool whole = true;
        TRY(invariant_next_model(check->arena, check->db, &model, &whole, &more));
        if (!whole)
            violations_add(&found, model);
        arena_rewind(check->arena, mark);
    }
    keep(check, INVARIANT_MODEL_DIGEST, NULL, &found);
    return NULL;
}

static Error *look_at_nobodys(Check *check)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(check->db, check->arena, TX_READ, &tx));
    TRY(look(check, NULL));
    TRY(look_at_models(check));
    return tx_commit(&tx, check->arena);
}

/* --- files ------------------------------------------------------------------------------------ */

/* *ret_whole false: a piece cannot be unpacked, or all of them together are another file. */
static Error *read_file(Check *check, JobName job, const Digest *sha256, bool *ret_whole)
{
    Arena *arena = check->arena;
    DigestState state;
    digest_start(&state);
    for (int64_t seq = 0;; seq++) {
        ArenaMark mark = arena_mark(arena);
        Str bytes;
        Error *error = file_chunk(arena, check->db, job, seq, &bytes);
        if (error != NULL && error->code != ERROR_INTERNAL)
            return error;
        *ret_whole = error == NULL;
        bool last = bytes.ptr == NULL;
        if (!last)
            digest_add(&state, bytes.ptr, bytes.len);
        arena_rewind(arena, mark);
        if (last)
            break;
    }
    Digest digest = digest_end(&state);
    *ret_whole = *ret_whole && memcmp(&digest, sha256, sizeof digest) == 0;
    return NULL;
}

static Error *look_at_file(Check *check, Uuid owner_id, Uuid *after, bool *ret_found)
{
    Digest sha256;
    Violations found = {0};
    bool whole = true;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(check->db, check->arena, TX_READ, &tx));
    TRY(invariant_next_file(check->arena, check->db, owner_id, *after, after, &sha256, ret_found));
    if (*ret_found)
        TRY(read_file(check, (JobName){owner_id, *after}, &sha256, &whole));
    TRY(tx_commit(&tx, check->arena));
    if (!whole)
        violations_add(&found, *after);
    keep(check, INVARIANT_FILE_DIGEST, &owner_id, &found);
    return NULL;
}

static Error *look_at_files(Check *check, Uuid owner_id)
{
    Uuid after = UUID_NIL;
    bool found = true;
    while (found) {
        ArenaMark mark = arena_mark(check->arena);
        TRY(look_at_file(check, owner_id, &after, &found));
        arena_rewind(check->arena, mark);
    }
    return NULL;
}

/* --- archives --------------------------------------------------------------------------------- */

static bool holds_what_is_noted(const CheckedChunk *chunk, Kind kind, const Prediction *rows,
                                size_t count)
{
    if ((int)kind != chunk->kind || (int64_t)count != chunk->row_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (uuid_compare(rows[i].id, chunk->lowest_id) < 0 ||
            uuid_compare(rows[i].id, chunk->highest_id) > 0)
            return false;
    return true;
}

/* An archive of a newer program, too, is one that this one cannot bring back. */
static Error *look_at_chunk(Check *check, Uuid owner_id, CheckedChunk *chunk, bool *ret_found)
{
    Violations found = {0};
    Kind kind;
    Prediction *rows = NULL;
    size_t count = 0;
    TRY(invariant_next_chunk(check->arena, check->db, owner_id, chunk, ret_found));
    if (!*ret_found)
        return NULL;
    Error *error = archive_unpack(check->arena, owner_id, chunk->packed, &kind, &rows, &count);
    if (error != NULL && error->code != ERROR_INTERNAL)
        return error;
    if (error != NULL || !holds_what_is_noted(chunk, kind, rows, count))
        violations_add(&found, chunk->deletion_id);
    keep(check, INVARIANT_CHUNK_WHOLE, &owner_id, &found);
    return NULL;
}

static Error *look_at_archives(Check *check, Uuid owner_id)
{
    CheckedChunk chunk = {.seq = -1};
    bool found = true;
    while (found) {
        ArenaMark mark = arena_mark(check->arena);
        TRY(look_at_chunk(check, owner_id, &chunk, &found));
        chunk.packed = (Str){NULL, 0};
        arena_rewind(check->arena, mark);
    }
    return NULL;
}

/* --- the audit trail -------------------------------------------------------------------------- */

static Error *look_at_chain(Check *check, Uuid owner_id)
{
    const AuditVerifying how = {.keys = audit_keys(), .any_end = true};
    ArenaMark mark = arena_mark(check->arena);
    AuditPlace place = {.owner_id = owner_id};
    AuditFinding finding = {0};
    Violations found = {0};
    TRY(audit_verify_some(check->arena, check->db, &how, &place, &finding));
    if (finding.fault != AUDIT_WHOLE)
        violations_add(&found, owner_id);
    keep(check, INVARIANT_AUDIT_CHAIN, &owner_id, &found);
    arena_rewind(check->arena, mark);
    return NULL;
}

/* --- owners ----------------------------------------------------------------------------------- */

static Error *look_at_owner(Check *check, Uuid owner_id)
{
    CheckedOwner owner;
    {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(check->db, check->arena, TX_READ, &tx));
        TRY(invariant_owner(check->arena, check->db, owner_id, &owner));
        TRY(look(check, &owner));
        TRY(tx_commit(&tx, check->arena));
    }
    TRY(look_at_chain(check, owner_id));
    check->report->owners++;
    if (!check->scope->files)
        return NULL;
    TRY(look_at_files(check, owner_id));
    return look_at_archives(check, owner_id);
}

/* The id behind this one; nil behind the last. */
static Uuid next_id(Uuid id)
{
    for (size_t i = sizeof id.bytes; i-- > 0 && ++id.bytes[i] == 0;)
        continue;
    return id;
}

static Error *look_at_owners(Check *check)
{
    Uuid from = UUID_NIL;
    size_t count = 0;
    do {
        ArenaMark mark = arena_mark(check->arena);
        Uuid *owners = NULL;
        TRY(invariant_owners(check->arena, check->db, from, OWNERS_AT_ONCE, &owners, &count));
        for (size_t i = 0; i < count; i++) {
            TRY(look_at_owner(check, owners[i]));
            from = next_id(owners[i]);
        }
        arena_rewind(check->arena, mark);
    } while (count == OWNERS_AT_ONCE && !uuid_is_nil(from));
    return NULL;
}

static Error *look_at_one(Check *check)
{
    Uuid *owners = NULL;
    size_t count = 0;
    TRY(invariant_owners(check->arena, check->db, check->scope->owner_id, 1, &owners, &count));
    if (count == 0 || !uuid_equal(owners[0], check->scope->owner_id))
        return ERROR(check->arena, ERROR_NOT_FOUND, "There is no such owner.");
    return look_at_owner(check, check->scope->owner_id);
}

/* Which invariants this check is about. */
static void add_up(const InvariantScope *scope, InvariantReport *report)
{
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++) {
        InvariantResult *result = &report->results[id];
        result->looked =
            (!scope->has_owner || invariant_has_owner(id)) &&
            (scope->files || (id != INVARIANT_FILE_DIGEST && id != INVARIANT_CHUNK_WHOLE));
        report->looked += result->looked;
        report->violated += result->count > 0;
    }
}

Error *invariants_check(Arena *arena, Db *db, const InvariantScope *scope,
                        InvariantReport *ret_report)
{
    Check check = {arena, db, scope, ret_report};
    *ret_report = (InvariantReport){0};
    if (scope->has_owner) {
        TRY(look_at_one(&check));
    } else {
        TRY(look_at_nobodys(&check));
        TRY(look_at_owners(&check));
    }
    add_up(scope, ret_report);
    return NULL;
}
