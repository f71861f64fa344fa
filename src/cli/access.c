/* The command line has no sign-in: whoever can open the database could change it anyway. What it
 * does is therefore written into the audit trail under the system's user and host; and a user who
 * could not sign in cannot be acted for. */
#include "cli/access.h"

#include "base/log.h"
#include "cli/files.h"
#include "domain/audit.h"
#include "store/migrate.h"

#include <pwd.h>
#include <unistd.h>

/* The first line of a server's own words: the operator may see them, as nobody else does. Of a file the
 * message says all. */
static void add_cause(Arena *arena, Str url, Error *error)
{
    if (str_starts_with(url, STR("sqlite:")))
        return;
    Str rest = error->cause != NULL ? str_from(error->cause->message) : STR(""), line;
    if (str_next(&rest, '\n', &line) && line.len > 0)
        error_field_add(arena, &error->fields, "cause", "database", STR_FMT, STR_ARG(line));
    if (error_is(error->cause, DB_MISSING))
        error_field_add(arena, &error->fields, "hint", "database",
                        "'createdb' makes it and 'obligor migrate' prepares it.");
}

static void close_session(void *db)
{
    db_close(db);
}

Error *access_open_raw(Cli *cli, DbOptions options, Db **ret_db)
{
    Db *db;
    const char *url = call_text(cli->call, OPTION_DB);
    Error *error = db_open(cli->arena, str_from(url), options, &db);
    if (error != NULL) {
        error_field_add(cli->arena, &error->fields, "--db", "database", "%s",
                        option_masked(cli->arena, option_spec(OPTION_DB), url));
        add_cause(cli->arena, str_from(url), error);
        return error;
    }
    arena_defer(cli->arena, close_session, db);
    *ret_db = db;
    return NULL;
}

bool access_is_embedded(const Db *db)
{
    return strcmp(db_engine(db), "sqlite") == 0;
}

static Error *schema_is_old(Arena *arena, const SchemaState *state)
{
    if (state->version == 0)
        return error_with_reason(
            ERROR(arena, ERROR_CONFLICT, "The database is empty. 'obligor migrate' prepares it."),
            "schema_missing");
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "The schema of the database has version %d and this program "
                                   "needs %d. 'obligor migrate' brings it up to date.",
                                   state->version, state->latest),
                             "schema_old");
}

/* An embedded database that is empty is made by every command that may make one; an older schema is
 * migrated only by the server, never by the way. */
static Error *see_to_schema(Cli *cli, Db *db)
{
    SchemaState state;
    TRY(migrate_state(cli->arena, db, &state));
    if (state.version == state.latest)
        return NULL;
    DatabaseNeed need = cli->call->command->database;
    bool make = need == DATABASE_UPGRADED || (need == DATABASE_MADE && state.version == 0);
    if (!access_is_embedded(db) || !make)
        return schema_is_old(cli->arena, &state);
    int applied;
    TRY(migrate_up(cli->arena, db, &applied));
    log_event(LOG_INFO, "schema brought up to date", LOG_INT("from", state.version),
              LOG_INT("to", state.latest));
    return NULL;
}

/* The file was named by the operator, who may see what is wrong with it. */
static Error *use_audit_keys(Cli *cli)
{
    Str text;
    AuditKeys keys;
    if (!call_is_set(cli->call, OPTION_AUDIT_KEY_FILE))
        return NULL;
    TRY(files_read(cli->arena, call_str(cli->call, OPTION_AUDIT_KEY_FILE), AUDIT_KEY_FILE_MAX,
                   &text));
    TRY(audit_keys_parse(cli->arena, text, &keys));
    audit_use_keys(&keys);
    return NULL;
}

Error *access_open(Cli *cli, Db **ret_db)
{
    TRY(use_audit_keys(cli));
    bool must_exist = cli->call->command->database == DATABASE_EXISTING;
    TRY(access_open_raw(cli, (DbOptions){.must_exist = must_exist}, ret_db));
    return see_to_schema(cli, *ret_db);
}

Error *access_open_to_read(Cli *cli, Db **ret_db)
{
    TRY(use_audit_keys(cli));
    DbOptions options = {.read_only = true, .must_exist = true, .sorts_on_disk = true};
    TRY(access_open_raw(cli, options, ret_db));
    return see_to_schema(cli, *ret_db);
}

const char *access_address(Arena *arena)
{
    char host[256] = "";
    char memory[4096];
    struct passwd entry, *found = NULL;
    getpwuid_r(geteuid(), &entry, memory, sizeof memory, &found);
    const char *user = found != NULL ? found->pw_name : arena_printf(arena, "%ld", (long)geteuid());
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        return arena_printf(arena, "%s@localhost", user);
    return arena_printf(arena, "%s@%s", user, host);
}

static Peer peer(Arena *arena)
{
    return (Peer){.via = "cli", .address = access_address(arena)};
}

Principal *access_operator(Cli *cli)
{
    Peer here = peer(cli->arena);
    return accounts_operator(cli->arena, &here);
}

Error *access_find_user(Cli *cli, Db *db, Str email, User **ret_user)
{
    User *user;
    TRY(accounts_find(cli->arena, db, email, &user));
    if (user == NULL)
        return ERROR(cli->arena, ERROR_NOT_FOUND, "There is no user " STR_FMT ".",
                     STR_ARG(str_slice(email, 0, 320)));
    *ret_user = user;
    return NULL;
}

Error *access_user(Cli *cli, Db *db, Principal **ret_principal)
{
    User *user;
    TRY(access_find_user(cli, db, call_str(cli->call, OPTION_USER), &user));
    if (!user->is_active)
        return ERROR(cli->arena, ERROR_DENIED,
                     "The user %s is disabled. 'obligor user enable %s' changes that.", user->email,
                     user->email);
    if (user->verified_at == 0)
        return ERROR(cli->arena, ERROR_DENIED,
                     "The user %s is not verified. 'obligor user verify %s' changes that.",
                     user->email, user->email);
    Peer here = peer(cli->arena);
    *ret_principal = accounts_principal(cli->arena, user, &here);
    return NULL;
}

Error *access_owner(Cli *cli, Db *db, Uuid *ret_owner)
{
    Str word = call_str(cli->call, OPTION_OWNER);
    User *user = NULL;
    *ret_owner = SYSTEM_OWNER;
    if (str_is(word, ACCESS_LEVEL_WORDS[OWNER_SYSTEM]) || uuid_parse(word, ret_owner))
        return NULL;
    TRY(access_find_user(cli, db, word, &user));
    *ret_owner = user->id;
    return NULL;
}
