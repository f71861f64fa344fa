/* The card is read from the top down in four parts: head, features, risk levels, trees. Each
 * object is first held against its table of members, so that what follows may take every member
 * for present and of its type; then come the rules that need more than one number.
 *
 * `where` is the front of every message; it is set on entering a feature, a bin or a level. */
#include "format/card_json.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "format/json.h"
#include "model/words.h"

#include <math.h>

typedef struct Reading {
    Arena *arena;
    ScoreCard *card;
    const char *where;
    bool seen[RATIO_MAX]; /* ratios that have a feature */
} Reading;

#define REFUSE_AS(reading, code, format, ...)                                                      \
    ERROR((reading)->arena, (code), "%s" format, (reading)->where, ##__VA_ARGS__)
#define REFUSE(reading, ...) REFUSE_AS(reading, ERROR_INVALID, __VA_ARGS__)

#define FORMAT_WORD "obligor-scorecard/1"

static const char WHOLE[] = "score card: ";

static const CardLevel DEFAULT_LEVELS[RISK_LEVEL_COUNT] = {
    {RISK_CRITICAL, false, 15},
    {RISK_HIGH, true, 5},
    {RISK_MEDIUM, true, 2},
    {RISK_LOW, false, -INFINITY},
};

static const JsonRule CARD_MEMBERS[] = {
    {"$schema", JSON_IS_STRING, false}, /* for editors; not read */
    {"format", JSON_IS_STRING, true},       {"kind", JSON_IS_STRING, true},
    {"name", JSON_IS_STRING, true},         {"version", JSON_IS_STRING, true},
    {"description", JSON_IS_STRING, false}, {"illustrative", JSON_IS_BOOL, false},
    {"intercept", JSON_IS_NUMBER, true},    {"features", JSON_IS_ARRAY, true},
    {"risk_levels", JSON_IS_ARRAY, false},  {"trees", JSON_IS_OBJECT, false},
    {"ensemble", JSON_IS_STRING, false},
};
static const JsonRule FEATURE_MEMBERS[] = {
    {"field", JSON_IS_STRING, true},     {"coefficient", JSON_IS_NUMBER, true},
    {"bins", JSON_IS_ARRAY, true},       {"missing", JSON_IS_NUMBER, true},
    {"otherwise", JSON_IS_NUMBER, true},
};
static const JsonRule BIN_MEMBERS[] = {
    {"above", JSON_IS_NUMBER | JSON_IS_NULL, true},
    {"up_to", JSON_IS_NUMBER | JSON_IS_NULL, true},
    {"rate", JSON_IS_NUMBER, true},
};
static const JsonRule LEVEL_MEMBERS[] = {
    {"level", JSON_IS_STRING, true},
    {"above_percent", JSON_IS_NUMBER, false},
    {"from_percent", JSON_IS_NUMBER, false},
};
static const JsonRule TREES_MEMBERS[] = {
    {"format", JSON_IS_STRING, true},
    {"file", JSON_IS_STRING, true},
    {"fields", JSON_IS_ARRAY, true},
    {"missing_as", JSON_IS_NUMBER, true},
};

static Error *check_members(Reading *r, const JsonValue *object, const JsonRule *rules,
                            size_t count)
{
    if (!json_is(object, JSON_IS_OBJECT))
        return REFUSE(r, "an object was expected.");
    ErrorField *wrong = NULL;
    json_check_members(r->arena, object, rules, count, &wrong);
    return wrong == NULL ? NULL : REFUSE(r, "%s", wrong->message);
}

/* The member's text, "" when it is not there. */
static Str text_of(const JsonValue *object, const char *key)
{
    Str text = STR("");
    json_to_str(json_find(object, key), &text);
    return text;
}

/* The member's number; `otherwise` when it is null or not there. */
static double number_of(const JsonValue *object, const char *key, double otherwise)
{
    json_to_number(json_find(object, key), &otherwise);
    return otherwise;
}

static const char *shown(Reading *r, const JsonValue *object, const char *key)
{
    return json_shown(r->arena, text_of(object, key));
}

/* Thresholds may be any number; what is multiplied and added may not, lest z overflow. */
static Error *read_term(Reading *r, const JsonValue *object, const char *key, double *ret_number)
{
    *ret_number = number_of(object, key, 0);
    if (fabs(*ret_number) > CARD_TERM_MAX)
        return REFUSE(r, "\"%s\" is beyond -1e9 to 1e9.", key);
    return NULL;
}

static const char *number_text(Reading *r, double number)
{
    char *text = arena_alloc(r->arena, NUMBER_TEXT_SIZE);
    number_format(text, number);
    return text;
}

static Error *read_text(Reading *r, const JsonValue *root, const char *key, size_t max,
                        const char **ret_text)
{
    Str text = text_of(root, key);
    if (utf8_length(text) > max)
        return REFUSE(r, "\"%s\" is longer than %zu characters.", key, max);
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] < ' ' || text.ptr[i] == 0x7F)
            return REFUSE(r, "\"%s\" holds a control character.", key);
    *ret_text = text.ptr;
    return NULL;
}

