/* Both directions go member by member; the words are those of the enums in model/job.h. */
#include "format/options_json.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/json_out.h"
#include "format/text_encoding.h"
#include "model/words.h"

static const JsonRule MEMBERS[] = {
    {"on_duplicate", JSON_IS_STRING, false},
    {"on_error", JSON_IS_STRING, false},
    {"max_failed_rows", JSON_IS_NUMBER | JSON_IS_NULL, false},
    {"dry_run", JSON_IS_BOOL, false},
    {"update_companies", JSON_IS_BOOL, false},
    {"market_cap_unit", JSON_IS_STRING, false},
    {"delimiter", JSON_IS_STRING | JSON_IS_NULL, false},
    {"sheet", JSON_IS_STRING | JSON_IS_NULL, false},
    {"encoding", JSON_IS_STRING | JSON_IS_NULL, false},
    {"decimal", JSON_IS_STRING, false},
};

Str options_format(Arena *arena, const ImportOptions *options)
{
    Buf text = buf_new(arena, 1024);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    json_put_text(&out, "on_duplicate", ON_DUPLICATE_WORDS[options->on_duplicate]);
    json_put_text(&out, "on_error", ON_ERROR_WORDS[options->on_error]);
    if (options->max_failed_rows < 0 || options->max_failed_rows > JSON_INT_MAX)
        json_put_null(&out, "max_failed_rows");
    else
        json_put_int(&out, "max_failed_rows", options->max_failed_rows);
    json_put_bool(&out, "dry_run", options->dry_run);
    json_put_bool(&out, "update_companies", options->update_companies);
    json_put_text(&out, "market_cap_unit", CAP_UNIT_WORDS[options->market_cap_unit]);
    if (options->delimiter == 0)
        json_put_null(&out, "delimiter");
    else
        json_put_str(&out, "delimiter", (Str){&options->delimiter, 1});
    json_put_text(&out, "sheet", options->sheet);
    json_put_text(&out, "encoding", options->encoding);
    json_put_text(&out, "decimal", DECIMAL_MARK_WORDS[options->decimal]);
    json_end_object(&out);
    json_out_close(&out);
    return buf_str(&text);
}

typedef struct WordMember {
    const char *key;
    const char *const *words;
    size_t count;
} WordMember;

/* The member's word as an enum's value; `otherwise` when it is not there. */
static int read_word(Arena *arena, const JsonValue *object, const WordMember *member, int otherwise,
                     ErrorField **wrong)
{
    Str word;
    if (!json_to_str(json_find(object, member->key), &word))
        return otherwise;
    int found = words_find(member->words, member->count, word);
    if (found < 0)
        error_field_add(arena, wrong, member->key, "not_allowed", "\"%s\" must be %s.", member->key,
                        words_list(arena, member->words, member->count));
    return found;
}

static void read_words(Arena *arena, const JsonValue *object, ImportOptions *options,
                       ErrorField **wrong)
{
    static const WordMember on_duplicate = {"on_duplicate", ON_DUPLICATE_WORDS, DUPLICATE_COUNT};
    static const WordMember on_error = {"on_error", ON_ERROR_WORDS, ON_ERROR_COUNT};
    static const WordMember cap_unit = {"market_cap_unit", CAP_UNIT_WORDS, CAP_UNIT_COUNT};
    static const WordMember decimal = {"decimal", DECIMAL_MARK_WORDS, DECIMAL_MARK_COUNT};
    options->on_duplicate =
        (OnDuplicate)read_word(arena, object, &on_duplicate, (int)options->on_duplicate, wrong);
    options->on_error = (OnError)read_word(arena, object, &on_error, (int)options->on_error, wrong);
    options->market_cap_unit =
        (CapUnit)read_word(arena, object, &cap_unit, (int)options->market_cap_unit, wrong);
    options->decimal =
        (DecimalMark)read_word(arena, object, &decimal, (int)options->decimal, wrong);
}

static void read_delimiter(Arena *arena, const JsonValue *object, ImportOptions *options,
                           ErrorField **wrong)
{
    Str text;
    if (!json_to_str(json_find(object, "delimiter"), &text))
        return;
    char c = text.len == 1 ? text.ptr[0] : '"';
    if (c == '"' || (c < ' ' && c != '\t') || c == 0x7F)
        error_field_add(arena, wrong, "delimiter", "not_allowed",
                        "\"delimiter\" must be one ASCII character, and no quote or line end.");
    else
        options->delimiter = c;
}

static void read_sheet(Arena *arena, const JsonValue *object, ImportOptions *options,
                       ErrorField **wrong)
{
    Str text;
    size_t at;
    if (!json_to_str(json_find(object, "sheet"), &text))
        return;
    if (text.len == 0 || utf8_length(text) > SHEET_OPTION_MAX || str_find(text, '\0', &at))
        error_field_add(arena, wrong, "sheet", "not_allowed",
                        "\"sheet\" must be a name or a number of 1 to %d characters.",
                        SHEET_OPTION_MAX);
    else
        options->sheet = str_dup(arena, text);
}

static void read_encoding(Arena *arena, const JsonValue *object, ImportOptions *options,
                          ErrorField **wrong)
{
    Str name;
    if (!json_to_str(json_find(object, "encoding"), &name))
        return;
    const TextEncoding *encoding = text_encoding_find(name);
    if (encoding == NULL)
        error_field_add(arena, wrong, "encoding", "not_allowed", "\"encoding\" must be one of: %s.",
                        text_encoding_names(arena));
    else
        options->encoding = encoding->name;
}

Error *options_parse(Arena *arena, Str text, ImportOptions *ret_options)
{
    const JsonValue *object;
    TRY(json_parse(arena, text, &object));
    if (!json_is(object, JSON_IS_OBJECT))
        return ERROR(arena, ERROR_INVALID, "The options must be an object.");
    ErrorField *wrong = NULL;
    json_check_members(arena, object, MEMBERS, ARRAY_COUNT(MEMBERS), &wrong);
    TRY(error_from_fields(arena, wrong));

    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    read_words(arena, object, &options, &wrong);
    const JsonValue *most = json_find(object, "max_failed_rows");
    if (json_is(most, JSON_IS_NUMBER) && !json_to_int(most, 0, INT64_MAX, &options.max_failed_rows))
        error_field_add(arena, &wrong, "max_failed_rows", "not_allowed",
                        "\"max_failed_rows\" must be a whole number of at least 0, or null.");
    json_to_bool(json_find(object, "dry_run"), &options.dry_run);
    json_to_bool(json_find(object, "update_companies"), &options.update_companies);
    read_delimiter(arena, object, &options, &wrong);
    read_sheet(arena, object, &options, &wrong);
    read_encoding(arena, object, &options, &wrong);
    TRY(error_from_fields(arena, wrong));
    *ret_options = options;
    return NULL;
}
