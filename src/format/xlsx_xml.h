/* One XML part of a workbook, as a stream of elements. Prefixes are taken off names: <x:row> and <row> are
 * the same, as a document may choose any prefix. A document type is refused, and with it every entity but
 * XML's own five; the parser's memory is limited, and with it depth, names and attributes. */
#ifndef OBLIGOR_FORMAT_XLSX_XML_H
#define OBLIGOR_FORMAT_XLSX_XML_H

#include "format/xlsx_package.h"

enum { XLSX_XML_MEMORY_MAX = 4 << 20 };

typedef struct XlsxXml XlsxXml;

/* Names and attributes are valid during the call. `attributes`: name, value, name, value, ..., NULL. Text
 * comes in pieces, and only while it is wanted. */
typedef struct XlsxXmlEvents {
    void (*start)(void *self, const char *name, const char *const *attributes);
    void (*end)(void *self, const char *name);
    void (*text)(void *self, Str text);
    void *self;
} XlsxXmlEvents;

/* Borrows the part. Lives as long as `arena`. */
XlsxXml *xlsx_xml_new(Arena *arena, XlsxPart *part, XlsxXmlEvents events);

/* Goes on until the part is over, or until a handler pauses, finishes or fails. */
Error *xlsx_xml_run(XlsxXml *xml, Arena *arena, bool *ret_over) MUST_CHECK;

/* --- for handlers --- */

void xlsx_xml_pause(XlsxXml *xml);              /* in `end` only: run comes back, and can go on */
void xlsx_xml_finish(XlsxXml *xml);             /* what follows is not read */
void xlsx_xml_fail(XlsxXml *xml, Error *error); /* run gives this error, made in xlsx_xml_arena */
Arena *xlsx_xml_arena(const XlsxXml *xml);
void xlsx_xml_want_text(XlsxXml *xml, bool wanted);

/* The value of an attribute by its name without prefix; NULL: not there. */
const char *xlsx_xml_attribute(const char *const *attributes, const char *name);
bool xlsx_xml_is_true(const char *value); /* "1" and "true"; NULL is not */

/* A whole part from beginning to end. */
typedef void (*XlsxXmlBegin)(void *self, XlsxXml *xml);
Error *xlsx_xml_read(XlsxPackage *package, Arena *arena, Str name, XlsxXmlEvents events,
                     XlsxXmlBegin begin) MUST_CHECK; /* `begin` tells the handlers their XlsxXml */

#endif
