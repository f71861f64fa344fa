/* A chain is read in batches, each with the head in one snapshot, so that it may be written to meanwhile. An
 * entry fits when its digest is that of its fields behind the entry before it; the first that does not is
 * the fault, and what its neighbours fit to says what was done: an entry that fits where an earlier one
 * stands was pushed back by what was inserted, two that fit in each other's place were exchanged.
 *
 * Entries have a rank: without a key the lowest, with the present key the highest. Ranks never fall along a
 * chain, and the last entry has the highest: who has not got the key can neither write a tail nor leave one.
 *
 * A tail that was cut off together with its head leaves nothing to be found here. That takes a head that was
 * noted elsewhere, and no more is claimed. */
#include "domain/audit_verify.h"

#include "store/audit_store.h"

enum { BATCH = 500, RING = 64, LOOK = 1000 };

typedef struct Chain {
    Arena *arena;
    Db *db;
    const AuditVerifying *how;
    Uuid owner_id;
    int64_t seq; /* the last entry that fits, … */
    Digest digest;
    int64_t at;
    int rank;
    int64_t from;       /* where it was gone on */
    Digest ring[RING];  /* the digests of the last ones: of seq n at n % RING, … */
    int64_t ring_first; /* … from this one on */
    size_t noted;       /* the next of how->noted */
    AuditHead head;     /* of the same snapshot as the batch */
    bool broken;
    AuditFinding finding;
} Chain;

static bool same(const Digest *a, const Digest *b)
{
    return crypto_equal(a->bytes, b->bytes, DIGEST_SIZE);
}

static void fault(Chain *chain, AuditFault fault, int64_t seq, int64_t to)
{
    chain->broken = true;
    chain->finding.fault = fault;
    chain->finding.seq = seq;
    chain->finding.to = to;
}

/* --- one entry ---------------------------------------------------------------------------------- */

/* 0: without a key; -1: with one that is not given. */
static int rank_of(const Chain *chain, const char *key_id)
{
    const AuditKeys *keys = chain->how->keys;
    if (key_id == NULL)
        return 0;
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->items[i].id, key_id) == 0)
            return (int)(keys->count - i);
    return -1;
}

static const AuditKey *key_of(const Chain *chain, int rank)
{
    const AuditKeys *keys = chain->how->keys;
    return rank == 0 ? NULL : &keys->items[keys->count - (size_t)rank];
}

static bool fits_with(const Chain *chain, const AuditEntry *entry, int64_t seq,
                      const Digest *before, int rank)
{
    AuditEvent event = entry->event;
    event.seq = seq;
    Digest digest = audit_digest(chain->arena, &event, before, key_of(chain, rank));
    return same(&digest, &entry->digest);
}

/* Would it be whole with this number, behind that digest? */
static bool fits(const Chain *chain, const AuditEntry *entry, int64_t seq, const Digest *before)
{
    int rank = rank_of(chain, entry->event.key_id);
    return entry->sound && rank >= 0 && fits_with(chain, entry, seq, before, rank);
}

static const Digest *ring_at(const Chain *chain, int64_t seq)
{
    bool held = seq >= chain->ring_first && seq <= chain->seq && seq > chain->seq - RING;
    return held ? &chain->ring[seq % RING] : NULL;
}

/* --- what was done ------------------------------------------------------------------------------ */

/* It stands behind entries that were put before it and fit by themselves. */
static bool was_pushed_back(Chain *chain, const AuditEntry *entry, int64_t place)
{
    for (int64_t seq = place - 1; seq > 0; seq--) {
        const Digest *before = ring_at(chain, seq - 1);
        if (before == NULL)
            return false;
        if (!fits(chain, entry, seq, before))
            continue;
        bool copy = same(&entry->digest, &chain->ring[seq % RING]);
        fault(chain, AUDIT_INSERTED, copy ? place : seq, copy ? place : place - 1);
        return true;
    }
    return false;
}

