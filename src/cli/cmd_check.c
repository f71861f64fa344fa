/* check: every invariant of the data model, as a report. It reads alone, so it may run beside servers and workers,
 * and its exit code says whether all of them hold. */
#include "base/check.h"
#include "cli/access.h"
#include "domain/invariants.h"
#include "model/user.h"

#include <inttypes.h>

enum { FIRST_JSON_MAX = 4096 };

static const char *first_as_json(Arena *arena, const InvariantResult *result)
{
    Buf buf = buf_new(arena, FIRST_JSON_MAX);
    JsonOut out = json_out_new(&buf);
    json_begin_array(&out, NULL);
    for (size_t i = 0; i < result->shown; i++) {
        json_begin_object(&out, NULL);
        if (result->first[i].has_owner)
            json_put_uuid(&out, "owner_id", result->first[i].owner_id);
        else
            json_put_null(&out, "owner_id");
        json_put_uuid(&out, "id", result->first[i].id);
        json_end_object(&out);
    }
    json_end_array(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

/* For programs: all that were looked at. */
static void show_all(Cli *cli, const InvariantScope *scope, const InvariantReport *report)
{
    static const Column columns[] = {
        {"INVARIANT", "name", false, false}, {"VIOLATIONS", "violations", true, false},
        {"HOLDS", "holds", false, true},     {"MEANS", "means", false, true},
        {"OF", "object", false, false},      {"FIRST", "first", false, false},
    };
    const Fact facts[] = {
        {"Owners", "owners", cell_int(report->owners)},
        {"Invariants", "invariants", cell_int(report->looked)},
        {"Violated", "violated", cell_int(report->violated)},
        {"Files read", "files", cell_bool(scope->files)},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++) {
        const Invariant *invariant = invariant_get(id);
        const InvariantResult *result = &report->results[id];
        const Cell row[] = {
            cell_text(invariant->name),   cell_int(result->count),
            cell_text(invariant->holds),  cell_text(invariant->means),
            cell_text(invariant->object), cell_json(str_from(first_as_json(cli->arena, result)))};
        if (result->looked)
            table_add(&table, row);
    }
    output_facts(cli->out, "check", facts, ARRAY_COUNT(facts));
    output_table(cli->out, "invariants", &table);
}

/* For people: what does not hold. */
static void show_violated(Cli *cli, const Invariant *invariant, const InvariantResult *result)
{
    Output *out = cli->out;
    output_line(out, "%s: violated %" PRId64 "%s", invariant->name, result->count,
                result->count == 1 ? " time." : " times.");
    output_line(out, "  What should hold: %s", invariant->holds);
    output_line(out, "  What follows: %s", invariant->means);
    for (size_t i = 0; i < result->shown; i++) {
        const Violation *first = &result->first[i];
        const char *id = uuid_text(cli->arena, first->id);
        if (first->has_owner)
            output_line(out, "  %s %s of owner %s", invariant->object, id,
                        uuid_text(cli->arena, first->owner_id));
        else
            output_line(out, "  %s %s", invariant->object, id);
    }
    if (result->count > (int64_t)result->shown)
        output_line(out, "  … and %" PRId64 " more.", result->count - (int64_t)result->shown);
}

static void show(Cli *cli, const InvariantScope *scope, const InvariantReport *report)
{
    for (InvariantId id = 0; id < INVARIANT_COUNT; id++)
        if (report->results[id].count > 0 && !cli->out->options.json)
            show_violated(cli, invariant_get(id), &report->results[id]);
    if (cli->out->options.json)
        show_all(cli, scope, report);
    const char *verdict =
        report->violated == 0 ? "all hold"
        : report->violated == 1
            ? "1 is violated"
            : arena_printf(cli->arena, "%" PRId64 " are violated", report->violated);
    output_line(cli->out, "%" PRId64 " invariants of %" PRId64 " owner%s: %s.", report->looked,
                report->owners, report->owners == 1 ? "" : "s", verdict);
}

Error *cmd_check(Cli *cli)
{
    Db *db;
    InvariantScope scope = {.has_owner = call_is_set(cli->call, OPTION_OWNER),
                            .files = call_flag(cli->call, OPTION_FILES)};
    InvariantReport *report = ARENA_NEW(cli->arena, InvariantReport);
    TRY(access_open_to_read(cli, &db));
    if (scope.has_owner)
        TRY(access_owner(cli, db, &scope.owner_id));
    TRY(invariants_check(cli->arena, db, &scope, report));
    show(cli, &scope, report);
    if (report->violated > 0)
        cli->exit_code = EXIT_FAILED;
    return NULL;
}
