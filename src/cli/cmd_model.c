/* model: the registry of score cards. */
#include "base/check.h"
#include "base/vec.h"
#include "cli/access.h"
#include "cli/files.h"
#include "domain/models.h"

enum { CARD_FILE_MAX = 16 << 20 };

/* With its card, where the row has it: which only JSON shows. */
static void show_row(Cli *cli, const ModelRow *row)
{
    const Fact facts[] = {
        {"Model", "id", cell_uuid(cli->arena, row->id)},
        {"Kind", "kind", cell_text(kind_spec(row->kind)->word)},
        {"Name", "name", cell_text(row->name)},
        {"Version", "version", cell_text(row->version)},
        {"Active", "is_active", cell_bool(row->active)},
        {"Illustrative", "illustrative", cell_bool(row->illustrative)},
        {"SHA-256", "file_sha256", cell_text(digest_text(cli->arena, row->digest))},
        {"Created", "created_at", cell_time(row->created_at)},
        {"Card", "card", cell_json(str_trim(row->file))},
    };
    size_t count = ARRAY_COUNT(facts) - (row->file.len == 0);
    output_facts(cli->out, "model", facts, count);
}

Error *cmd_model_add(Cli *cli)
{
    Db *db;
    ModelRow *row;
    Str file;
    TRY(files_read(cli->arena, cli->call->arguments[0], CARD_FILE_MAX, &file));
    TRY(access_open(cli, &db));
    TRY(models_add(cli->arena, db, access_operator(cli), file,
                   call_flag(cli->call, OPTION_ACTIVATE), &row));
    row->file = (Str){0};
    show_row(cli, row);
    return NULL;
}

Error *cmd_model_list(Cli *cli)
{
    static const Column columns[] = {
        {"KIND", "kind", false, false},          {"NAME", "name", false, true},
        {"VERSION", "version", false, false},    {"ACTIVE", "is_active", false, false},
        {"CREATED", "created_at", false, false}, {"ID", "id", false, false},
    };
    Db *db;
    ModelRow *rows;
    size_t count;
    TRY(access_open(cli, &db));
    TRY(models_list(cli->arena, db, &rows, &count));
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < count; i++) {
        const Cell row[] = {
            cell_text(kind_spec(rows[i].kind)->word),
            cell_text(rows[i].name),
            cell_text(rows[i].version),
            cell_bool(rows[i].active),
            cell_time(rows[i].created_at),
            cell_uuid(cli->arena, rows[i].id),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "models", &table);
    return NULL;
}

/* NAME, or NAME@VERSION. */
static bool is_named(Arena *arena, const ModelRow *row, Str word)
{
    return str_is(word, row->name) ||
           str_is(word, arena_printf(arena, "%s@%s", row->name, row->version));
}

static Error *several(Cli *cli, Str word, const ModelRow *rows, size_t count)
{
    Error *error = ERROR(cli->arena, ERROR_CONFLICT,
                         "Several models are called " STR_FMT ". Name one by its version or id.",
                         STR_ARG(str_slice(word, 0, 80)));
    for (size_t i = 0; i < count; i++)
        if (is_named(cli->arena, &rows[i], word))
            error_field_add(cli->arena, &error->fields, uuid_text(cli->arena, rows[i].id),
                            "ambiguous", "%s %s@%s", kind_spec(rows[i].kind)->word, rows[i].name,
                            rows[i].version);
    return error;
}

/* The id of the model that the argument names. */
static Error *named_model(Cli *cli, Db *db, Uuid *ret_id)
{
    Str word = cli->call->arguments[0];
    ModelRow *rows;
    size_t count, found = 0;
    if (uuid_parse(word, ret_id))
        return NULL;
    TRY(models_list(cli->arena, db, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (is_named(cli->arena, &rows[i], word)) {
            *ret_id = rows[i].id;
            found++;
        }
    if (found > 1)
        return several(cli, word, rows, count);
    if (found == 0)
        return ERROR(cli->arena, ERROR_NOT_FOUND, "There is no model " STR_FMT ".",
                     STR_ARG(str_slice(word, 0, 80)));
    return NULL;
}

static void show_features(Cli *cli, const ScoreCard *card)
{
    static const Column columns[] = {
        {"RATIO", "field", false, false},        {"COEFFICIENT", "coefficient", true, false},
        {"BINS", "bins", true, false},           {"MISSING", "missing", true, false},
        {"OTHERWISE", "otherwise", true, false},
    };
    const RatioSpec *ratios = kind_spec(card->kind)->ratios;
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < card->feature_count; i++) {
        const CardFeature *feature = &card->features[i];
        const Cell row[] = {
            cell_text(ratios[feature->ratio].name), cell_real(feature->coefficient),
            cell_int((int64_t)feature->bin_count),  cell_real(feature->missing),
            cell_real(feature->otherwise),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "features", &table);
}

static void show_levels(Cli *cli, const ScoreCard *card)
{
    static const Column columns[] = {
        {"RISK LEVEL", "level", false, false},
        {"WHEN", "rule", false, false},
        {"PERCENT", "percent", true, false},
    };
    Table table = table_new(cli->arena, columns, ARRAY_COUNT(columns));
    for (size_t i = 0; i < card->level_count; i++) {
        const CardLevel *level = &card->levels[i];
        bool rest = level->percent == -__builtin_inf();
        const Cell row[] = {
            cell_text(RISK_LEVEL_WORDS[level->level]),
            cell_text(rest               ? "otherwise"
                      : level->inclusive ? "from"
                                         : "above"),
            cell_real(level->percent),
        };
        table_add(&table, row);
    }
    output_table(cli->out, "risk_levels", &table);
}

Error *cmd_model_show(Cli *cli)
{
    Db *db;
    Uuid id;
    ModelRow *row;
    const LoadedModel *model;
    TRY(access_open(cli, &db));
    TRY(named_model(cli, db, &id));
    TRY(models_get(cli->arena, db, id, &row));
    TRY(models_load(cli->arena, db, id, &model));
    show_row(cli, row);
    show_features(cli, model->card);
    show_levels(cli, model->card);
    return NULL;
}

Error *cmd_model_activate(Cli *cli)
{
    Db *db;
    Uuid id;
    ModelRow *row;
    TRY(access_open(cli, &db));
    TRY(named_model(cli, db, &id));
    TRY(models_activate(cli->arena, db, access_operator(cli), id, &row));
    row->file = (Str){0};
    show_row(cli, row);
    return NULL;
}
