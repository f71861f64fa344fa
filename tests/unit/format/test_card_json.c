/* The score card's loader: one change to a good card at a time, and the sentence that it earns;
 * then what a good card becomes. */
#include "format/card_json.h"

#include "test.h"

#include <math.h>

/* Gaps, bins that touch, an open end on either side, a feature without open ends. */
static const char *const GOOD =
    "{\"format\": \"obligor-scorecard/1\", \"kind\": \"annual\", \"name\": \"test card\",\n"
    " \"version\": \"1\", \"description\": \"for tests\", \"illustrative\": true,\n"
    " \"intercept\": -4.5,\n"
    " \"features\": [\n"
    "  {\"field\": \"return_on_assets\", \"coefficient\": 1.75,\n"
    "   \"bins\": [{\"above\": null, \"up_to\": -1.19, \"rate\": 0.05},\n"
    "            {\"above\": -1.19, \"up_to\": 3, \"rate\": 0.03},\n"
    "            {\"above\": 4.0, \"up_to\": null, \"rate\": 0.01}],\n"
    "   \"missing\": 0.04, \"otherwise\": 0.06},\n"
    "  {\"field\": \"total_debt_to_ebitda\", \"coefficient\": -2,\n"
    "   \"bins\": [{\"above\": 0, \"up_to\": 5, \"rate\": 0.5}], \"missing\": 0, \"otherwise\": "
    "1}],\n"
    " \"risk_levels\": [{\"level\": \"CRITICAL\", \"above_percent\": 20},\n"
    "                 {\"level\": \"HIGH\", \"from_percent\": 7.5}, {\"level\": \"LOW\"}]}\n";

