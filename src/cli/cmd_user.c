/* user: what the operator of the machine does with users. */
#include "base/check.h"
#include "cli/access.h"
#include "cli/mailing.h"
#include "cli/password.h"
#include "domain/organizations.h"
#include "domain/registration.h"
#include "model/words.h"

static const char *state_of(const User *user)
{
    if (user->deleted_at != 0)
        return "deleted";
    if (!user->is_active)
        return "disabled";
    return user->verified_at == 0 ? "not verified" : "active";
}

static void show_user(Cli *cli, const User *user)
{
    const Fact facts[] = {
        {"User", "id", cell_uuid(cli->arena, user->id)},
        {"Email", "email", cell_text(user->email)},
        {"Name", "full_name", cell_text(user->full_name)},
        {"Role", "role", cell_text(ROLE_WORDS[user->role])},
        {"Organization", "organization_name", cell_text(user->organization_name)},
        {"State", "state", cell_text(state_of(user))},
    };
    output_facts(cli->out, "user", facts, ARRAY_COUNT(facts));
}

/* Shows the user as it is after a change. */
static Error *show_again(Cli *cli, Db *db, const User *user)
{
    User *now;
    TRY(accounts_user(cli->arena, db, user->id, &now));
    show_user(cli, now);
    return NULL;
}

/* Where the user goes, and with which role. */
static Error *read_place(Cli *cli, Db *db, NewUser *new)
{
    Organization *place = NULL;
    Str slug = call_str(cli->call, OPTION_ORG);
    if (slug.len > 0) {
        TRY(organizations_by_slug(cli->arena, db, slug, &place));
        if (place == NULL || place->deleted_at != 0)
            return ERROR(cli->arena, ERROR_NOT_FOUND,
                         "There is no organization with the short name " STR_FMT ".",
                         STR_ARG(slug));
        new->organization_id = place->id;
        new->role = place->default_role;
    }
    if (call_is_set(cli->call, OPTION_ROLE))
        new->role = (Role)words_find(ROLE_WORDS, ROLE_COUNT, call_str(cli->call, OPTION_ROLE));
    return NULL;
}

Error *cmd_user_add(Cli *cli)
{
    Db *db;
    User *user;
    NewUser new = {
        .email = call_str(cli->call, OPTION_EMAIL),
        .full_name = call_str(cli->call, OPTION_FULL_NAME),
        .verified = call_flag(cli->call, OPTION_VERIFIED),
    };
    if (call_flag(cli->call, OPTION_NO_PASSWORD) && call_flag(cli->call, OPTION_PASSWORD_STDIN))
        return usage_error(cli->arena, NULL,
                           "The options --no-password and --password-stdin exclude each other.");
    if (!call_flag(cli->call, OPTION_NO_PASSWORD))
        TRY(password_read(cli->arena, cli->call, &new.password));
    TRY(access_open(cli, &db));
    TRY(read_place(cli, db, &new));
    TRY(accounts_create(cli->arena, db, access_operator(cli), &new, &user));
    return show_again(cli, db, user);
}

Error *cmd_user_list(Cli *cli)
{
    static const Column columns[] = {
        {"EMAIL", "email", false, true},  {"NAME", "full_name", false, true},
        {"ROLE", "role", false, false},   {"ORGANIZATION", "organization_name", false, true},
        {"STATE", "state", false, false}, {"CREATED", "created_at", false, false},
        {"ID", "id", false, false},
    };
    Db *db;
    User *users;
    size_t count;
    TRY(access_open(cli, &db));
    TRY(accounts_list(cli->arena, db, &users, &count));
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < count; i++) {
        const Cell row[] = {
            cell_text(users[i].email),
            cell_text(users[i].full_name),
            cell_text(ROLE_WORDS[users[i].role]),
            cell_text(users[i].organization_name),
            cell_text(state_of(&users[i])),
            cell_time(users[i].created_at),
            cell_uuid(cli->arena, users[i].id),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "users", &table);
    return NULL;
}

/* The user that the argument or --email names. */
static Error *named_user(Cli *cli, Db *db, User **ret_user)
{
    const Call *call = cli->call;
    bool argument = call->argument_count > 0;
    if (argument == call_is_set(call, OPTION_EMAIL))
        return usage_error(cli->arena, "Write the address once, as EMAIL or as --email EMAIL.",
                           argument ? "The user is named twice." : "No user is named.");
    return access_find_user(cli, db, argument ? call->arguments[0] : call_str(call, OPTION_EMAIL),
                            ret_user);
}

Error *cmd_user_passwd(Cli *cli)
{
    Db *db;
    User *user;
    Str password;
    TRY(access_open(cli, &db));
    TRY(named_user(cli, db, &user));
    TRY(password_read(cli->arena, cli->call, &password));
    TRY(accounts_set_password(cli->arena, db, access_operator(cli), user, password));
    return show_again(cli, db, user);
}

Error *cmd_user_verify(Cli *cli)
{
    Db *db;
    User *user;
    TRY(access_open(cli, &db));
    TRY(named_user(cli, db, &user));
    TRY(accounts_verify(cli->arena, db, access_operator(cli), user));
    return show_again(cli, db, user);
}

static Error *set_active(Cli *cli, bool active)
{
    Db *db;
    User *user;
    TRY(access_open(cli, &db));
    TRY(named_user(cli, db, &user));
    TRY(accounts_set_active(cli->arena, db, access_operator(cli), user, active));
    return show_again(cli, db, user);
}

Error *cmd_user_disable(Cli *cli)
{
    return set_active(cli, false);
}

Error *cmd_user_enable(Cli *cli)
{
    return set_active(cli, true);
}

Error *cmd_user_link(Cli *cli)
{
    Db *db;
    User *user;
    Link link;
    const char *public_url;
    TRY(mailing_public_url(cli, &public_url));
    TRY(access_open(cli, &db));
    TRY(named_user(cli, db, &user));
    LinkKind kind = user->password_hash == NULL ? LINK_INVITE : LINK_RESET;
    TRY(registration_link(cli->arena, db, access_operator(cli), user, kind, &link));
    const Fact facts[] = {
        {"Email", "email", cell_text(user->email)},
        {"Link", "link", cell_text(link_address(cli->arena, public_url, &link))},
        {"Good until", "expires_at", cell_time(link.expires_at)},
    };
    output_facts(cli->out, "link", facts, ARRAY_COUNT(facts));
    return NULL;
}