static Error *read_head(Reading *r, const JsonValue *root)
{
    /* First, so that a card of another format is not refused for its members. */
    if (json_is(json_find(root, "format"), JSON_IS_STRING) &&
        !str_is(text_of(root, "format"), FORMAT_WORD))
        return REFUSE_AS(r, ERROR_UNSUPPORTED,
                         "\"format\" is \"%s\"; this version reads \"" FORMAT_WORD "\".",
                         shown(r, root, "format"));
    TRY(check_members(r, root, CARD_MEMBERS, ARRAY_COUNT(CARD_MEMBERS)));
    ScoreCard *card = r->card;
    if (!kind_parse(text_of(root, "kind"), &card->kind))
        return REFUSE(r, "\"kind\" is \"%s\"; it must be \"annual\" or \"quarterly\".",
                      shown(r, root, "kind"));
    TRY(read_text(r, root, "name", CARD_NAME_MAX, &card->name));
    TRY(read_text(r, root, "version", CARD_VERSION_MAX, &card->version));
    TRY(read_text(r, root, "description", CARD_DESCRIPTION_MAX, &card->description));
    if (str_trim(str_from(card->name)).len == 0)
        return REFUSE(r, "\"name\" is empty.");
    if (str_trim(str_from(card->version)).len == 0)
        return REFUSE(r, "\"version\" is empty.");
    json_to_bool(json_find(root, "illustrative"), &card->illustrative);
    return read_term(r, root, "intercept", &card->intercept);
}

static Error *read_bin(Reading *r, const JsonValue *value, const CardBin *before, CardBin *bin)
{
    TRY(check_members(r, value, BIN_MEMBERS, ARRAY_COUNT(BIN_MEMBERS)));
    bin->above = number_of(value, "above", -INFINITY);
    bin->up_to = number_of(value, "up_to", INFINITY);
    TRY(read_term(r, value, "rate", &bin->rate));
    if (!(bin->above < bin->up_to))
        return REFUSE(r, "\"above\" (%s) must be less than \"up_to\" (%s).",
                      number_text(r, bin->above), number_text(r, bin->up_to));
    if (before != NULL && bin->above < before->up_to)
        return REFUSE(r, "it begins below the end of the bin before it; bins must be sorted and "
                         "must not overlap.");
    return NULL;
}

static Error *read_bins(Reading *r, const JsonValue *array, CardFeature *feature)
{
    const char *where = r->where;
    feature->bin_count = json_count(array);
    if (feature->bin_count == 0 || feature->bin_count > CARD_BIN_MAX)
        return REFUSE(r, "it has %zu bins; 1 to %d are allowed.", feature->bin_count, CARD_BIN_MAX);
    CardBin *bins = ARENA_ARRAY(r->arena, CardBin, feature->bin_count);
    for (size_t i = 0; i < feature->bin_count; i++) {
        const char *field = kind_spec(r->card->kind)->ratios[feature->ratio].name;
        r->where = arena_printf(r->arena, "feature '%s', bin %zu: ", field, i + 1);
        TRY(read_bin(r, json_at(array, i), i > 0 ? &bins[i - 1] : NULL, &bins[i]));
    }
    r->where = where;
    feature->bins = bins;
    return NULL;
}

static Error *read_feature(Reading *r, const JsonValue *value, CardFeature *feature)
{
    TRY(check_members(r, value, FEATURE_MEMBERS, ARRAY_COUNT(FEATURE_MEMBERS)));
    const KindSpec *spec = kind_spec(r->card->kind);
    int ratio = kind_ratio_index(r->card->kind, text_of(value, "field"));
    if (ratio < 0)
        return REFUSE(r, "\"field\" is \"%s\", which is no ratio of the %s kind.",
                      shown(r, value, "field"), spec->word);
    if (r->seen[ratio])
        return REFUSE(r, "\"field\" is \"%s\" for the second time.", spec->ratios[ratio].name);
    r->seen[ratio] = true;
    r->where = arena_printf(r->arena, "feature '%s': ", spec->ratios[ratio].name);
    feature->ratio = (size_t)ratio;
    TRY(read_term(r, value, "coefficient", &feature->coefficient));
    TRY(read_term(r, value, "missing", &feature->missing));
    TRY(read_term(r, value, "otherwise", &feature->otherwise));
    return read_bins(r, json_find(value, "bins"), feature);
}

static Error *read_features(Reading *r, const JsonValue *array)
{
    if (json_count(array) == 0)
        return REFUSE(r, "\"features\" is empty; a score card needs at least one.");
    for (size_t i = 0; i < json_count(array); i++) {
        r->where = arena_printf(r->arena, "feature %zu: ", i + 1);
        CardFeature feature = {0};
        TRY(read_feature(r, json_at(array, i), &feature));
        r->card->features[r->card->feature_count++] = feature;
    }
    r->where = WHOLE;
    return NULL;
}

