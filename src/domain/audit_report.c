/* Verifying and sealing all chains of a database; and what there is to say about a fault. */
#include "base/number.h"
#include "base/vec.h"
#include "domain/audit_verify.h"
#include "store/audit_store.h"

#include <inttypes.h>
#include <stdlib.h>

const char *const AUDIT_FAULT_WORDS[AUDIT_FAULT_COUNT] = {
    "whole",      "altered",  "removed",     "inserted", "reordered",
    "head_wrong", "unsealed", "unknown_key", "cut",      "rewritten",
};

/* "Entry 5 is", "Entries 5 to 7 are". */
static const char *entries_are(Arena *arena, const AuditFinding *finding)
{
    if (finding->seq == finding->to)
        return arena_printf(arena, "Entry %" PRId64 " is", finding->seq);
    return arena_printf(arena, "Entries %" PRId64 " to %" PRId64 " are", finding->seq, finding->to);
}

const char *audit_finding_text(Arena *arena, const AuditFinding *finding)
{
    switch (finding->fault) {
    case AUDIT_ALTERED:
        return arena_printf(arena, "Entry %" PRId64 " is not what was written.", finding->seq);
    case AUDIT_REMOVED:
        return arena_printf(arena, "%s missing.", entries_are(arena, finding));
    case AUDIT_INSERTED:
        return arena_printf(arena, "%s not of this chain: put there past the program.",
                            entries_are(arena, finding));
    case AUDIT_REORDERED:
        return arena_printf(arena,
                            "Entries %" PRId64 " and %" PRId64 " stand in each other's place.",
                            finding->seq, finding->to);
    case AUDIT_HEAD_WRONG:
        return arena_printf(arena,
                            "The head (entry %" PRId64 ") does not fit the end of the chain "
                            "(entry %" PRId64 ").",
                            finding->seq, finding->to);
    case AUDIT_UNSEALED:
        return arena_printf(arena, "Entry %" PRId64 " was written without the present key.",
                            finding->seq);
    case AUDIT_UNKNOWN_KEY:
        return arena_printf(arena, "Entry %" PRId64 " was written with a key that was not given.",
                            finding->seq);
    case AUDIT_CUT:
        return arena_printf(arena, "%s missing: the noted head was entry %" PRId64 ".",
                            entries_are(arena, finding), finding->to);
    case AUDIT_REWRITTEN:
        return arena_printf(arena, "Entry %" PRId64 " is not the one that was noted as head.",
                            finding->seq);
    default:
        return "The chain is whole.";
    }
}

/* --- noted heads -------------------------------------------------------------------------------- */

/* What stands between words, in a line of the command or of the log, as text or as JSON. */
static const Str BETWEEN = {" \t\r=\",:{}", 9};

static bool next_word(Str *rest, Str *ret_word)
{
    size_t from = 0, at;
    while (from < rest->len && str_find(BETWEEN, rest->ptr[from], &at))
        from++;
    size_t to = from;
    while (to < rest->len && !str_find(BETWEEN, rest->ptr[to], &at))
        to++;
    *ret_word = str_slice(*rest, from, to);
    *rest = str_slice(*rest, to, rest->len);
    return to > from;
}

/* A word; in the log its name stands before it. */
static bool next_value(Str *rest, const char *name, Str *ret_word)
{
    return next_word(rest, ret_word) && (!str_is(*ret_word, name) || next_word(rest, ret_word));
}

/* What the log says behind its time and its level. */
static Str without_front(Str line)
{
    static const char mark[] = "audit head";
    const char *at = memmem(line.ptr, line.len, mark, strlen(mark));
    return at == NULL ? line : str_slice(line, (size_t)(at - line.ptr) + strlen(mark), line.len);
}

static bool parse_noted(Str line, AuditNoted *noted)
{
    Str owner, seq, digest;
    line = without_front(line);
    return next_value(&line, "owner", &owner) && uuid_parse(owner, &noted->owner_id) &&
           next_value(&line, "seq", &seq) && number_parse_int(seq, 0, INT64_MAX, &noted->seq) &&
           next_value(&line, "digest", &digest) && digest_parse(digest, &noted->digest);
}

static int in_order(const void *a, const void *b)
{
    const AuditNoted *left = a, *right = b;
    int order = uuid_compare(left->owner_id, right->owner_id);
    if (order != 0)
        return order;
    return left->seq < right->seq ? -1 : left->seq > right->seq;
}

Error *audit_noted_parse(Arena *arena, Str text, AuditNoted **ret_noted, size_t *ret_count)
{
    VEC(AuditNoted) all = {0};
    Str line;
    for (int number = 1; text.ptr != NULL && str_next(&text, '\n', &line); number++) {
        AuditNoted noted;
        line = str_trim(line);
        if (line.len == 0)
            continue;
        if (!parse_noted(line, &noted))
            return ERROR(arena, ERROR_INVALID,
                         "Line %d of the noted heads is not one that 'obligor audit head' writes: "
                         "owner, number, digest.",
                         number);
        if (noted.seq > 0)
            vec_push(arena, &all, noted);
    }
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, in_order);
    *ret_noted = all.items;
    *ret_count = all.count;
    return NULL;
}

