/* A status is a row of phases and states; the filter goes the other way through the same table. */
#include "domain/deletions.h"

#include "base/clock.h"
#include "base/vec.h"
#include "domain/owners.h"
#include "store/account_store.h"
#include "store/deletion_list.h"
#include "store/deletion_store.h"

#include <stdlib.h>

const char *const DELETION_STATUS_WORDS[DELETION_STATUS_COUNT] = {
    "pending", "running", "done", "restoring", "restored", "purging", "purged", "stalled",
};

static const DeletionStatus STATUSES[PHASE_COUNT][DELETION_STATE_COUNT] = {
    [PHASE_REMOVAL] = {STATUS_PENDING, STATUS_RUNNING, STATUS_DONE, STATUS_STALLED},
    [PHASE_RESTORE] = {STATUS_RESTORING, STATUS_RESTORING, STATUS_RESTORED, STATUS_STALLED},
    [PHASE_PURGE] = {STATUS_PURGING, STATUS_PURGING, STATUS_PURGED, STATUS_STALLED},
};

DeletionStatus deletions_status(const Deletion *deletion)
{
    return STATUSES[deletion->phase][deletion->state];
}

bool deletions_is_restorable(const Deletion *deletion, int64_t now)
{
    return deletion->phase == PHASE_REMOVAL && deletion->state == DELETION_DONE &&
           deletion->restorable_until > now;
}

int deletions_progress(const Deletion *deletion)
{
    int64_t rows = deletion_rows(&deletion->counts);
    int64_t done = deletion->phase == PHASE_REMOVAL   ? rows
                   : deletion->phase == PHASE_RESTORE ? deletion->restored_rows
                                                      : rows - deletion->archived;
    int64_t all = deletion->phase == PHASE_REMOVAL   ? deletion->expected
                  : deletion->phase == PHASE_RESTORE ? deletion->archived
                                                     : rows;
    if (deletion->state == DELETION_DONE)
        return 10000;
    if (all <= 0 || done <= 0)
        return 0;
    return done >= all ? 10000 : (int)((double)done / (double)all * 10000);
}

/* --- the list -------------------------------------------------------------------------------- */

static unsigned states_of(unsigned statuses)
{
    unsigned states = 0;
    if (statuses == 0)
        return DELETION_STATES_ALL;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        for (int state = 0; state < DELETION_STATE_COUNT; state++)
            if (statuses >> STATUSES[phase][state] & 1)
                states |= DELETION_STATE_BIT(phase, state);
    return states;
}

static DeletionQuery query_of(const DeletionFilter *filter, const Page *page)
{
    return (DeletionQuery){
        .before_created_at = page->after.set ? page->after.created_at : INT64_MAX,
        .before_id = page->after.id,
        .states = states_of(filter->statuses),
        .subjects = filter->subjects != 0 ? filter->subjects : DELETION_SUBJECTS_ALL,
        .has_job = filter->has_job,
        .job_id = filter->job_id,
        .has_user = filter->has_user,
        .user_id = filter->created_by,
        .restorable = filter->restorable,
        .now = clock_now()};
}

static int newest_first(const void *a, const void *b)
{
    const Deletion *left = a, *right = b;
    if (left->created_at != right->created_at)
        return left->created_at > right->created_at ? -1 : 1;
    return -uuid_compare(left->id, right->id);
}

Error *deletions_list(Arena *arena, Db *db, const Principal *who, const DeletionFilter *filter,
                      const Page *page, DeletionList *ret_list)
{
    DeletionQuery query = query_of(filter, page);
    if (who->role != ROLE_SUPER_ADMIN) /* see organization_deletion_is_seen */
        query.subjects &= ~(1u << SUBJECT_ORGANIZATION);
    VEC(Deletion) all = {0};
    PageEnd end = {.total = page->want_total ? 0 : -1};
    for (size_t i = 0; i < who->owner_count; i++) {
        Deletion *found = NULL;
        size_t count = 0;
        query.owner_id = who->owners[i];
        query.limit = page->limit + page->offset + 1;
        TRY(deletion_list(arena, db, &query, &found, &count));
        for (size_t k = 0; k < count; k++)
            vec_push(arena, &all, found[k]);
        if (page->want_total) {
            int64_t total = 0;
            query.limit = PAGE_OFFSET_MAX + 1;
            TRY(deletion_count(arena, db, &query, &total));
            end.total += total;
        }
    }
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, newest_first);
    end.total_is_at_least = end.total > PAGE_OFFSET_MAX;
    size_t from = owners_page(page, all.count, &end.has_more, &ret_list->count);
    ret_list->items = vec_from(&all, from);
    if (end.has_more) {
        const Deletion *last = &ret_list->items[ret_list->count - 1];
        end.next = (PageKey){.set = true, .created_at = last->created_at, .id = last->id};
    }
    ret_list->end = end;
    return NULL;
}

Error *deletions_of_job(Arena *arena, Db *db, const Job *job, Deletion **ret_deletion)
{
    TRY(deletion_find_of_job(arena, db, job->owner_id, job->id, ret_deletion));
    if (*ret_deletion != NULL)
        return NULL;
    return deletion_find_undo(arena, db, job->owner_id, job->id, ret_deletion);
}

static Error *address_of(Arena *arena, Db *db, Uuid user_id, const char **ret_address)
{
    User *user = NULL;
    if (!uuid_is_nil(user_id))
        TRY(user_by_id(arena, db, user_id, &user));
    *ret_address = user == NULL ? NULL : user->email;
    return NULL;
}

Error *deletions_people(Arena *arena, Db *db, const Deletion *deletion, DeletionPeople *ret_people)
{
    TRY(address_of(arena, db, deletion->restored_by, &ret_people->restored_by));
    return address_of(arena, db, deletion->purged_by, &ret_people->purged_by);
}
