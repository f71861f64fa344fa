/* org: what the operator of the machine does with organizations. */
#include "base/check.h"
#include "cli/access.h"
#include "domain/organizations.h"
#include "model/words.h"

static const char *state_of(const Organization *organization)
{
    if (organization->deleted_at != 0)
        return "deleted";
    return organization->is_active ? "active" : "disabled";
}

static Cell limit_cell(const Organization *organization)
{
    return cell_int_or_none(organization->max_users > 0 ? organization->max_users : -1);
}

Error *cmd_org_add(Cli *cli)
{
    Db *db;
    const char *token;
    Organization *made;
    const NewOrganization asked = {
        .name = str_trim(cli->call->arguments[0]),
        .slug = call_str(cli->call, OPTION_SLUG),
        .max_users =
            call_is_set(cli->call, OPTION_MAX_USERS) ? call_number(cli->call, OPTION_MAX_USERS) : 0,
        .default_role =
            (Role)words_find(ROLE_WORDS, ROLE_COUNT, call_str(cli->call, OPTION_DEFAULT_ROLE)),
        .reads_system = call_flag(cli->call, OPTION_ALLOW_GLOBAL_DATA),
        .join_enabled = true,
    };
    TRY(access_open(cli, &db));
    TRY(organizations_create(cli->arena, db, access_operator(cli), &asked, &token, &made));
    const Fact facts[] = {
        {"Organization", "id", cell_uuid(cli->arena, made->id)},
        {"Name", "name", cell_text(made->name)},
        {"Short name", "slug", cell_text(made->slug)},
        {"Most members", "max_users", limit_cell(made)},
        {"Default role", "default_role", cell_text(ROLE_WORDS[made->default_role])},
        {"System's data", "allow_global_data_access", cell_bool(made->reads_system)},
        {"Join token", "join_token", cell_text(token)},
    };
    output_facts(cli->out, "organization", facts, ARRAY_COUNT(facts));
    return NULL;
}

Error *cmd_org_list(Cli *cli)
{
    static const Column columns[] = {
        {"SLUG", "slug", false, false},          {"NAME", "name", false, true},
        {"USERS", "user_count", true, false},    {"MOST", "max_users", true, false},
        {"STATE", "state", false, false},        {"DEFAULT ROLE", "default_role", false, false},
        {"CREATED", "created_at", false, false}, {"ID", "id", false, false},
    };
    Db *db;
    Page page = {.limit = PAGE_LIMIT_MAX};
    OrganizationList list;
    TRY(access_open(cli, &db));
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    do {
        TRY(organizations_list(cli->arena, db, access_operator(cli), true, &page, &list));
        for (size_t i = 0; i < list.count; i++) {
            const Organization *o = &list.items[i];
            const Cell row[] = {
                cell_text(o->slug),       cell_text(o->name),
                cell_int(o->members),     limit_cell(o),
                cell_text(state_of(o)),   cell_text(ROLE_WORDS[o->default_role]),
                cell_time(o->created_at), cell_uuid(cli->arena, o->id),
            };
            table_add(&table, row);
        }
        page.after = list.end.next;
    } while (list.end.has_more);
    output_table(cli->out, "organizations", &table);
    return NULL;
}