/* --- all chains --------------------------------------------------------------------------------- */

/* The next owner behind this one that has a chain, or had one of which a head was noted. */
static Error *next_owner(Arena *arena, Db *db, const AuditVerifying *how, Uuid *owner,
                         bool *ret_found)
{
    ArenaMark mark = arena_mark(arena);
    Uuid next = UUID_NIL;
    TRY(audit_owner_behind(arena, db, *owner, &next, ret_found));
    arena_rewind(arena, mark);
    size_t i = audit_noted_of(how, *owner);
    while (i < how->noted_count && uuid_equal(how->noted[i].owner_id, *owner))
        i++;
    if (i < how->noted_count && (!*ret_found || uuid_compare(how->noted[i].owner_id, next) < 0)) {
        next = how->noted[i].owner_id;
        *ret_found = true;
    }
    *owner = next;
    return NULL;
}

typedef struct Collector {
    AuditReport report;
    VEC(AuditFinding) faults;
} Collector;

static void collect(Arena *arena, Collector *all, const AuditFinding *finding)
{
    all->report.chains++;
    all->report.entries += finding->checked;
    if (finding->fault != AUDIT_WHOLE)
        vec_push(arena, &all->faults, *finding);
}

static AuditReport report_of(const Collector *all)
{
    AuditReport report = all->report;
    report.faults = all->faults.items;
    report.fault_count = all->faults.count;
    return report;
}

Error *audit_verify(Arena *arena, Db *db, const AuditVerifying *how, AuditReport *ret_report)
{
    Collector all = {0};
    Uuid owner = SYSTEM_OWNER; /* its id is the lowest */
    for (bool found = true; found;) {
        AuditFinding finding;
        AuditPlace place = {.owner_id = owner};
        TRY(audit_verify_some(arena, db, how, &place, &finding));
        collect(arena, &all, &finding);
        TRY(next_owner(arena, db, how, &owner, &found));
    }
    *ret_report = report_of(&all);
    return NULL;
}

/* --- sealing ------------------------------------------------------------------------------------ */

static bool is_sealed(const AuditHead *head)
{
    Digest seal = audit_seal(head, &audit_keys()->items[0]);
    return head->sealed && crypto_equal(seal.bytes, head->seal.bytes, DIGEST_SIZE);
}

static Error *seal_verified(Arena *arena, Db *db, const Principal *who, const AuditPlace *verified)
{
    Tx TX_AUTO tx = {0};
    AuditHead head;
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_head_lock(arena, db, verified->owner_id, &head));
    if (head.seq != verified->seq ||
        !crypto_equal(head.digest.bytes, verified->digest.bytes, DIGEST_SIZE))
        return ERROR(arena, ERROR_BUSY,
                     "The audit trail was written to meanwhile. Stop servers and workers first.");
    TRY(audit_put(arena, db, &head, who,
                  (AuditNote){.owner_id = head.owner_id,
                              .action = "audit.sealed",
                              .object_kind = "audit",
                              .object_id = head.owner_id,
                              .count = head.seq}));
    return tx_commit(&tx, arena);
}

typedef struct Sealing {
    const Principal *who;
    AuditVerifying how;
    Collector all;
} Sealing;

static Error *seal_chain(Arena *arena, Db *db, Sealing *sealing, Uuid owner_id)
{
    AuditFinding finding;
    AuditHead now;
    AuditPlace place = {.owner_id = owner_id};
    TRY(audit_verify_some(arena, db, &sealing->how, &place, &finding));
    collect(arena, &sealing->all, &finding);
    TRY(audit_head_find(arena, db, owner_id, &now, NULL));
    bool empty = place.seq == 0 && !uuid_equal(owner_id, SYSTEM_OWNER);
    if (finding.fault != AUDIT_WHOLE || is_sealed(&now) || empty)
        return NULL;
    sealing->all.report.sealed++;
    return seal_verified(arena, db, sealing->who, &place);
}

Error *audit_seal_all(Arena *arena, Db *db, const Principal *who, AuditReport *ret_report)
{
    AuditHead system;
    Uuid owner = SYSTEM_OWNER;
    bool found = true;
    TRY(audit_head_find(arena, db, SYSTEM_OWNER, &system, NULL));
    Sealing sealing = {.who = who, .how = {.keys = audit_keys(), .any_end = !is_sealed(&system)}};
    for (;;) {
        TRY(next_owner(arena, db, &sealing.how, &owner, &found));
        if (!found)
            break;
        TRY(seal_chain(arena, db, &sealing, owner));
    }
    if (sealing.all.faults.count == 0)
        TRY(seal_chain(arena, db, &sealing, SYSTEM_OWNER));
    *ret_report = report_of(&sealing.all);
    return NULL;
}
