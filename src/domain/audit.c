/* An entry's digest is the SHA-256 of the digest before it and of every field, each with its length in
 * front, so that no two different entries have the same bytes. An absent text differs from an empty one.
 * The session, which came later, stands behind all others and adds nothing where there is none, so that
 * entries from before it still fit. With a key the same bytes go into an HMAC.
 *
 * The head has a seal of its own, an HMAC over where the chain ends. A writer with a key goes on only
 * behind a seal of its own key: it vouches for what it puts its entry behind, and must not vouch for a
 * chain that somebody rewrote without the key. A chain is sealed for the first time, and after a change
 * of keys, by `obligor audit seal` alone. docs/decisions/0014 says more. */
#include "domain/audit.h"

#include "base/clock.h"
#include "store/audit_store.h"

enum { EVENT_BYTES_MAX = 64 << 20, TOKEN_SHOWN = 8 };

/* --- keys --------------------------------------------------------------------------------------- */

static AuditKeys ours;

void audit_use_keys(const AuditKeys *keys)
{
    ours = *keys;
}

const AuditKeys *audit_keys(void)
{
    return &ours;
}

static Str secret_of(const AuditKey *key)
{
    return (Str){(const char *)key->secret.bytes, sizeof key->secret.bytes};
}

static AuditKey make_key(Str line)
{
    AuditKey key = {.secret = digest_of(line)};
    Digest name = digest_keyed(secret_of(&key), STR("obligor audit key"));
    hex_format(key.id, name.bytes, (AUDIT_KEY_ID_SIZE - 1) / 2);
    return key;
}

Error *audit_keys_parse(Arena *arena, Str text, AuditKeys *ret_keys)
{
    AuditKeys keys = {.count = 0};
    Str line;
    while (text.ptr != NULL && str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0)
            continue;
        if (line.len < AUDIT_KEY_MIN)
            return ERROR(arena, ERROR_INVALID,
                         "A key of the audit trail has at least %d characters, one key a line.",
                         AUDIT_KEY_MIN);
        if (keys.count == AUDIT_KEYS_MAX)
            return ERROR(arena, ERROR_INVALID, "At most %d keys of the audit trail may be given.",
                         AUDIT_KEYS_MAX);
        keys.items[keys.count++] = make_key(line);
    }
    if (keys.count == 0)
        return ERROR(arena, ERROR_INVALID, "The file of audit keys holds none.");
    *ret_keys = keys;
    return NULL;
}

/* --- digests ------------------------------------------------------------------------------------ */

static void add_number(Buf *bytes, int64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(bytes, (char)(uint8_t)((uint64_t)number >> shift));
}

static void add_text(Buf *bytes, const char *text)
{
    add_number(bytes, text == NULL ? -1 : (int64_t)strlen(text));
    if (text != NULL)
        buf_add(bytes, str_from(text));
}

static void add_uuid(Buf *bytes, Uuid id)
{
    buf_add(bytes, (Str){(const char *)id.bytes, sizeof id.bytes});
}

static void add_digest(Buf *bytes, const Digest *digest)
{
    buf_add(bytes, (Str){(const char *)digest->bytes, sizeof digest->bytes});
}

static Digest digest_with(Str bytes, const AuditKey *key)
{
    return key == NULL ? digest_of(bytes) : digest_keyed(secret_of(key), bytes);
}

Digest audit_digest(Arena *arena, const AuditEvent *event, const Digest *before,
                    const AuditKey *key)
{
    Buf bytes = buf_new(arena, EVENT_BYTES_MAX);
    add_digest(&bytes, before);
    add_uuid(&bytes, event->owner_id);
    add_number(&bytes, event->seq);
    add_number(&bytes, event->at);
    add_uuid(&bytes, event->user_id);
    add_text(&bytes, event->actor);
    add_text(&bytes, event->via);
    add_text(&bytes, event->address);
    add_text(&bytes, event->request_id);
    add_text(&bytes, event->action);
    add_text(&bytes, event->object_kind);
    add_uuid(&bytes, event->object_id);
    add_number(&bytes, event->count);
    add_text(&bytes, event->reason);
    add_text(&bytes, event->details);
    if (event->token != NULL)
        add_text(&bytes, event->token);
    return digest_with(buf_str(&bytes), key);
}

