/* Query and form are one set of names: which of two values of one option were meant nobody can
 * know. */
#include "http/upload_options.h"

#include "base/check.h"
#include "format/text_encoding.h"
#include "http/scope.h"
#include "model/words.h"

static void add_field(Params *all, const Param *field)
{
    for (size_t i = 0; i < all->count; i++)
        if (str_equal(all->items[i].name, field->name)) {
            params_wrong(all, json_shown(all->arena, field->name), "given_twice",
                         "%s stands both in the query and in the form.",
                         json_shown(all->arena, field->name));
            return;
        }
    if (all->count < PARAMS_MAX)
        params_add(all, field->name, field->value);
}

static Params join(Request *request)
{
    Params all = {.arena = request->arena, .strict = true};
    for (size_t i = 0; i < request->query.count; i++)
        params_add(&all, request->query.items[i].name, request->query.items[i].value);
    for (size_t i = 0; i < request->upload.fields.count; i++)
        add_field(&all, &request->upload.fields.items[i]);
    request->query.checked = true; /* all of it is checked through `all` */
    for (size_t i = 0; i < request->query.count; i++)
        request->query.items[i].used = true;
    return all;
}

static char read_delimiter(Params *all)
{
    static const char *const words[] = {",", "comma", ";", "semicolon", "\t", "tab"};
    static const char chars[] = {',', ',', ';', ';', '\t', '\t'};
    const Param *param = params_find(all, "delimiter");
    if (param == NULL)
        return 0;
    int found = words_find_fold(words, ARRAY_COUNT(words), param->value);
    if (found >= 0)
        return chars[found];
    params_wrong(all, "delimiter", "not_allowed",
                 "delimiter must be comma, semicolon or tab, not \"%s\".",
                 json_shown(all->arena, param->value));
    return 0;
}

static const char *read_sheet(Params *all)
{
    Str sheet = params_text(all, "sheet", SHEET_OPTION_MAX);
    return sheet.len == 0 ? NULL : str_dup(all->arena, sheet);
}

static const char *read_encoding(Params *all)
{
    const Param *param = params_find(all, "encoding");
    if (param == NULL)
        return NULL;
    const TextEncoding *encoding = text_encoding_find(param->value);
    if (encoding != NULL)
        return encoding->name;
    params_wrong(
        all, "encoding", "not_allowed",
        "encoding \"%s\" is not known here. Save the file as \"CSV UTF-8\", which needs no "
        "option, or choose one of: %s.",
        json_shown(all->arena, param->value), text_encoding_names(all->arena));
    return NULL;
}

static void check_decimal(Params *all, const ImportOptions *options)
{
    if (options->decimal == DECIMAL_COMMA && options->delimiter == ',')
        params_wrong(all, "decimal", "decimal_is_delimiter",
                     "decimal=comma goes with delimiter=semicolon or delimiter=tab.");
}

static ImportOptions read_options(Params *all)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.on_duplicate = (OnDuplicate)params_word(all, "on_duplicate", ON_DUPLICATE_WORDS,
                                                    DUPLICATE_COUNT, DUPLICATE_REJECT);
    options.on_error =
        (OnError)params_word(all, "on_error", ON_ERROR_WORDS, ON_ERROR_COUNT, ON_ERROR_KEEP);
    options.max_failed_rows = params_int(all, "max_failed_rows", 0, INT64_MAX, -1);
    options.dry_run = params_bool(all, "dry_run", false);
    options.update_companies = params_bool(all, "update_companies", false);
    options.market_cap_unit =
        (CapUnit)params_word(all, "market_cap_unit", CAP_UNIT_WORDS, CAP_UNIT_COUNT, CAP_USD);
    options.delimiter = read_delimiter(all);
    options.sheet = read_sheet(all);
    options.encoding = read_encoding(all);
    options.decimal = (DecimalMark)params_word(all, "decimal", DECIMAL_MARK_WORDS,
                                               DECIMAL_MARK_COUNT, DECIMAL_POINT);
    check_decimal(all, &options);
    return options;
}

static Kind read_kind(Params *all)
{
    const char *words[KIND_COUNT];
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        words[kind] = kind_spec(kind)->word;
    params_need(all, "job_type");
    return (Kind)params_word(all, "job_type", words, KIND_COUNT, KIND_ANNUAL);
}

Error *upload_options_read(Request *request, bool with_kind, UploadRequest *upload)
{
    Params all = join(request);
    upload->kind = with_kind ? read_kind(&all) : request->values.kind;
    upload->options = read_options(&all);
    upload->personal = scope_read(&all, request->who);
    params_uuid(&all, "retry_of", &upload->retry_of);
    upload->filename = request->upload.filename;
    if (upload->filename.len == 0)
        upload->filename = params_text(&all, "filename", 255);
    params_bool(&all, "allow_duplicate_file",
                true); /* a file seen before is pointed out, not refused */
    return params_check(&all);
}
