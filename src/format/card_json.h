/* A score card as an obligor-scorecard/1 file. */
#ifndef OBLIGOR_FORMAT_CARD_JSON_H
#define OBLIGOR_FORMAT_CARD_JSON_H

#include "base/error.h"
#include "model/card.h"

enum { CARD_NAME_MAX = 100, CARD_VERSION_MAX = 50, CARD_DESCRIPTION_MAX = 4000 }; /* characters */

#define CARD_TERM_MAX 1e9 /* size of an intercept, a coefficient or a rate */

/* Reads a card and refuses one that is not sound: ERROR_MALFORMED when it is no JSON,
 * ERROR_UNSUPPORTED when it is a card of another format or asks for what this version cannot do,
 * ERROR_INVALID when a rule is broken. The message names the feature by its field and the bin or
 * risk level by its number, from 1: "feature 'return_on_assets', bin 3: \"rate\" is missing.".
 *
 * A card that loads gives a finite z for all finite and missing ratios. Without "risk_levels" the
 * levels are CRITICAL above 15 percent, HIGH from 5, MEDIUM from 2, else LOW. The shape of "trees"
 * is checked, and that the card names them is noted in `has_trees`; the file they stand in is not
 * read. */
Error *card_parse(Arena *arena, Str text, ScoreCard **ret_card) MUST_CHECK;

#endif