Digest audit_seal(const AuditHead *head, const AuditKey *key)
{
    char memory[128];
    size_t len = 0;
    const int64_t numbers[] = {head->seq, head->at};
    memcpy(memory, "obligor audit head", 18), len += 18;
    memcpy(memory + len, head->owner_id.bytes, 16), len += 16;
    for (int i = 0; i < 2; i++)
        for (int shift = 56; shift >= 0; shift -= 8)
            memory[len++] = (char)(uint8_t)((uint64_t)numbers[i] >> shift);
    memcpy(memory + len, head->digest.bytes, DIGEST_SIZE), len += DIGEST_SIZE;
    return digest_keyed(secret_of(key), (Str){memory, len});
}

/* --- writing ------------------------------------------------------------------------------------ */

static Error *refusal(Arena *arena, const char *reason, const char *message)
{
    return error_with_reason(ERROR(arena, ERROR_UNAVAILABLE, "%s", message), reason);
}

static Error *check_seal(Arena *arena, const AuditHead *head)
{
    if (ours.count == 0)
        return !head->sealed ? NULL
                             : refusal(arena, "audit_key_missing",
                                       "The audit trail is kept with a key, which this program was "
                                       "not given. --audit-key-file names its file.");
    if (head->seq == 0 && !head->sealed)
        return NULL; /* the chain begins with the key */
    if (!head->sealed)
        return refusal(arena, "audit_not_sealed",
                       "The audit trail was written without the key that this program was given. "
                       "Stop the servers; 'obligor audit seal' verifies it and seals it with the "
                       "key.");
    Digest seal = audit_seal(head, &ours.items[0]);
    if (crypto_equal(seal.bytes, head->seal.bytes, DIGEST_SIZE))
        return NULL;
    return refusal(arena, "audit_other_seal",
                   "The audit trail is sealed with another key than the one that this program was "
                   "given, or was changed past it. 'obligor audit verify' says which.");
}

/* Which session it was, without anything that could be used as one. */
static const char *session_of(Arena *arena, const Principal *who)
{
    static const Digest none = {{0}};
    if (memcmp(who->token.bytes, none.bytes, DIGEST_SIZE) == 0)
        return NULL;
    char *text = arena_alloc(arena, 2 * TOKEN_SHOWN + 1);
    hex_format(text, who->token.bytes, TOKEN_SHOWN);
    return text;
}

Error *audit_put(Arena *arena, Db *db, const AuditHead *head, const Principal *who, AuditNote note)
{
    const AuditKey *key = ours.count > 0 ? &ours.items[0] : NULL;
    AuditEvent event = {.owner_id = note.owner_id,
                        .seq = head->seq + 1,
                        .at = clock_now(),
                        .user_id = who->user_id,
                        .actor = who->email,
                        .via = who->via,
                        .address = who->address,
                        .request_id = who->request_id,
                        .action = note.action,
                        .object_kind = note.object_kind,
                        .object_id = note.object_id,
                        .count = note.count,
                        .reason = note.reason,
                        .details = note.details,
                        .token = session_of(arena, who),
                        .key_id = key == NULL ? NULL : key->id};
    Digest digest = audit_digest(arena, &event, &head->digest, key);
    if (key == NULL)
        return audit_append(arena, db, &event, digest, NULL);
    AuditHead next = {
        .owner_id = event.owner_id, .seq = event.seq, .digest = digest, .at = event.at};
    Digest seal = audit_seal(&next, key);
    return audit_append(arena, db, &event, digest, &seal);
}

Error *audit_write(Arena *arena, Db *db, const Principal *who, AuditNote note)
{
    AuditHead head;
    TRY(audit_head_lock(arena, db, note.owner_id, &head));
    TRY(check_seal(arena, &head));
    return audit_put(arena, db, &head, who, note);
}

Error *audit_check_keys(Arena *arena, Db *db)
{
    AuditHead head;
    TRY(audit_head_find(arena, db, SYSTEM_OWNER, &head, NULL));
    return check_seal(arena, &head);
}
