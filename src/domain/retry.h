/* Letting a deletion go on whose removal, restoration or purge is stalled: it died three times at one place, or a
 * legal hold stopped it. Nothing of it was lost; it goes on where it stood. */
#ifndef OBLIGOR_DOMAIN_RETRY_H
#define OBLIGOR_DOMAIN_RETRY_H

#include "model/deletion.h"
#include "model/user.h"
#include "store/db.h"

/* ERROR_DENIED: not a super_admin. ERROR_CONFLICT, reason "not_stalled"; or "legal_hold", where a purge meets
 * one still. One that goes on already is given as it is. */
Error *retry_deletion(Arena *arena, Db *db, const Principal *who, Uuid deletion_id,
                      Deletion **ret_deletion) MUST_CHECK;

#endif
