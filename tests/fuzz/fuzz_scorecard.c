/* The score card's loader: whatever loads keeps every promise that scoring relies on. */
#include "base/check.h"
#include "format/card_json.h"
#include "replay.h"

#include <math.h>

static void check_feature(const ScoreCard *card, const CardFeature *feature)
{
    CHECK(feature->ratio < kind_spec(card->kind)->ratio_count);
    CHECK(fabs(feature->coefficient) <= CARD_TERM_MAX && fabs(feature->missing) <= CARD_TERM_MAX &&
          fabs(feature->otherwise) <= CARD_TERM_MAX);
    CHECK(feature->bin_count >= 1 && feature->bin_count <= CARD_BIN_MAX);
    for (size_t i = 0; i < feature->bin_count; i++) {
        const CardBin *bin = &feature->bins[i];
        CHECK(bin->above < bin->up_to);
        CHECK(i == 0 || feature->bins[i - 1].up_to <= bin->above);
        CHECK(fabs(bin->rate) <= CARD_TERM_MAX);
    }
}

static void check_levels(const ScoreCard *card)
{
    CHECK(card->level_count >= 1 && card->level_count <= RISK_LEVEL_COUNT);
    for (size_t i = 0; i < card->level_count; i++) {
        const CardLevel *level = &card->levels[i];
        CHECK(level->level < RISK_LEVEL_COUNT);
        CHECK(i == 0 || level->level < level[-1].level);
        CHECK(i == 0 || level->percent < level[-1].percent);
        if (i + 1 < card->level_count)
            CHECK(level->percent >= 0 && level->percent <= 100);
        else
            CHECK(level->percent == -INFINITY);
    }
}

static void check_card(const ScoreCard *card)
{
    bool seen[RATIO_MAX] = {false};
    CHECK(card->kind < KIND_COUNT && card->name[0] != '\0' && card->version[0] != '\0');
    CHECK(card->description != NULL && fabs(card->intercept) <= CARD_TERM_MAX);
    CHECK(card->feature_count >= 1 && card->feature_count <= kind_spec(card->kind)->ratio_count);
    for (size_t i = 0; i < card->feature_count; i++) {
        check_feature(card, &card->features[i]);
        CHECK(!seen[card->features[i].ratio]);
        seen[card->features[i].ratio] = true;
    }
    check_levels(card);
    CHECK(!card->has_trees || kind_spec(card->kind)->score_count > 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    ScoreCard *card;
    Error *error = card_parse(arena, (Str){(const char *)data, size}, &card);
    if (error == NULL)
        check_card(card);
    else
        CHECK(error->code == ERROR_INVALID || error->code == ERROR_MALFORMED ||
              error->code == ERROR_UNSUPPORTED || error->code == ERROR_TOO_LARGE);
    arena_free(arena);
    return 0;
}
