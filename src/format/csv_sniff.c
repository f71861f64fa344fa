/* People send what they have: a workbook, an archive, a file saved as "Unicode text". A table of
 * signatures turns each into a sentence that says what to do; without it they would meet a thousand
 * rows that are not UTF-8.
 *
 * The delimiter is found without knowing it: a quote opens where a cell may begin by any candidate,
 * and candidates count only outside quotes. */
#include "format/csv_sniff.h"

#include "base/check.h"

#define AS_CSV "open it there and save it as CSV (UTF-8)"
#define MARKUP                                                                                     \
    "This is a web page or another document of tags, not a table, even if its name ends in .xls; " \
    "open it in a spreadsheet program and save it as .xlsx or CSV (UTF-8)."

typedef struct Signature {
    Str bytes;
    const char *reason;
    const char *message;
} Signature;

static const char not_csv[] = "not_csv";
static const char not_utf8[] = "not_utf8";

/* Where one is the beginning of another, the longer stands first. */
static const Signature signatures[] = {
    {STR("PK\003\004"), not_csv,
     "This is an Excel workbook or another zip archive, not a CSV file; if it came from a "
     "spreadsheet, " AS_CSV "."},
    {STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), not_csv,
     "This is an old Excel workbook (.xls) or another Office document, not a CSV file; if it came "
     "from a spreadsheet, " AS_CSV "."},
    {STR("{\\rtf"), not_csv, "This is a rich text document, not a CSV file."},
    {STR("%PDF-"), not_csv, "This is a PDF document, not a CSV file."},
    {STR("<?xml"), not_csv, MARKUP},
    {STR("<!DOCTYPE"), not_csv, MARKUP},
    {STR("<!doctype"), not_csv, MARKUP},
    {STR("<html"), not_csv, MARKUP},
    {STR("<HTML"), not_csv, MARKUP},
    {STR("<table"), not_csv, MARKUP},
    {STR("\x1F\x8B"), not_csv, "This file is compressed with gzip; unpack it and send the CSV."},
    {STR("\x28\xB5\x2F\xFD"), not_csv,
     "This file is compressed with zstd; unpack it and send the CSV."},
    {STR("\xFF\xFE\0\0"), not_utf8, "This file is in UTF-32; save it as UTF-8."},
    {STR("\0\0\xFE\xFF"), not_utf8, "This file is in UTF-32; save it as UTF-8."},
    {STR("\xFF\xFE"), not_utf8, "This file is in UTF-16; save it as UTF-8."},
    {STR("\xFE\xFF"), not_utf8, "This file is in UTF-16; save it as UTF-8."},
};

static const char candidates[CSV_SNIFF_DELIMITERS] = {',', ';', '\t'};

static const Signature *find_signature(Str head)
{
    for (size_t i = 0; i < ARRAY_COUNT(signatures); i++)
        if (str_starts_with(head, signatures[i].bytes))
            return &signatures[i];
    return NULL;
}

static Error *refuse(Arena *arena, const Signature *signature)
{
    return error_with_reason(ERROR(arena, ERROR_UNSUPPORTED, "%s", signature->message),
                             signature->reason);
}

Error *csv_sniff_binary(Arena *arena, Str head)
{
    const Signature *found = find_signature(head);
    return found != NULL && found->reason == not_csv ? refuse(arena, found) : NULL;
}

Error *csv_sniff_content(Arena *arena, Str head, size_t *ret_skip)
{
    static const Str bom = {"\xEF\xBB\xBF", 3};
    const Signature *found = find_signature(head);
    if (found != NULL)
        return refuse(arena, found);
    size_t at;
    if (str_find(head, '\0', &at))
        return error_with_reason(
            ERROR(arena, ERROR_UNSUPPORTED,
                  "This is not a text file: byte %zu is NUL. If it came from a spreadsheet, " AS_CSV
                  ".",
                  at),
            not_csv);
    *ret_skip = str_starts_with(head, bom) ? bom.len : 0;
    return NULL;
}

static bool is_candidate(char byte, size_t *ret_index)
{
    for (size_t i = 0; i < CSV_SNIFF_DELIMITERS; i++) {
        if (candidates[i] == byte) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* `before` is 0 at the beginning of the row, where a quote opens too. Behind a closing quote
 * `before` is the quote: one more quote makes a pair, and the cell goes on. */
bool csv_sniff_add(CsvSniff *sniff, Str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char byte = bytes.ptr[i];
        size_t index;
        if (sniff->quoted) {
            sniff->quoted = byte != '"';
        } else if (byte == '\r' || byte == '\n') {
            if (sniff->in_row)
                return true;
            continue;
        } else if (byte == '"') {
            /* A quote that is text sets `before` too; a second one behind it would seem to open. */
            sniff->quoted =
                sniff->before == 0 || sniff->before == '"' || is_candidate(sniff->before, &index);
            byte = sniff->quoted ? byte : ' ';
        } else if (is_candidate(byte, &index)) {
            sniff->counts[index]++;
        }
        sniff->in_row = true;
        sniff->before = byte;
    }
    return false;
}

char csv_sniff_delimiter(const CsvSniff *sniff)
{
    size_t best = 0;
    for (size_t i = 1; i < CSV_SNIFF_DELIMITERS; i++)
        if (sniff->counts[i] > sniff->counts[best])
            best = i;
    return candidates[best];
}
