/* A list of our own instead of all that iconv knows: a file comes from a stranger, and some of the rarer
 * converters have been found to hang or to abort on bytes made for it. What is here has no states that outlast
 * a line, and is what spreadsheets and databases write. */
#include "format/text_encoding.h"

#include "base/check.h"

static const TextEncoding ENCODINGS[] = {
    {"utf-8", NULL, 1},
    {"utf-16", "UTF-16", 2},
    {"utf-16le", "UTF-16LE", 2},
    {"utf-16be", "UTF-16BE", 2},
    {"utf-32", "UTF-32", 4},
    {"utf-32le", "UTF-32LE", 4},
    {"utf-32be", "UTF-32BE", 4},
    {"us-ascii", "US-ASCII", 1},
    {"windows-1250", "CP1250", 1},
    {"windows-1251", "CP1251", 1},
    {"windows-1252", "CP1252", 1},
    {"windows-1253", "CP1253", 1},
    {"windows-1254", "CP1254", 1},
    {"windows-1255", "CP1255", 1},
    {"windows-1256", "CP1256", 1},
    {"windows-1257", "CP1257", 1},
    {"windows-1258", "CP1258", 1},
    {"windows-874", "CP874", 1},
    {"iso-8859-1", "ISO-8859-1", 1},
    {"iso-8859-2", "ISO-8859-2", 1},
    {"iso-8859-3", "ISO-8859-3", 1},
    {"iso-8859-4", "ISO-8859-4", 1},
    {"iso-8859-5", "ISO-8859-5", 1},
    {"iso-8859-6", "ISO-8859-6", 1},
    {"iso-8859-7", "ISO-8859-7", 1},
    {"iso-8859-8", "ISO-8859-8", 1},
    {"iso-8859-9", "ISO-8859-9", 1},
    {"iso-8859-10", "ISO-8859-10", 1},
    {"iso-8859-13", "ISO-8859-13", 1},
    {"iso-8859-14", "ISO-8859-14", 1},
    {"iso-8859-15", "ISO-8859-15", 1},
    {"iso-8859-16", "ISO-8859-16", 1},
    {"macintosh", "MACINTOSH", 1},
    {"koi8-r", "KOI8-R", 1},
    {"koi8-u", "KOI8-U", 1},
    {"cp437", "CP437", 1},
    {"cp850", "CP850", 1},
    {"cp852", "CP852", 1},
    {"cp866", "CP866", 1},
    {"shift_jis", "CP932", 1},
    {"euc-jp", "EUC-JP", 1},
    {"gb18030", "GB18030", 1},
    {"big5", "BIG5", 1},
    {"euc-kr", "CP949", 1},
};

/* Second names; of gbk and gb2312 gb18030 is the larger form. */
static const char *const ALIASES[][2] = {
    {"ascii", "us-ascii"},      {"latin1", "iso-8859-1"},   {"latin2", "iso-8859-2"},
    {"latin9", "iso-8859-15"},  {"cp1250", "windows-1250"}, {"cp1251", "windows-1251"},
    {"cp1252", "windows-1252"}, {"ansi", "windows-1252"},   {"cp1253", "windows-1253"},
    {"cp1254", "windows-1254"}, {"cp1255", "windows-1255"}, {"cp1256", "windows-1256"},
    {"cp1257", "windows-1257"}, {"cp1258", "windows-1258"}, {"macroman", "macintosh"},
    {"sjis", "shift_jis"},      {"cp932", "shift_jis"},     {"windows-31j", "shift_jis"},
    {"gbk", "gb18030"},         {"gb2312", "gb18030"},      {"cp936", "gb18030"},
    {"cp949", "euc-kr"},        {"cp950", "big5"},          {"ibm850", "cp850"},
    {"ibm437", "cp437"},        {"cp874", "windows-874"},
};

static bool is_separator(char c)
{
    return c == ' ' || c == '-' || c == '_';
}

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same_name(Str given, const char *name)
{
    size_t at = 0;
    for (; *name != '\0'; name++) {
        if (is_separator(*name))
            continue;
        while (at < given.len && is_separator(given.ptr[at]))
            at++;
        if (at == given.len || folded(given.ptr[at]) != *name)
            return false;
        at++;
    }
    return at == given.len;
}

const TextEncoding *text_encoding_find(Str name)
{
    name = str_trim(name);
    for (size_t i = 0; i < ARRAY_COUNT(ALIASES); i++)
        if (same_name(name, ALIASES[i][0]))
            name = str_from(ALIASES[i][1]);
    for (size_t i = 0; i < ARRAY_COUNT(ENCODINGS); i++)
        if (same_name(name, ENCODINGS[i].name))
            return &ENCODINGS[i];
    return NULL;
}

const char *text_encoding_names(Arena *arena)
{
    Buf names = buf_new(arena, 4096);
    for (size_t i = 0; i < ARRAY_COUNT(ENCODINGS); i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", ENCODINGS[i].name);
    return str_dup(arena, buf_str(&names));
}
