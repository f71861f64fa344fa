/* The part of a workbook that lists its shared texts: <sst> holds <si>, each a <t> or runs <r> with a <t> in
 * each. <rPh>, which says how to pronounce them, and everything else is skipped. */
#include "format/xlsx_cell.h"
#include "format/xlsx_strings.h"
#include "format/xlsx_xml.h"

typedef enum Place { OUTSIDE, IN_LIST, IN_ITEM, IN_RUN, IN_TEXT } Place;

typedef struct Reading {
    XlsxStrings *strings;
    XlsxXml *xml;
    Place place;
    bool in_run;
    int skip; /* inside so many elements that do not matter */
    char *text;
    size_t size;
} Reading;

static bool enter(Reading *reading, const char *name)
{
    switch (reading->place) {
    case OUTSIDE:
        reading->place = IN_LIST;
        return true;
    case IN_LIST:
        reading->place = strcmp(name, "si") == 0 ? IN_ITEM : IN_LIST;
        reading->size = 0;
        return reading->place == IN_ITEM;
    case IN_ITEM:
    case IN_RUN:
        if (strcmp(name, "t") == 0) {
            reading->in_run = reading->place == IN_RUN;
            reading->place = IN_TEXT;
            xlsx_xml_want_text(reading->xml, true);
            return true;
        }
        if (reading->place == IN_ITEM && strcmp(name, "r") == 0) {
            reading->place = IN_RUN;
            return true;
        }
        return false;
    case IN_TEXT:
        return false;
    }
    return false;
}

static void start(void *self, const char *name, const char *const *attributes)
{
    (void)attributes;
    Reading *reading = self;
    if (reading->skip > 0 || !enter(reading, name))
        reading->skip++;
}

static void leave_item(Reading *reading)
{
    Arena *arena = xlsx_xml_arena(reading->xml);
    Str text = xlsx_cell_unescape(reading->text, reading->size);
    Error *error = xlsx_strings_add(reading->strings, arena, text);
    reading->place = IN_LIST;
    if (error != NULL)
        xlsx_xml_fail(reading->xml, error);
}

static void end(void *self, const char *name)
{
    (void)name;
    Reading *reading = self;
    if (reading->skip > 0) {
        reading->skip--;
    } else if (reading->place == IN_TEXT) {
        xlsx_xml_want_text(reading->xml, false);
        reading->place = reading->in_run ? IN_RUN : IN_ITEM;
    } else if (reading->place == IN_RUN) {
        reading->place = IN_ITEM;
    } else if (reading->place == IN_ITEM) {
        leave_item(reading);
    }
}

static void take_text(void *self, Str text)
{
    Reading *reading = self;
    size_t room = xlsx_strings_max_text(reading->strings) + 1 - reading->size;
    text = str_slice(text, 0, room);
    memcpy(reading->text + reading->size, text.ptr, text.len);
    reading->size += text.len;
}

static void begin(void *self, XlsxXml *xml)
{
    ((Reading *)self)->xml = xml;
}

Error *xlsx_strings_read(XlsxStrings *strings, XlsxPackage *package, Arena *arena, Str part)
{
    Reading reading = {.strings = strings,
                       .text = arena_alloc_raw(arena, xlsx_strings_max_text(strings) + 1)};
    XlsxXmlEvents events = {start, end, take_text, &reading};
    return xlsx_xml_read(package, arena, part, events, begin);
}
