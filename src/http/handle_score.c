/* Scoring without storing. */
#include "http/body_row.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

enum { SCORE_ITEMS_MAX = 1000 };

typedef struct Scored {
    Score score;
    Contribution contributions[RATIO_MAX];
    size_t contribution_count;
    ProblemList problems;
} Scored;

/* Who is scored does not matter to the score, so what names it may be left out. */
static void fill_names(RawRow *row)
{
    static const Str stand_ins[FIELD_RATIO] = {
        [FIELD_SYMBOL] = {"X", 1}, [FIELD_NAME] = {"X", 1},    [FIELD_MARKET_CAP] = {"", 0},
        [FIELD_SECTOR] = {"", 0},  [FIELD_YEAR] = {"2000", 4}, [FIELD_QUARTER] = {"Q4", 2},
    };
    for (size_t i = 0; i < FIELD_RATIO; i++)
        if (row->cells[i].ptr == NULL)
            row->cells[i] = stand_ins[i];
}

static Error *score_one(Request *request, const LoadedModel *model, const JsonValue *item,
                        Scored *ret_scored)
{
    Kind kind = request->values.kind;
    Params body;
    RawRow row;
    PredictionInput input = {0};
    TRY(params_from_json(request->arena, item, &body));
    body_row_pick(&body, kind, &row);
    fill_names(&row);
    body_row_check(&body, kind, &row, &input, &ret_scored->problems);
    TRY(params_check(&body));
    ret_scored->score = scoring_score(model->card, input.ratios);
    ret_scored->contribution_count =
        scoring_explain(model->card, input.ratios, ret_scored->contributions);
    return NULL;
}

static void put_scored(JsonOut *out, const char *key, Kind kind, const Scored *scored)
{
    json_begin_object(out, key);
    view_score(out, kind, &scored->score);
    view_contributions(out, "contributions", kind, scored->contributions,
                       scored->contribution_count);
    view_warnings(out, "warnings", &scored->problems);
    json_end_object(out);
}

/* An item's error names the item: "[3].return_on_assets". */
static Error *in_item(Arena *arena, size_t index, Error *error)
{
    for (ErrorField *field = error->fields; field != NULL; field = field->next)
        field->field = arena_printf(arena, "[%zu].%s", index, field->field);
    error->message = arena_printf(arena, "Item %zu: %s", index, error->message);
    return error;
}

static Error *score_many(Request *request, Response *response, const LoadedModel *model,
                         const JsonValue *items)
{
    Arena *arena = request->arena;
    size_t count = json_count(items);
    if (count > SCORE_ITEMS_MAX)
        return ERROR(arena, ERROR_INVALID, "At most %d items can be scored at once.",
                     SCORE_ITEMS_MAX);
    Scored *scored = ARENA_ARRAY(arena, Scored, count);
    for (size_t i = 0; i < count; i++) {
        Error *error = score_one(request, model, json_at(items, i), &scored[i]);
        if (error != NULL)
            return in_item(arena, i, error);
    }
    JsonOut *out = reply_begin(request, response);
    view_model_name(out, "model", model->row.id, model->row.name, model->row.version);
    json_begin_array(out, "results");
    for (size_t i = 0; i < count; i++)
        put_scored(out, NULL, request->values.kind, &scored[i]);
    json_end_array(out);
    return reply_end(request, response, 200);
}

static Error *find_model(Request *request, bool has_id, Uuid id, const LoadedModel **ret_model)
{
    if (!has_id)
        return models_active(request->arena, request->db, request->values.kind, ret_model);
    TRY(models_load(request->arena, request->db, id, ret_model));
    if ((*ret_model)->row.kind == request->values.kind)
        return NULL;
    return ERROR(request->arena, ERROR_INVALID, "This model is of the other kind of prediction.");
}

Error *handle_predictions_score(Request *request, Response *response)
{
    const LoadedModel *model = NULL;
    const JsonValue *value = NULL;
    Uuid id = UUID_NIL;
    Scored scored = {0};
    bool has_id = params_uuid(&request->query, "model_id", &id);
    TRY(params_check(&request->query));
    TRY(json_parse(request->arena, request->body, &value));
    TRY(find_model(request, has_id, id, &model));
    if (json_is(value, JSON_IS_ARRAY))
        return score_many(request, response, model, value);
    TRY(score_one(request, model, value, &scored));
    JsonOut *out = reply_begin(request, response);
    view_model_name(out, "model", model->row.id, model->row.name, model->row.version);
    put_scored(out, "result", request->values.kind, &scored);
    return reply_end(request, response, 200);
}
