/* The organization's row is locked before the deletion's, always. */
#include "domain/organization_deletion.h"

#include "base/check.h"
#include "base/clock.h"
#include "domain/audit.h"
#include "domain/organizations.h"
#include "format/json_out.h"
#include "store/deletion_store.h"
#include "store/key_store.h"

/* --- looking -------------------------------------------------------------------------------------- */

/* The members are in the organization's revision, the data in its owner's. */
static Error *make_etag(Arena *arena, Db *db, const Organization *organization,
                        const char **ret_etag)
{
    char hex[33];
    int64_t revision = 0;
    TRY(owner_revision(arena, db, organization->id, &revision));
    Digest digest =
        digest_of(str_printf(arena, "delete %s %lld %lld", uuid_text(arena, organization->id),
                             (long long)organization->revision, (long long)revision));
    hex_format(hex, digest.bytes, 16);
    *ret_etag = arena_printf(arena, "\"%s\"", hex);
    return NULL;
}

static Error *look_at(Arena *arena, Db *db, const Organization *organization,
                      OrganizationDeletionPreview *preview)
{
    preview->organization = organization;
    TRY(organization_counts(arena, db, organization->id, &preview->counts));
    return make_etag(arena, db, organization, &preview->etag);
}

Error *organization_deletion_preview(Arena *arena, Db *db, const Principal *who, Uuid id,
                                     OrganizationDeletionPreview *ret_preview)
{
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(organizations_managed(arena, db, who, id, &organization));
    TRY(look_at(arena, db, organization, ret_preview));
    return tx_commit(&tx, arena);
}

bool organization_deletion_is_seen(const Principal *who, const Deletion *deletion)
{
    return deletion->subject != SUBJECT_ORGANIZATION || who->role == ROLE_SUPER_ADMIN;
}

/* --- deleting ------------------------------------------------------------------------------------- */

static const char *describe(Arena *arena, Uuid deletion_id, const OrganizationCounts *counts)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_uuid(&out, "deletion_id", deletion_id);
    if (counts != NULL) {
        json_put_int(&out, "jobs", counts->jobs);
        json_put_int(&out, "companies", counts->companies);
    }
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

/* In its own trail, and in the system's behind it. */
static Error *note(Arena *arena, Db *db, const Principal *who, AuditNote what)
{
    what.object_kind = "organization";
    what.object_id = what.owner_id;
    TRY(audit_write(arena, db, who, what));
    what.owner_id = SYSTEM_OWNER;
    return audit_write(arena, db, who, what);
}

static int64_t all_predictions(const OrganizationCounts *counts)
{
    int64_t all = 0;
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        all += counts->predictions[kind];
    return all;
}

static Deletion new_deletion(const Principal *who, Uuid id, const OrganizationDeletion *asked,
                             const OrganizationCounts *counts)
{
    int64_t now = clock_now();
    return (Deletion){.id = uuid_new(),
                      .owner_id = SYSTEM_OWNER,
                      .subject = SUBJECT_ORGANIZATION,
                      .state = DELETION_DONE,
                      .object_id = id,
                      .user_id = who->user_id,
                      .reason = asked->reason,
                      .record_only = true, /* nothing that is in it has moved */
                      .expected = all_predictions(counts),
                      .created_at = now,
                      .completed_at = now,
                      .restorable_until = now + asked->window};
}

Error *organization_deletion_request(Arena *arena, Db *db, const Principal *who, Uuid id,
                                     const OrganizationDeletion *asked,
                                     OrganizationDeletionPreview *ret_was, Deletion **ret_deletion)
{
    Organization *organization = NULL;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organizations_lock(arena, db, who, id, &organization));
    TRY(look_at(arena, db, organization, ret_was));
    if (asked->if_match != NULL && strcmp(asked->if_match, ret_was->etag) != 0)
        return ERROR(arena, ERROR_CHANGED,
                     "The organization or something in it has changed since. Look at it again.");
    Deletion deletion = new_deletion(who, id, asked, &ret_was->counts);
    TRY(deletion_insert(arena, db, &deletion));
    TRY(organization_set_deleted(arena, db, id, deletion.created_at, deletion.id,
                                 deletion.created_at));
    TRY(note(arena, db, who,
             (AuditNote){.owner_id = id,
                         .action = "organization.deleted",
                         .count = deletion.expected,
                         .reason = asked->reason,
                         .details = describe(arena, deletion.id, &ret_was->counts)}));
    TRY(deletion_find(arena, db, SYSTEM_OWNER, deletion.id, ret_deletion));
    return tx_commit(&tx, arena);
}

/* --- bringing it back ----------------------------------------------------------------------------- */

Error *organization_deletion_refuse_restore(Arena *arena, const Deletion *deletion)
{
    if (deletion->phase != PHASE_PURGE)
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_GONE, "What this organization had is not kept any more."), "purged");
}

Error *organization_deletion_restore(Arena *arena, Db *db, const Principal *who,
                                     const Deletion *deletion, const char *reason,
                                     Deletion **ret_deletion)
{
    bool found = false;
    Uuid id = deletion->object_id;
    int64_t now = clock_now();
    Tx TX_AUTO tx = {0};
    CHECK(deletion->subject == SUBJECT_ORGANIZATION &&
          organization_deletion_is_seen(who, deletion));
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(organization_lock(arena, db, id, &found));
    TRY(deletion_lock(arena, db, SYSTEM_OWNER, deletion->id));
    TRY(deletion_find(arena, db, SYSTEM_OWNER, deletion->id, ret_deletion));
    TRY(organization_deletion_refuse_restore(arena, *ret_deletion));
    if ((*ret_deletion)->phase == PHASE_RESTORE)
        return NULL; /* it is back already */
    TRY(deletion_begin_restore(arena, db, deletion, who->user_id, now, DELETION_DONE));
    TRY(organization_set_deleted(arena, db, id, 0, UUID_NIL, now));
    TRY(note(arena, db, who,
             (AuditNote){.owner_id = id,
                         .action = "organization.restored",
                         .count = deletion->expected,
                         .reason = reason,
                         .details = describe(arena, deletion->id, NULL)}));
    TRY(deletion_find(arena, db, SYSTEM_OWNER, deletion->id, ret_deletion));
    return tx_commit(&tx, arena);
}
