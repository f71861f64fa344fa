/* A field value is a word and parameters: `form-data; name="file"; filename="a.csv"`. File names
 * come in three dialects: quoted with \" and \\ (curl), quoted with %22 for a quote and backslashes
 * as they are (browsers; some old ones send the whole path), and percent-encoded UTF-8 as
 * `filename*` (RFC 5987), which counts where both are there. So a backslash escapes only a quote or
 * a backslash, and only %22, %0D and %0A are undone in a quoted name.
 *
 * A name is shown to people and put into headers again: folders, control characters and what is not
 * UTF-8 stop here. */
#include "format/multipart_header.h"

#include "base/check.h"
#include "base/utf8.h"

typedef struct Param {
    Str name;
    Str value;
} Param;

static Error *malformed(Arena *arena, const char *field)
{
    return ERROR(arena, ERROR_MALFORMED, "The %s of the form is malformed.", field);
}

/* ---- words and parameters ------------------------------------------------------------------- */

static Str take_word(Str *rest)
{
    size_t end = rest->len;
    str_find(*rest, ';', &end);
    Str word = str_trim(str_slice(*rest, 0, end));
    *rest = str_slice(*rest, end, rest->len);
    return word;
}

static bool is_escape(Str text, size_t at)
{
    return text.ptr[at] == '\\' && at + 1 < text.len &&
           (text.ptr[at + 1] == '"' || text.ptr[at + 1] == '\\');
}

static bool take_quoted(Arena *arena, Str *rest, Str *ret_value)
{
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] != '"')
        end += is_escape(*rest, end) ? 2 : 1;
    if (end >= rest->len)
        return false;
    Str quoted = str_slice(*rest, 1, end);
    char *value = arena_alloc_raw(arena, quoted.len);
    size_t size = 0;
    for (size_t i = 0; i < quoted.len; i++) {
        i += is_escape(quoted, i);
        value[size++] = quoted.ptr[i];
    }
    *ret_value = (Str){value, size};
    *rest = str_slice(*rest, end + 1, rest->len);
    return true;
}

static Str take_unquoted(Str *rest)
{
    static const Str ends = {"; \t\"", 4};
    size_t end = 0;
    size_t at;
    while (end < rest->len && !str_find(ends, rest->ptr[end], &at))
        end++;
    Str value = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end, rest->len);
    return value;
}

/* The next `; name=value`. False when *rest does not begin with one; then it is good only if
 * nothing is left of it. */
static bool take_param(Arena *arena, Str *rest, Param *ret_param)
{
    *rest = str_trim(*rest);
    size_t at;
    if (rest->len == 0 || rest->ptr[0] != ';')
        return false;
    Str after = str_trim(str_slice(*rest, 1, rest->len));
    if (after.len == 0) {
        *rest = after;
        return false;
    }
    if (!str_find(after, '=', &at))
        return false;
    ret_param->name = str_slice(after, 0, at);
    after = str_slice(after, at + 1, after.len);
    if (after.len > 0 && after.ptr[0] == '"') {
        if (!take_quoted(arena, &after, &ret_param->value))
            return false;
    } else {
        ret_param->value = take_unquoted(&after);
    }
    *rest = after;
    return true;
}

/* Fills *values[i] with the parameter named names[i]; those that are absent keep ptr = NULL. False
 * when one comes twice or the text is no list of parameters. */
static bool read_params(Arena *arena, Str rest, const Str *names, Str *const *values, size_t count)
{
    Param param;
    while (take_param(arena, &rest, &param)) {
        for (size_t i = 0; i < count; i++) {
            if (!str_equal_fold(param.name, names[i]))
                continue;
            if (values[i]->ptr != NULL)
                return false;
            *values[i] = param.value;
        }
    }
    return rest.len == 0;
}

/* ---- boundary ------------------------------------------------------------------------------- */

static bool is_boundary(Str text)
{
    static const Str marks = {"'()+_,-./:=? ", 13};
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        size_t at;
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z');
        if (!alphanumeric && !str_find(marks, byte, &at))
            return false;
    }
    return text.len > 0 && text.ptr[text.len - 1] != ' ';
}

Error *multipart_header_boundary(Arena *arena, Str content_type, Str *ret_boundary)
{
    if (!str_equal_fold(take_word(&content_type), STR("multipart/form-data")))
        return ERROR(arena, ERROR_UNSUPPORTED,
                     "The request must be a form with a file: its Content-Type must be "
                     "multipart/form-data.");
    Str boundary = {NULL, 0};
    static const Str name[] = {{"boundary", 8}};
    if (!read_params(arena, content_type, name, (Str *const[]){&boundary}, 1))
        return malformed(arena, "Content-Type");
    if (boundary.ptr == NULL)
        return ERROR(arena, ERROR_MALFORMED, "The Content-Type of the form names no boundary.");
    if (boundary.len > MULTIPART_BOUNDARY_MAX)
        return ERROR(arena, ERROR_MALFORMED,
                     "The boundary of the form has more than %d characters.",
                     MULTIPART_BOUNDARY_MAX);
    if (!is_boundary(boundary))
        return ERROR(arena, ERROR_MALFORMED,
                     "The boundary of the form is empty or holds a character that is not allowed.");
    *ret_boundary = boundary;
    return NULL;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The byte that the %XX at the front of `text` stands for. */
static bool percent_byte(Str text, uint8_t *ret_byte)
{
    return text.len >= 3 && text.ptr[0] == '%' && hex_parse(str_slice(text, 1, 3), ret_byte, 1);
}

static Str undo_browser_escapes(Arena *arena, Str text)
{
    char *out = arena_alloc_raw(arena, text.len);
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte;
        bool escape = percent_byte(str_slice(text, i, text.len), &byte) &&
                      (byte == '"' || byte == '\r' || byte == '\n');
        out[size++] = escape ? (char)byte : text.ptr[i];
        i += escape ? 2 : 0;
    }
    return (Str){out, size};
}