/* The entry that belongs here stands further on. */
static bool stands_elsewhere(Chain *chain, const AuditEntry *entries, size_t count, int64_t place)
{
    for (size_t i = 1; i < count; i++) {
        if (!fits(chain, &entries[i], place, &chain->digest))
            continue;
        int64_t other = entries[i].event.seq;
        const Digest *before = i == 1 ? &entries[1].digest : &entries[i - 1].digest;
        bool exchanged = fits(chain, &entries[0], other, before);
        fault(chain, exchanged ? AUDIT_REORDERED : AUDIT_INSERTED, place,
              exchanged ? other : other - 1);
        return true;
    }
    return false;
}

/* The numbers of all behind it were lowered to close the gap. */
static bool was_drawn_up(Chain *chain, const AuditEntry *entries, size_t count, int64_t place)
{
    for (int64_t gap = 1; count > 1 && gap < RING; gap++) {
        if (!fits(chain, &entries[1], entries[1].event.seq + gap, &entries[0].digest))
            continue;
        fault(chain, AUDIT_REMOVED, place, place + gap - 1);
        return true;
    }
    return false;
}

static bool fits_with_any(const Chain *chain, const AuditEntry *entry)
{
    for (int rank = 0; rank <= (int)chain->how->keys->count; rank++)
        if (fits_with(chain, entry, entry->event.seq, &chain->digest, rank))
            return true;
    return false;
}

/* The first entry behind the last one that fits does not. */
static Error *find_out(Chain *chain)
{
    AuditEntry *entries = NULL;
    size_t count = 0;
    int64_t place = chain->seq + 1;
    TRY(audit_read(chain->arena, chain->db, chain->owner_id, chain->seq, LOOK, &entries, &count));
    if (count == 0 || entries[0].event.seq != place)
        return ERROR(chain->arena, ERROR_CHANGED,
                     "The audit trail is being changed while it is verified.");
    bool foreign = rank_of(chain, entries[0].event.key_id) < 0;
    if (stands_elsewhere(chain, entries, count, place))
        return NULL;
    if (!foreign &&
        (was_pushed_back(chain, &entries[0], place) || was_drawn_up(chain, entries, count, place)))
        return NULL;
    bool altered = !foreign || !entries[0].sound || fits_with_any(chain, &entries[0]);
    fault(chain, altered ? AUDIT_ALTERED : AUDIT_UNKNOWN_KEY, place, place);
    return NULL;
}

/* --- along a chain ------------------------------------------------------------------------------ */

static void check_noted(Chain *chain)
{
    const AuditVerifying *how = chain->how;
    for (; chain->noted < how->noted_count; chain->noted++) {
        const AuditNoted *noted = &how->noted[chain->noted];
        if (!uuid_equal(noted->owner_id, chain->owner_id) || noted->seq > chain->seq)
            return;
        if (noted->seq < chain->seq || same(&noted->digest, &chain->digest))
            continue;
        fault(chain, AUDIT_REWRITTEN, noted->seq, noted->seq);
        return;
    }
}

static void go_on_behind(Chain *chain, const AuditEntry *entry)
{
    chain->seq = entry->event.seq;
    chain->digest = chain->ring[entry->event.seq % RING] = entry->digest;
    chain->at = entry->event.at;
    chain->rank = rank_of(chain, entry->event.key_id);
    check_noted(chain);
}

static Error *take(Chain *chain, const AuditEntry *entry)
{
    int64_t seq = entry->event.seq, place = chain->seq + 1;
    bool behind = chain->head.seq == chain->seq && same(&chain->head.digest, &chain->digest);
    if (seq < place || (seq > place && behind)) /* numbers begin with 1, and end with the head */
        fault(chain, AUDIT_INSERTED, seq, seq);
    else if (seq > place)
        fault(chain, AUDIT_REMOVED, place, seq - 1);
    else if (!fits(chain, entry, seq, &chain->digest))
        return find_out(chain);
    else if (rank_of(chain, entry->event.key_id) < chain->rank)
        fault(chain, AUDIT_UNSEALED, seq, seq);
    else
        go_on_behind(chain, entry);
    return NULL;
}

/* Where the head is the last entry's, is it sealed as that one is? */
static bool head_fits(const Chain *chain, const AuditHead *head)
{
    if (!same(&head->digest, &chain->digest) || (chain->seq > 0 && head->at != chain->at) ||
        head->sealed != (chain->rank > 0))
        return false;
    if (!head->sealed)
        return true;
    Digest seal = audit_seal(head, key_of(chain, chain->rank));
    return same(&seal, &head->seal);
}

