/* expat pushes and an import pulls: the parser is suspended at the end of a row and resumed for the next.
 *
 * expat's allocator has no argument, so the budget that a parser draws on is named in a variable of the
 * thread for as long as expat is at work. An allocation beyond it fails, and expat says so. */
#include "format/xlsx_xml.h"

#include "base/check.h"

#include <expat.h>
#include <stdlib.h>

enum { PIECE = 64 * 1024 };

struct XlsxXml {
    XlsxPart *part;
    XlsxXmlEvents events;
    XML_Parser parser;
    size_t memory_left;
    Arena *arena; /* of the run under way */
    Error *error;
    bool suspended;
    bool ended; /* the part has no more bytes */
    bool finished;
    bool doctype;
};

/* ---- memory --------------------------------------------------------------------------------- */

static _Thread_local size_t *budget;

/* Keeps what expat's memory is aligned to. */
typedef union Header {
    size_t size;
    max_align_t align;
} Header;

static void *take_again(void *memory, size_t size)
{
    Header *old = memory == NULL ? NULL : (Header *)memory - 1;
    size_t before = old == NULL ? 0 : old->size;
    if (size > XLSX_XML_MEMORY_MAX || size > *budget + before)
        return NULL;
    Header *header = realloc(old, sizeof(Header) + size);
    if (header == NULL)
        return NULL;
    header->size = size;
    *budget = *budget + before - size;
    return header + 1;
}

static void *take(size_t size)
{
    return take_again(NULL, size);
}

static void give_back(void *memory)
{
    if (memory == NULL)
        return;
    Header *header = (Header *)memory - 1;
    *budget += header->size;
    free(header);
}

/* ---- handlers ------------------------------------------------------------------------------- */

static const char *local_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void on_start(void *self, const char *name, const char **attributes)
{
    XlsxXml *xml = self;
    xml->events.start(xml->events.self, local_name(name), (const char *const *)attributes);
}

static void on_end(void *self, const char *name)
{
    XlsxXml *xml = self;
    xml->events.end(xml->events.self, local_name(name));
}

static void on_text(void *self, const char *text, int size)
{
    XlsxXml *xml = self;
    xml->events.text(xml->events.self, (Str){text, (size_t)size});
}

static void on_doctype(void *self, const char *name, const char *system, const char *public_id,
                       int has_subset)
{
    (void)name;
    (void)system;
    (void)public_id;
    (void)has_subset;
    XlsxXml *xml = self;
    xml->doctype = true;
    XML_StopParser(xml->parser, XML_FALSE);
}

static void free_parser(void *self)
{
    XlsxXml *xml = self;
    budget = &xml->memory_left;
    XML_ParserFree(xml->parser);
    budget = NULL;
}

XlsxXml *xlsx_xml_new(Arena *arena, XlsxPart *part, XlsxXmlEvents events)
{
    static const XML_Memory_Handling_Suite memory = {take, take_again, give_back};
    XlsxXml *xml = ARENA_NEW(arena, XlsxXml);
    *xml = (XlsxXml){.part = part, .events = events, .memory_left = XLSX_XML_MEMORY_MAX};
    budget = &xml->memory_left;
    xml->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    budget = NULL;
    CHECK(xml->parser != NULL);
    arena_defer(arena, free_parser, xml);
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return xml;
}

void xlsx_xml_pause(XlsxXml *xml)
{
    XML_StopParser(xml->parser, XML_TRUE);
}

void xlsx_xml_finish(XlsxXml *xml)
{
    xml->finished = true;
    XML_StopParser(xml->parser, XML_FALSE);
}

void xlsx_xml_fail(XlsxXml *xml, Error *error)
{
    if (xml->error == NULL)
        xml->error = error;
    XML_StopParser(xml->parser, XML_FALSE);
}

Arena *xlsx_xml_arena(const XlsxXml *xml)
{
    return xml->arena;
}

void xlsx_xml_want_text(XlsxXml *xml, bool wanted)
{
    XML_SetCharacterDataHandler(xml->parser, wanted ? on_text : NULL);
}

/* ---- running -------------------------------------------------------------------------------- */

/* A failed parse in words. */
static Error *judge(const XlsxXml *xml, Arena *arena)
{
    if (xml->error != NULL)
        return xml->error;
    const char *name = xlsx_part_name(xml->part);
    if (xml->doctype)
        return error_with_reason(
            ERROR(arena, ERROR_INVALID,
                  "The workbook declares a document type in %s, which no spreadsheet program does. "
                  "Save it again and send that.",
                  name),
            "doctype");
    enum XML_Error code = XML_GetErrorCode(xml->parser);
    Error *cause = ERROR(arena, ERROR_MALFORMED, "expat: %s", XML_ErrorString(code));
    if (code == XML_ERROR_NO_MEMORY)
        return error_because(
            error_with_reason(ERROR(arena, ERROR_TOO_LARGE,
                                    "The workbook has a tag in %s that is too long, or too deep "
                                    "inside others. Save it again and send that.",
                                    name),
                              "xml_too_large"),
            cause);
    return error_because(xlsx_damaged(arena, "line %lu of its part %s is no good XML",
                                      (unsigned long)XML_GetCurrentLineNumber(xml->parser), name),
                         cause);
}

static Error *feed(XlsxXml *xml, Arena *arena, enum XML_Status *ret_status)
{
    size_t size = 0;
    *ret_status = XML_STATUS_ERROR;
    void *piece = XML_GetBuffer(xml->parser, PIECE);
    if (piece == NULL)
        return NULL;
    TRY(xlsx_part_read(xml->part, arena, piece, PIECE, &size));
    xml->ended = size == 0;
    *ret_status = XML_ParseBuffer(xml->parser, (int)size, xml->ended);
    return NULL;
}

static Error *run(XlsxXml *xml, Arena *arena, bool *ret_over)
{
    enum XML_Status status = XML_STATUS_OK;
    while (!xml->finished) {
        if (xml->suspended)
            status = XML_ResumeParser(xml->parser);
        else if (!xml->ended)
            TRY(feed(xml, arena, &status));
        else
            break;
        xml->suspended = status == XML_STATUS_SUSPENDED;
        if (status == XML_STATUS_ERROR && !xml->finished)
            return judge(xml, arena);
        if (xml->suspended) {
            *ret_over = false;
            return NULL;
        }
    }
    *ret_over = true;
    return xml->error;
}

Error *xlsx_xml_run(XlsxXml *xml, Arena *arena, bool *ret_over)
{
    xml->arena = arena;
    budget = &xml->memory_left;
    Error *error = run(xml, arena, ret_over);
    budget = NULL;
    return error;
}

const char *xlsx_xml_attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (strcmp(local_name(attributes[i]), name) == 0)
            return attributes[i + 1];
    return NULL;
}

bool xlsx_xml_is_true(const char *value)
{
    return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

Error *xlsx_xml_read(XlsxPackage *package, Arena *arena, Str name, XlsxXmlEvents events,
                     XlsxXmlBegin begin)
{
    XlsxPart *part;
    bool over;
    TRY(xlsx_part_open(package, arena, name, &part));
    XlsxXml *xml = xlsx_xml_new(arena, part, events);
    begin(events.self, xml);
    TRY(xlsx_xml_run(xml, arena, &over));
    xlsx_part_close(part);
    return NULL;
}