/* RFC 5987: charset'language'percent-encoded. */
static bool decode_extended(Arena *arena, Str text, Str *ret_name)
{
    Str charset;
    Str language;
    bool parts = str_next(&text, '\'', &charset) && str_next(&text, '\'', &language);
    if (!parts || text.ptr == NULL || !str_equal_fold(charset, STR("UTF-8")))
        return false;
    char *out = arena_alloc_raw(arena, text.len);
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        if (byte == '%') {
            if (!percent_byte(str_slice(text, i, text.len), &byte))
                return false;
            i += 2;
        }
        out[size++] = (char)byte;
    }
    *ret_name = (Str){out, size};
    return true;
}

static Str without_folders(Str path)
{
    size_t from = path.len;
    while (from > 0 && path.ptr[from - 1] != '/' && path.ptr[from - 1] != '\\')
        from--;
    return str_slice(path, from, path.len);
}

static Error *check_name(Arena *arena, const char *what, Str name)
{
    size_t at;
    if (!utf8_check(name, &at))
        return ERROR(arena, ERROR_MALFORMED, "The %s in the form is not UTF-8.", what);
    for (at = 0; at < name.len;) {
        size_t size;
        uint32_t c = utf8_decode(str_slice(name, at, name.len), &size);
        if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            return ERROR(arena, ERROR_MALFORMED, "The %s in the form holds a control character.",
                         what);
        at += size;
    }
    return NULL;
}

static Error *read_filename(Arena *arena, Str plain, Str extended, MultipartPart *part)
{
    Str path = {"", 0};
    if (extended.ptr == NULL)
        path = undo_browser_escapes(arena, plain);
    else if (!decode_extended(arena, extended, &path))
        return malformed(arena, "file name (filename*)");
    Str name = without_folders(path);
    TRY(check_name(arena, "file name", path));
    if (str_is(name, ".") || str_is(name, ".."))
        return ERROR(arena, ERROR_MALFORMED, "The file name in the form is the name of a folder.");
    part->has_filename = true;
    part->filename = str_copy(arena, name);
    return NULL;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static Error *read_disposition(Arena *arena, MultipartHeader *header, Str value)
{
    static const Str names[] = {{"name", 4}, {"filename", 8}, {"filename*", 9}};
    Str name = {NULL, 0};
    Str plain = {NULL, 0};
    Str extended = {NULL, 0};
    bool good = !header->has_disposition && str_equal_fold(take_word(&value), STR("form-data")) &&
                read_params(arena, value, names, (Str *const[]){&name, &plain, &extended}, 3);
    if (!good || name.ptr == NULL)
        return malformed(arena, "Content-Disposition");
    header->has_disposition = true;
    header->part.name = undo_browser_escapes(arena, name);
    TRY(check_name(arena, "field name", header->part.name));
    if (plain.ptr == NULL && extended.ptr == NULL)
        return NULL;
    return read_filename(arena, plain, extended, &header->part);
}

static Error *check_transfer_encoding(Arena *arena, Str value)
{
    static const char *const plain[] = {"binary", "8bit", "7bit"};
    for (size_t i = 0; i < ARRAY_COUNT(plain); i++)
        if (str_equal_fold(value, str_from(plain[i])))
            return NULL;
    return ERROR(arena, ERROR_UNSUPPORTED,
                 "The form has a Content-Transfer-Encoding; send the file as it is.");
}

static bool is_line(Str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (((uint8_t)line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7F)
            return false;
    return line.ptr[0] != ' ' && line.ptr[0] != '\t';
}

Error *multipart_header_add(Arena *arena, MultipartHeader *header, Str line)
{
    size_t colon;
    if (!is_line(line) || !str_find(line, ':', &colon))
        return ERROR(arena, ERROR_MALFORMED, "A header line in the form is malformed.");
    Str name = str_slice(line, 0, colon);
    Str value = str_trim(str_slice(line, colon + 1, line.len));
    if (str_equal_fold(name, STR("Content-Disposition")))
        return read_disposition(arena, header, value);
    if (str_equal_fold(name, STR("Content-Type")))
        header->part.content_type = str_copy(arena, value);
    if (str_equal_fold(name, STR("Content-Transfer-Encoding")))
        return check_transfer_encoding(arena, value);
    return NULL;
}
