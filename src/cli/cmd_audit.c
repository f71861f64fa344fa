/* audit: reading and verifying the audit trail, noting its heads, and sealing it with a key. */
#include "base/check.h"
#include "cli/access.h"
#include "cli/files.h"
#include "domain/audit_heads.h"
#include "domain/audit_list.h"
#include "domain/audit_verify.h"

enum { NOTED_MAX = 64 << 20 };

/* --- verify and seal ---------------------------------------------------------------------------- */

static void show_report(Cli *cli, const AuditReport *report)
{
    static const Column columns[] = {
        {"OWNER", "owner_id", false, false},
        {"FAULT", "kind", false, false},
        {"ENTRY", "seq", true, false},
        {"TO", "to", true, false},
        {"WHAT IS WRONG", "message", false, true},
    };
    const Fact facts[] = {
        {"Chains", "chains", cell_int(report->chains)},
        {"Entries", "entries", cell_int(report->entries)},
        {"Whole", "whole", cell_bool(report->fault_count == 0)},
    };
    output_facts(cli->out, "audit", facts, ARRAY_COUNT(facts));
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < report->fault_count; i++) {
        const AuditFinding *finding = &report->faults[i];
        const Cell row[] = {
            cell_text(uuid_text(cli->arena, finding->owner_id)),
            cell_text(AUDIT_FAULT_WORDS[finding->fault]),
            cell_int(finding->seq),
            cell_int(finding->to),
            cell_text(audit_finding_text(cli->arena, finding)),
        };
        table_add(&table, row);
    }
    if (report->fault_count > 0 || cli->out->options.json)
        output_table(cli->out, "faults", &table);
    if (report->fault_count > 0)
        cli->exit_code = EXIT_FAILED;
}

static Error *read_noted(Cli *cli, AuditVerifying *how)
{
    Str text;
    AuditNoted *noted = NULL;
    if (!call_is_set(cli->call, OPTION_HEAD))
        return NULL;
    TRY(files_read(cli->arena, call_str(cli->call, OPTION_HEAD), NOTED_MAX, &text));
    TRY(audit_noted_parse(cli->arena, text, &noted, &how->noted_count));
    how->noted = noted;
    return NULL;
}

Error *cmd_audit_verify(Cli *cli)
{
    Db *db;
    AuditReport report;
    AuditVerifying how = {.keys = audit_keys()};
    TRY(read_noted(cli, &how));
    TRY(access_open(cli, &db));
    TRY(audit_verify(cli->arena, db, &how, &report));
    show_report(cli, &report);
    return NULL;
}

Error *cmd_audit_seal(Cli *cli)
{
    Db *db;
    AuditReport report;
    TRY(access_open(cli, &db));
    if (audit_keys()->count == 0)
        return usage_error(cli->arena, "--audit-key-file names the file that holds it.",
                           "Sealing the audit trail needs a key.");
    TRY(audit_seal_all(cli->arena, db, access_operator(cli), &report));
    show_report(cli, &report);
    const Fact facts[] = {{"Sealed", "chains", cell_int(report.sealed)}};
    output_facts(cli->out, "sealed", facts, ARRAY_COUNT(facts));
    return NULL;
}

/* --- heads -------------------------------------------------------------------------------------- */

typedef struct Heads {
    Cli *cli;
    Table table;
} Heads;

static void add_head(void *self, const AuditHead *head)
{
    Heads *heads = self;
    Arena *arena = heads->cli->arena;
    const Cell row[] = {
        cell_text(uuid_text(arena, head->owner_id)),
        cell_int(head->seq),
        cell_text(digest_text(arena, head->digest)),
        cell_time(head->at),
    };
    table_add(&heads->table, row);
}

Error *cmd_audit_head(Cli *cli)
{
    static const Column columns[] = {
        {"OWNER", "owner_id", false, false},
        {"ENTRY", "seq", true, false},
        {"DIGEST", "digest", false, false},
        {"TIME", "time", false, false},
    };
    Db *db;
    Heads heads = {.cli = cli, .table = table_new(cli->arena, columns, ARRAY_COUNT(columns))};
    TRY(access_open(cli, &db));
    TRY(audit_heads_each(cli->arena, db, INT64_MIN, add_head, &heads));
    output_table(cli->out, "heads", &heads.table);
    return NULL;
}

/* --- list --------------------------------------------------------------------------------------- */

static void show_entries(Cli *cli, const AuditList *list)
{
    static const Column columns[] = {
        {"ENTRY", "seq", true, false},       {"TIME", "time", false, false},
        {"WHO", "actor", false, true},       {"WHAT", "action", false, false},
        {"OF", "object_kind", false, false}, {"ID", "object_id", false, false},
        {"ROWS", "count", true, false},      {"VIA", "via", false, false},
        {"ADDRESS", "address", false, true}, {"SESSION", "session", false, false},
        {"REASON", "reason", false, true},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < list->count; i++) {
        const AuditEvent *event = &list->items[i].event;
        const Cell row[] = {
            cell_int(event->seq),           cell_time(event->at),
            cell_text(event->actor),        cell_text(event->action),
            cell_text(event->object_kind),  cell_uuid(cli->arena, event->object_id),
            cell_int_or_none(event->count), cell_text(event->via),
            cell_text(event->address),      cell_text(event->token),
            cell_text(event->reason),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "events", &table);
}

/* The operator sees every trail, one at a time. */
Error *cmd_audit_list(Cli *cli)
{
    Db *db;
    AuditList list;
    const AuditQuery query = {.filter = AUDIT_FILTER_ALL,
                              .access_level = -1,
                              .page = {.limit = call_number(cli->call, OPTION_LIMIT)}};
    TRY(access_open(cli, &db));
    Principal *reader = access_operator(cli);
    if (call_is_set(cli->call, OPTION_OWNER))
        TRY(access_owner(cli, db, &reader->owners[0]));
    TRY(audit_list(cli->arena, db, reader, &query, &list));
    show_entries(cli, &list);
    return NULL;
}