static Error *read_level(Reading *r, const JsonValue *value, bool is_last, const CardLevel *before,
                         CardLevel *level)
{
    TRY(check_members(r, value, LEVEL_MEMBERS, ARRAY_COUNT(LEVEL_MEMBERS)));
    int word = words_find(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, text_of(value, "level"));
    if (word < 0)
        return REFUSE(r, "\"level\" is \"%s\"; it must be %s.", shown(r, value, "level"),
                      words_list(r->arena, RISK_LEVEL_WORDS, RISK_LEVEL_COUNT));
    level->level = (RiskLevel)word;
    if (before != NULL && level->level >= before->level)
        return REFUSE(r, "%s cannot follow %s; levels go from the most severe down, each once.",
                      RISK_LEVEL_WORDS[level->level], RISK_LEVEL_WORDS[before->level]);
    level->inclusive = json_find(value, "from_percent") != NULL;
    bool exclusive = json_find(value, "above_percent") != NULL;
    if (is_last && (level->inclusive || exclusive))
        return REFUSE(r, "the last level takes all the rest, so it has no bound.");
    if (!is_last && level->inclusive == exclusive)
        return REFUSE(r, "it needs either \"above_percent\" or \"from_percent\".");
    level->percent = -INFINITY;
    if (is_last)
        return NULL;
    level->percent = number_of(value, exclusive ? "above_percent" : "from_percent", 0);
    if (level->percent < 0 || level->percent > 100)
        return REFUSE(r, "its bound must be a percentage from 0 to 100.");
    if (before != NULL && level->percent >= before->percent)
        return REFUSE(r, "its bound must be lower than that of the level before it.");
    return NULL;
}

static Error *read_levels(Reading *r, const JsonValue *array)
{
    ScoreCard *card = r->card;
    size_t count = json_count(array);
    if (array == NULL) {
        memcpy(card->levels, DEFAULT_LEVELS, sizeof DEFAULT_LEVELS);
        card->level_count = RISK_LEVEL_COUNT;
        return NULL;
    }
    if (count == 0)
        return REFUSE(r, "\"risk_levels\" is empty; leave it out for the usual levels.");
    for (size_t i = 0; i < count; i++) {
        r->where = arena_printf(r->arena, "risk level %zu: ", i + 1);
        CardLevel level = {0};
        TRY(read_level(r, json_at(array, i), i + 1 == count, i > 0 ? &card->levels[i - 1] : NULL,
                       &level));
        card->levels[card->level_count++] = level; /* they descend: there is room for all */
    }
    r->where = WHOLE;
    return NULL;
}

static Error *read_trees(Reading *r, const JsonValue *root)
{
    const JsonValue *trees = json_find(root, "trees");
    const KindSpec *spec = kind_spec(r->card->kind);
    if (json_find(root, "ensemble") != NULL && !str_is(text_of(root, "ensemble"), "logistic"))
        return REFUSE_AS(r, ERROR_UNSUPPORTED,
                         "\"ensemble\" is \"%s\"; this version combines by \"logistic\" only.",
                         shown(r, root, "ensemble"));
    if (trees == NULL)
        return NULL;
    r->where = "trees: ";
    if (spec->score_count == 1)
        return REFUSE(r, "predictions of the %s kind have no score for them.", spec->word);
    TRY(check_members(r, trees, TREES_MEMBERS, ARRAY_COUNT(TREES_MEMBERS)));
    if (!str_is(text_of(trees, "format"), "lightgbm-text"))
        return REFUSE_AS(r, ERROR_UNSUPPORTED,
                         "\"format\" is \"%s\"; this version knows \"lightgbm-text\".",
                         shown(r, trees, "format"));
    const JsonValue *fields = json_find(trees, "fields");
    for (size_t i = 0; i < json_count(fields); i++) {
        Str field = STR("");
        if (!json_to_str(json_at(fields, i), &field) || kind_ratio_index(r->card->kind, field) < 0)
            return REFUSE(r, "entry %zu of \"fields\" is no ratio of the %s kind.", i + 1,
                          spec->word);
    }
    r->card->has_trees = true;
    return NULL;
}

Error *card_parse(Arena *arena, Str text, ScoreCard **ret_card)
{
    const JsonValue *root;
    TRY(json_parse(arena, text, &root));
    Reading r = {.arena = arena, .card = ARENA_NEW(arena, ScoreCard), .where = WHOLE};
    TRY(read_head(&r, root));
    TRY(read_features(&r, json_find(root, "features")));
    TRY(read_levels(&r, json_find(root, "risk_levels")));
    TRY(read_trees(&r, root));
    *ret_card = r.card;
    return NULL;
}