static void check_end(Chain *chain, const AuditHead *head, bool found)
{
    int64_t last = chain->seq;
    const AuditVerifying *how = chain->how;
    const Digest *there = head->seq < last && head->seq > 0 ? ring_at(chain, head->seq) : NULL;
    const AuditNoted *noted = chain->noted < how->noted_count ? &how->noted[chain->noted] : NULL;
    if (head->seq > last)
        fault(chain, AUDIT_REMOVED, last + 1, head->seq);
    else if (there != NULL && same(there, &head->digest))
        fault(chain, AUDIT_INSERTED, head->seq + 1, last);
    else if (head->seq < last || (found && !head_fits(chain, head)))
        fault(chain, AUDIT_HEAD_WRONG, head->seq, last);
    else if (last > 0 && !how->any_end && chain->rank < (int)how->keys->count)
        fault(chain, AUDIT_UNSEALED, last, last);
    else if (noted != NULL && uuid_equal(noted->owner_id, chain->owner_id))
        fault(chain, AUDIT_CUT, last + 1, noted->seq);
}

/* One batch; *ret_over: the end or a fault was reached. */
static Error *go_on(Chain *chain, int64_t limit, bool *ret_over)
{
    AuditEntry *entries = NULL;
    size_t count = 0;
    bool found = false;
    int64_t behind = chain->seq == 0 ? INT64_MIN : chain->seq;
    {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(chain->db, chain->arena, TX_READ, &tx));
        TRY(audit_read(chain->arena, chain->db, chain->owner_id, behind, limit, &entries, &count));
        TRY(audit_head_find(chain->arena, chain->db, chain->owner_id, &chain->head, &found));
    }
    for (size_t i = 0; i < count && !chain->broken; i++)
        TRY(take(chain, &entries[i]));
    bool end = (int64_t)count < limit;
    if (end && !chain->broken)
        check_end(chain, &chain->head, found);
    *ret_over = end || chain->broken;
    return NULL;
}

/* --- chains ------------------------------------------------------------------------------------- */

/* The last entry that was verified, once more: it must still be that one. */
static Error *go_back_to(Chain *chain, const AuditPlace *place)
{
    AuditEntry *entries = NULL;
    size_t count = 0;
    if (place->seq == 0)
        return NULL;
    TRY(audit_read(chain->arena, chain->db, chain->owner_id, place->seq - 1, 1, &entries, &count));
    if (count == 0 || entries[0].event.seq != place->seq ||
        !same(&entries[0].digest, &place->digest) || rank_of(chain, entries[0].event.key_id) < 0)
        return error_with_reason(ERROR(chain->arena, ERROR_CHANGED,
                                       "The audit trail is not the one any more that was verified "
                                       "so far. Begin again."),
                                 "audit_changed");
    chain->ring_first = place->seq;
    go_on_behind(chain, &entries[0]);
    return NULL;
}

size_t audit_noted_of(const AuditVerifying *how, Uuid owner_id)
{
    size_t low = 0, high = how->noted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (uuid_compare(how->noted[middle].owner_id, owner_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

Error *audit_verify_some(Arena *arena, Db *db, const AuditVerifying *how, AuditPlace *place,
                         AuditFinding *ret_finding)
{
    ArenaMark mark = arena_mark(arena);
    Chain *chain = ARENA_NEW(arena, Chain);
    *chain = (Chain){.arena = arena,
                     .db = db,
                     .how = how,
                     .owner_id = place->owner_id,
                     .noted = audit_noted_of(how, place->owner_id),
                     .finding.owner_id = place->owner_id};
    TRY(go_back_to(chain, place));
    bool over = chain->broken;
    for (int64_t left = how->limit; !over && (how->limit == 0 || left > 0); left -= BATCH) {
        ArenaMark batch = arena_mark(arena);
        TRY(go_on(chain, how->limit != 0 && left < BATCH ? left : BATCH, &over));
        arena_rewind(arena, batch);
    }
    chain->finding.checked = chain->seq - place->seq;
    chain->finding.over = over;
    place->seq = chain->seq;
    place->digest = chain->digest;
    *ret_finding = chain->finding;
    arena_rewind(arena, mark);
    return NULL;
}