/* The good card with the first `from` in it replaced. */
static Str changed(Arena *arena, const char *from, const char *to)
{
    const char *at = strstr(GOOD, from);
    assert_non_null(at);
    return str_printf(arena, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
}

typedef struct Change {
    const char *from;
    const char *to;
    const char *message;
} Change;

static void assert_refused(Arena *arena, const Change *changes, size_t count, ErrorCode code)
{
    for (size_t i = 0; i < count; i++) {
        ScoreCard *card = NULL;
        Str text = changed(arena, changes[i].from, changes[i].to);
        assert_error(card_parse(arena, text, &card), code, changes[i].message);
        assert_null(card);
    }
}

static void what_is_no_json_is_malformed(void **state)
{
    static const Change changes[] = {
        {"{\"format\"", "\"format\"",
         "Something follows the end of the JSON near line 1, column 9."},
        {"-4.5", "NaN", "The JSON is not well formed near line 3, column 17."},
        {"0.05", "1e999", "The JSON holds a number that is too large near line 6, column 57."},
        {"\"version\"", "\"name\"",
         "The JSON names a member of an object twice near line 2, column 7."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_MALFORMED);
}

static void other_formats_are_unsupported(void **state)
{
    static const Change changes[] = {
        {"obligor-scorecard/1\", \"kind\"", "obligor-scorecard/2\", \"sort\"",
         "score card: \"format\" is \"obligor-scorecard/2\"; this version reads "
         "\"obligor-scorecard/1\"."},
        {"\"intercept\"", "\"ensemble\": \"mean\", \"intercept\"",
         "score card: \"ensemble\" is \"mean\"; this version combines by \"logistic\" only."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_UNSUPPORTED);
}

static void a_card_is_an_object(void **state)
{
    ScoreCard *card;
    assert_error(card_parse(*state, STR("[1]"), &card), ERROR_INVALID,
                 "score card: an object was expected.");
    assert_error(card_parse(*state, STR("{}"), &card), ERROR_INVALID,
                 "score card: \"format\" is missing.");
}

static void the_head_is_checked(void **state)
{
    static const Change changes[] = {
        {"\"format\": \"obligor-scorecard/1\"", "\"format\": 1",
         "score card: \"format\" must be a string, not a number."},
        {"\"kind\": \"annual\", ", "", "score card: \"kind\" is missing."},
        {"\"annual\"", "\"monthly\"",
         "score card: \"kind\" is \"monthly\"; it must be \"annual\" or \"quarterly\"."},
        {"\"name\": \"test card\",", "", "score card: \"name\" is missing."},
        {"\"test card\"", "\" \"", "score card: \"name\" is empty."},
        {"\"test card\"", "\"a\\u001b[31m\"", "score card: \"name\" holds a control character."},
        {"\"test card\"", "\"a\\u007f\"", "score card: \"name\" holds a control character."},
        {"\"version\": \"1\", ", "", "score card: \"version\" is missing."},
        {"\"version\": \"1\"", "\"version\": \"\"", "score card: \"version\" is empty."},
        {"\"version\": \"1\"", "\"version\": 1",
         "score card: \"version\" must be a string, not a number."},
        {"\"version\": \"1\"",
         "\"version\": \"0123456789abcdef0123456789abcdef0123456789abcdef012\"",
         "score card: \"version\" is longer than 50 characters."},
        {"\"for tests\"", "null", "score card: \"description\" must be a string, not null."},
        {"\"for tests\"", "\"a\\nb\"", "score card: \"description\" holds a control character."},
        {"true", "\"true\"", "score card: \"illustrative\" must be true or false, not a string."},
        {"\"intercept\": -4.5,", "", "score card: \"intercept\" is missing."},
        {"-4.5", "\"-4.5\"", "score card: \"intercept\" must be a number, not a string."},
        {"-4.5", "-1.1e9", "score card: \"intercept\" is beyond -1e9 to 1e9."},
        {"\"intercept\"", "\"bias\": 1, \"intercept\"", "score card: \"bias\" is not known here."},
        {"\"intercept\"", "\"trees\": null, \"intercept\"",
         "score card: \"trees\" must be an object, not null."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_INVALID);
}

static void features_are_checked(void **state)
{
    static const Change changes[] = {
        {"\"features\": [", "\"features\": [], \"more\": [",
         "score card: \"more\" is not known here."},
        {"{\"field\": \"return_on_assets\"", "7, {\"field\": \"return_on_assets\"",
         "feature 1: an object was expected."},
        {"\"field\": \"return_on_assets\", ", "", "feature 1: \"field\" is missing."},
        {"\"field\": \"total_debt_to_ebitda\"", "\"field\": 1",
         "feature 2: \"field\" must be a string, not a number."},
        {"return_on_assets", "return_on_capital",
         "feature 1: \"field\" is \"return_on_capital\", which is no ratio of the annual kind."},
        {"total_debt_to_ebitda", "return_on_assets",
         "feature 2: \"field\" is \"return_on_assets\" for the second time."},
        {"\"coefficient\": 1.75,", "", "feature 1: \"coefficient\" is missing."},
        {"1.75", "null", "feature 1: \"coefficient\" must be a number, not null."},
        {"1.75", "2e9", "feature 'return_on_assets': \"coefficient\" is beyond -1e9 to 1e9."},
        {"\"missing\": 0.04, ", "", "feature 1: \"missing\" is missing."},
        {"0.04", "-2e9", "feature 'return_on_assets': \"missing\" is beyond -1e9 to 1e9."},
        {"\"missing\": 0.04, \"otherwise\": 0.06", "\"missing\": 0.04",
         "feature 1: \"otherwise\" is missing."},
        {"0.06", "1e300", "feature 'return_on_assets': \"otherwise\" is beyond -1e9 to 1e9."},
        {"\"missing\"", "\"weight\": 1, \"missing\"", "feature 1: \"weight\" is not known here."},
        {"{\"above\": 0, \"up_to\": 5, \"rate\": 0.5}", "",
         "feature 'total_debt_to_ebitda': it has 0 bins; 1 to 64 are allowed."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_INVALID);
}

static void bins_are_checked(void **state)
{
    static const Change changes[] = {
        {"{\"above\": -1.19, \"up_to\": 3, \"rate\": 0.03}", "[]",
         "feature 'return_on_assets', bin 2: an object was expected."},
        {"\"above\": 4.0, ", "", "feature 'return_on_assets', bin 3: \"above\" is missing."},
        {"\"up_to\": null, ", "", "feature 'return_on_assets', bin 3: \"up_to\" is missing."},
        {", \"rate\": 0.01", "", "feature 'return_on_assets', bin 3: \"rate\" is missing."},
        {"0.01", "null", "feature 'return_on_assets', bin 3: \"rate\" must be a number, not null."},
        {"0.01", "-1.5e9", "feature 'return_on_assets', bin 3: \"rate\" is beyond -1e9 to 1e9."},
        {"4.0", "\"4.0\"",
         "feature 'return_on_assets', bin 3: \"above\" must be a number or null, not a string."},
        {"\"rate\": 0.03", "\"rate\": 0.03, \"count\": 3",
         "feature 'return_on_assets', bin 2: \"count\" is not known here."},
        {"\"up_to\": 3", "\"up_to\": -1.19",
         "feature 'return_on_assets', bin 2: \"above\" (-1.19) must be less than \"up_to\" "
         "(-1.19)."},
        {"\"above\": 0, \"up_to\": 5", "\"above\": 5.5, \"up_to\": 0",
         "feature 'total_debt_to_ebitda', bin 1: \"above\" (5.5) must be less than \"up_to\" "
         "(0)."},
        {"4.0", "2.9",
         "feature 'return_on_assets', bin 3: it begins below the end of the bin before it; bins "
         "must be sorted and must not overlap."},
        {"4.0", "-10",
         "feature 'return_on_assets', bin 3: it begins below the end of the bin before it; bins "
         "must be sorted and must not overlap."},
        {"4.0", "null",
         "feature 'return_on_assets', bin 3: it begins below the end of the bin before it; bins "
         "must be sorted and must not overlap."},
        {"\"up_to\": 3", "\"up_to\": null",
         "feature 'return_on_assets', bin 3: it begins below the end of the bin before it; bins "
         "must be sorted and must not overlap."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_INVALID);
}

/* A feature with `count` bins that touch. */
static Str with_bins(Arena *arena, int count)
{
    Buf bins = buf_new(arena, 1 << 20);
    for (int i = 0; i < count; i++)
        buf_printf(&bins, "%s{\"above\": %d, \"up_to\": %d, \"rate\": %d}", i ? ", " : "", i, i + 1,
                   i);
    return changed(arena, "{\"above\": 0, \"up_to\": 5, \"rate\": 0.5}", buf_str(&bins).ptr);
}

static void a_feature_has_at_most_64_bins(void **state)
{
    Arena *arena = *state;
    ScoreCard *card;
    assert_no_error(card_parse(arena, with_bins(arena, 64), &card));
    assert_int_equal(card->features[1].bin_count, 64);
    assert_true(card->features[1].bins[63].rate == 63);
    assert_error(card_parse(arena, with_bins(arena, 65), &card), ERROR_INVALID,
                 "feature 'total_debt_to_ebitda': it has 65 bins; 1 to 64 are allowed.");
}

static void risk_levels_are_checked(void **state)
{
    static const Change changes[] = {
        {"{\"level\": \"LOW\"}", "\"LOW\"", "risk level 3: an object was expected."},
        {"{\"level\": \"LOW\"}", "{}", "risk level 3: \"level\" is missing."},
        {"\"LOW\"", "\"low\"",
         "risk level 3: \"level\" is \"low\"; it must be LOW, MEDIUM, HIGH or CRITICAL."},
        {"\"LOW\"", "\"HIGH\"",
         "risk level 3: HIGH cannot follow HIGH; levels go from the most severe down, each once."},
        {"\"HIGH\"", "\"LOW\"",
         "risk level 3: LOW cannot follow LOW; levels go from the most severe down, each once."},
        {"\"CRITICAL\"", "\"MEDIUM\"",
         "risk level 2: HIGH cannot follow MEDIUM; levels go from the most severe down, each "
         "once."},
        {"\"LOW\"", "\"LOW\", \"from_percent\": 0",
         "risk level 3: the last level takes all the rest, so it has no bound."},
        {"\"LOW\"", "\"LOW\", \"above_percent\": 0",
         "risk level 3: the last level takes all the rest, so it has no bound."},
        {", \"from_percent\": 7.5", "",
         "risk level 2: it needs either \"above_percent\" or \"from_percent\"."},
        {"\"from_percent\": 7.5", "\"from_percent\": 7.5, \"above_percent\": 7.5",
         "risk level 2: it needs either \"above_percent\" or \"from_percent\"."},
        {"7.5", "null", "risk level 2: \"from_percent\" must be a number, not null."},
        {"7.5", "-0.1", "risk level 2: its bound must be a percentage from 0 to 100."},
        {": 20}", ": 100.5}", "risk level 1: its bound must be a percentage from 0 to 100."},
        {"7.5", "20", "risk level 2: its bound must be lower than that of the level before it."},
        {"7.5", "21", "risk level 2: its bound must be lower than that of the level before it."},
        {"\"from_percent\"", "\"percent\"", "risk level 2: \"percent\" is not known here."},
    };
    assert_refused(*state, changes, ARRAY_COUNT(changes), ERROR_INVALID);
}

static Str with_lists(Arena *arena, const char *features, const char *levels)
{
    return str_printf(arena,
                      "{\"format\": \"obligor-scorecard/1\", \"kind\": \"quarterly\","
                      " \"name\": \"n\", \"version\": \"v\", \"intercept\": 0%s%s}",
                      features, levels);
}

#define ONE_FEATURE                                                                                \
    ", \"features\": [{\"field\": \"sga_margin\", \"coefficient\": 1, \"missing\": 0,"             \
    " \"otherwise\": 0, \"bins\": [{\"above\": null, \"up_to\": null, \"rate\": 1}]}]"

static void lists_are_not_empty(void **state)
{
    Arena *arena = *state;
    ScoreCard *card;
    assert_error(card_parse(arena, with_lists(arena, ", \"features\": []", ""), &card),
                 ERROR_INVALID,
                 "score card: \"features\" is empty; a score card needs at least one.");
    assert_error(card_parse(arena, with_lists(arena, ONE_FEATURE, ", \"risk_levels\": []"), &card),
                 ERROR_INVALID,
                 "score card: \"risk_levels\" is empty; leave it out for the usual levels.");
}

static void a_good_card_becomes_a_score_card(void **state)
{
    ScoreCard *card = NULL;
    assert_no_error(card_parse(*state, str_from(GOOD), &card));
    assert_int_equal(card->kind, KIND_ANNUAL);
    assert_string_equal(card->name, "test card");
    assert_string_equal(card->version, "1");
    assert_string_equal(card->description, "for tests");
    assert_true(card->illustrative);
    assert_false(card->has_trees);
    assert_true(card->intercept == -4.5);
    assert_int_equal(card->feature_count, 2);

    const CardFeature *first = &card->features[0], *second = &card->features[1];
    assert_int_equal(first->ratio, 4);
    assert_true(first->coefficient == 1.75 && first->missing == 0.04 && first->otherwise == 0.06);
    static const CardBin bins[] = {{-INFINITY, -1.19, 0.05}, {-1.19, 3, 0.03}, {4, INFINITY, 0.01}};
    assert_int_equal(first->bin_count, ARRAY_COUNT(bins));
    assert_memory_equal(first->bins, bins, sizeof bins);
    assert_int_equal(second->ratio, 1);
    assert_true(second->coefficient == -2 && second->missing == 0 && second->otherwise == 1);
    assert_int_equal(second->bin_count, 1);

    assert_int_equal(card->level_count, 3);
    assert_int_equal(card->levels[0].level, RISK_CRITICAL);
    assert_true(card->levels[0].percent == 20 && !card->levels[0].inclusive);
    assert_int_equal(card->levels[1].level, RISK_HIGH);
    assert_true(card->levels[1].percent == 7.5 && card->levels[1].inclusive);
    assert_int_equal(card->levels[2].level, RISK_LOW);
    assert_true(card->levels[2].percent == -INFINITY);
}

static void what_may_be_left_out_has_its_default(void **state)
{
    Arena *arena = *state;
    ScoreCard *card = NULL;
    assert_no_error(card_parse(arena, with_lists(arena, ONE_FEATURE, ""), &card));
    assert_int_equal(card->kind, KIND_QUARTERLY);
    assert_string_equal(card->description, "");
    assert_false(card->illustrative);
    assert_true(card->features[0].bins[0].above == -INFINITY);
    assert_true(card->features[0].bins[0].up_to == INFINITY);
    assert_int_equal(card->level_count, RISK_LEVEL_COUNT);
    static const double percents[] = {15, 5, 2, -INFINITY};
    for (size_t i = 0; i < RISK_LEVEL_COUNT; i++) {
        assert_int_equal(card->levels[i].level, RISK_CRITICAL - i);
        assert_true(card->levels[i].percent == percents[i]);
        assert_int_equal(card->levels[i].inclusive, i == 1 || i == 2);
    }
    assert_no_error(card_parse(
        arena, with_lists(arena, ONE_FEATURE, ", \"risk_levels\": [{\"level\": \"MEDIUM\"}]"),
        &card));
    assert_int_equal(card->level_count, 1);
    assert_int_equal(card->levels[0].level, RISK_MEDIUM);
}

#define TREES(members) ONE_FEATURE, ", \"trees\": {" members "}"

static void trees_are_checked(void **state)
{
    Arena *arena = *state;
    ScoreCard *card;
    Str text = with_lists(arena, TREES("\"format\": \"xgboost\", \"file\": \"t\","
                                       " \"missing_as\": 0, \"fields\": []"));
    assert_error(card_parse(arena, text, &card), ERROR_UNSUPPORTED,
                 "trees: \"format\" is \"xgboost\"; this version knows \"lightgbm-text\".");
    text = with_lists(arena, TREES("\"file\": \"t\", \"fields\": []"));
    assert_error(card_parse(arena, text, &card), ERROR_INVALID, "trees: \"format\" is missing.");
    text = with_lists(arena, TREES("\"format\": \"lightgbm-text\", \"file\": \"t\","
                                   " \"fields\": []"));
    assert_error(card_parse(arena, text, &card), ERROR_INVALID,
                 "trees: \"missing_as\" is missing.");
    text = with_lists(
        arena, TREES("\"format\": \"lightgbm-text\", \"file\": \"t\","
                     " \"missing_as\": 0, \"fields\": [\"sga_margin\", \"return_on_assets\"]"));
    assert_error(card_parse(arena, text, &card), ERROR_INVALID,
                 "trees: entry 2 of \"fields\" is no ratio of the quarterly kind.");
    text = with_lists(arena, TREES("\"format\": \"lightgbm-text\", \"file\": \"t\","
                                   " \"missing_as\": 0, \"fields\": [1]"));
    assert_error(card_parse(arena, text, &card), ERROR_INVALID,
                 "trees: entry 1 of \"fields\" is no ratio of the quarterly kind.");
    text = with_lists(arena, TREES("\"format\": \"lightgbm-text\", \"file\": \"t\","
                                   " \"fields\": [], \"scale\": 1"));
    assert_error(card_parse(arena, text, &card), ERROR_INVALID,
                 "trees: \"scale\" is not known here.");
    text = changed(arena, "\"intercept\"", "\"trees\": {}, \"intercept\"");
    assert_error(card_parse(arena, text, &card), ERROR_INVALID,
                 "trees: predictions of the annual kind have no score for them.");
}

static void a_card_with_trees_loads_without_them(void **state)
{
    Arena *arena = *state;
    ScoreCard *card = NULL;
    Str text = with_lists(arena, TREES("\"format\": \"lightgbm-text\", \"file\": \"trees.txt\","
                                       " \"fields\": [\"sga_margin\"], \"missing_as\": 0.0"));
    assert_no_error(card_parse(arena, text, &card));
    assert_true(card->has_trees);
    text = changed(arena, "\"intercept\"",
                   "\"ensemble\": \"logistic\", \"$schema\": \"x\", \"intercept\"");
    assert_no_error(card_parse(arena, text, &card));
    assert_false(card->has_trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_json_is_malformed),
        TEST(other_formats_are_unsupported),
        TEST(a_card_is_an_object),
        TEST(the_head_is_checked),
        TEST(features_are_checked),
        TEST(bins_are_checked),
        TEST(a_feature_has_at_most_64_bins),
        TEST(risk_levels_are_checked),
        TEST(lists_are_not_empty),
        TEST(a_good_card_becomes_a_score_card),
        TEST(what_may_be_left_out_has_its_default),
        TEST(trees_are_checked),
        TEST(a_card_with_trees_loads_without_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
