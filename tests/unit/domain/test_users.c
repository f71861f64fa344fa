/* Accounts and their administrators: above all that an organization's admin learns nothing of who is known here. */
#include "world.h"

#include "base/clock.h"
#include "domain/joining.h"
#include "domain/organizations.h"
#include "domain/users.h"
#include "store/account_store.h"

static const Peer PEER = {.via = "http", .address = "192.0.2.1"};

typedef struct Guild {
    Uuid id;
    Principal *admin;
} Guild;

static Guild found_guild(World *w, int64_t max_users)
{
    Guild guild;
    Organization *made = NULL;
    User *user = NULL;
    const char *token = NULL;
    NewOrganization asked = {.name = STR("Guild"),
                             .max_users = max_users,
                             .default_role = ROLE_ORG_MEMBER,
                             .join_enabled = true};
    assert_no_error(organizations_create(w->arena, w->db, w->root, &asked, &token, &made));
    guild.id = made->id;
    assert_no_error(accounts_create(w->arena, w->db, w->root,
                                    &(NewUser){.email = STR("admin@guild.example"),
                                               .role = ROLE_ORG_ADMIN,
                                               .organization_id = made->id,
                                               .verified = true},
                                    &user));
    assert_no_error(accounts_user(w->arena, w->db, user->id, &user));
    guild.admin = accounts_principal(w->arena, user, &PEER);
    return guild;
}

static void refuse(Error *error, ErrorCode code, const char *reason)
{
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_true(error_is(error, reason));
}

/* All that the organization's admin can see: members, places, revision, the trail. */
static const char *seen(World *w, const Guild *guild)
{
    const char *id = uuid_text(w->arena, guild->id);
    return world_text(
        w,
        arena_printf(w->arena,
                     "SELECT email, role FROM users WHERE organization_id = {id %s} ORDER BY id; "
                     "SELECT revision FROM organizations WHERE id = {id %s}; SELECT action, "
                     "object_kind, row_count, reason, details FROM audit_events WHERE owner_id "
                     "= {id %s} ORDER BY seq",
                     id, id, id));
}

static void test_an_invitation_tells_nothing(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, 2);
    static const char *const addresses[] = {"new@example.com", "ADA@example.com"};
    const char *after[2] = {0};
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(addresses); i++) {
        Invitation invitation = {
            .email = str_from(addresses[i]), .role = ROLE_COUNT, .mails = true};
        Invited invited = {0};
        world_advance(1000);
        assert_no_error(users_invite(w->arena, w->db, guild.admin, &invitation, &invited));
        assert_null(invited.user);
        assert_null(invited.link.token);
        assert_true(invited.mailed);
        assert_int_equal(world_number(w, "SELECT count(*) FROM mail_outbox"), 1);
        after[i] = seen(w, &guild);
        UserList list;
        assert_no_error(users_list(w->arena, w->db, guild.admin, &(UserFilter){0},
                                   &(Page){.limit = 10}, &list));
        assert_int_equal(list.count, 1);
        world_restore(w);
    }
    assert_string_equal(after[0], after[1]);
    Invitation invitation = {.email = STR("Admin@Guild.example"), .role = ROLE_COUNT};
    Invited invited = {0};
    refuse(users_invite(w->arena, w->db, guild.admin, &invitation, &invited), ERROR_CONFLICT,
           "already_member");
    invitation.email = STR("ada@example.com");
    refuse(users_invite(w->arena, w->db, guild.admin, &invitation, &invited), ERROR_CONFLICT,
           "no_mail");
    invitation.email = STR("new@example.com");
    refuse(users_invite(w->arena, w->db, guild.admin, &invitation, &invited), ERROR_CONFLICT,
           "no_mail");
}

static void test_a_place_is_taken_by_an_invitation(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, 2);
    Invitation invitation = {
        .email = STR("new@example.com"), .role = ROLE_ORG_AUDITOR, .organization_id = guild.id};
    Invited invited = {0};
    assert_no_error(users_invite(w->arena, w->db, w->root, &invitation, &invited));
    assert_int_equal(invited.user->role, ROLE_ORG_AUDITOR);
    assert_string_equal(invited.user->organization_name, "Guild");
    assert_int_equal(invited.link.expires_at - world_now(), DAYS(7));
    invitation.email = STR("other@example.com");
    refuse(users_invite(w->arena, w->db, w->root, &invitation, &invited), ERROR_CONFLICT,
           "organization_full");
    Invitation service = {.is_service = true, .role = ROLE_COUNT};
    refuse(users_invite(w->arena, w->db, guild.admin, &service, &invited), ERROR_CONFLICT,
           "organization_full");
}

static Error *delete_and_restore(World *w, Uuid id, int act)
{
    bool taken_out = false;
    User *user = NULL;
    Invited invited = {0};
    Invitation invitation = {.email = STR("new@example.com"), .role = ROLE_COUNT};
    UserChange change = {.has_active = true, .active = false};
    switch (act) {
    case 0:
        return users_change(w->arena, w->db, w->root, id, &change, &user);
    case 1:
        return users_delete(w->arena, w->db, w->root, id, &taken_out, &user);
    case 2:
        return users_restore(w->arena, w->db, w->root, id, &user);
    default:
        return users_invite(w->arena, w->db, w->root, &invitation, &invited);
    }
}

static Uuid doomed;
static int doomed_step;

static Error *do_step(World *w)
{
    return delete_and_restore(w, doomed, doomed_step);
}

static void test_every_call_failing(void **state)
{
    World *w = *state;
    Guild guild = found_guild(w, 0);
    Invitation service = {.is_service = true, .role = ROLE_COUNT};
    Invited invited = {0};
    const char *all = "SELECT id, role, is_active, deleted_at FROM users; SELECT * FROM owners; "
                      "SELECT * FROM tokens; SELECT * FROM audit_events; SELECT revision FROM "
                      "organizations";
    assert_no_error(users_invite(w->arena, w->db, guild.admin, &service, &invited));
    doomed = invited.user->id;
    for (doomed_step = 0; doomed_step < 4; doomed_step++) {
        assert_true(world_fail_every_call(w, do_step, 1, all) > 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_an_invitation_tells_nothing),
        WORLD_TEST(test_a_place_is_taken_by_an_invitation),
        WORLD_TEST(test_every_call_failing),
    };
    return world_run(tests);
}
