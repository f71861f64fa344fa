"""A workbook read row by row, against inflating and parsing the same parts with nobody listening."""
import json
import os
import re
import statistics
import zipfile
from xml.sax.saxutils import escape

from harness import Failure, Result

ROWS = 100_000
SHEET, TEXTS = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")


def cell(text, texts):
    if text == "":
        return ""
    if NUMBER.match(text):
        return "<c><v>%s</v></c>" % text
    return '<c t="s"><v>%d</v></c>' % texts.setdefault(text, len(texts))


def write(csv, path):
    """The rows of a CSV file on the second sheet of a workbook, its texts shared, as Excel writes them."""
    texts = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", '<workbook xmlns:r="%s"><sheets><sheet name="Notes" sheetId="1" r:id="a"/>'
                      '<sheet name="Data" sheetId="2" r:id="b"/></sheets></workbook>' % RELATION)
        book.writestr("xl/_rels/workbook.xml.rels", "<Relationships>%s</Relationships>" % "".join(
            '<Relationship Id="%s" Type="%s/%s" Target="%s"/>' % (name, RELATION, kind, target)
            for name, kind, target in (("a", "worksheet", "worksheets/sheet1.xml"),
                                       ("b", "worksheet", "worksheets/sheet2.xml"),
                                       ("c", "sharedStrings", "sharedStrings.xml"))))
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>")
        with book.open(SHEET, "w") as sheet, open(csv, encoding="utf-8") as lines:
            sheet.write(b"<worksheet><sheetData>")
            for number, line in enumerate(lines, 1):
                cells = "".join(cell(text, texts) for text in line.rstrip("\n").split(","))
                sheet.write(('<row r="%d">%s</row>' % (number, cells)).encode())
            sheet.write(b"</sheetData></worksheet>")
        book.writestr(TEXTS, "<sst>%s</sst>" % "".join("<si><t>%s</t></si>" % escape(text) for text in texts))


def run(data, repeat):
    if data.engine.name != "sqlite":
        return      # no database is in it: once is enough
    program = os.path.join(os.path.dirname(data.place.reference), "xlsx_read")
    path = data.place.path("table.xlsx")
    write(data.csv(ROWS), path)
    read, parsed = [], []
    for _ in range(max(repeat, 3)):
        parsed.append(json.loads(data.place.run(program, "parse", path, TEXTS, SHEET)))
        read.append(json.loads(data.place.run(program, "read", path, "Data")))
        if read[-1]["done"] != ROWS + 1:
            raise Failure("%d rows were read" % read[-1]["done"])
    size = os.path.getsize(path)
    os.remove(path)
    for what, field in (("read", "seconds"), ("read, processor time", "cpu_seconds")):
        yield Result("xlsx", what, statistics.median(one[field] for one in read), "s",
                     statistics.median(one[field] for one in parsed), "inflate and parse, no handler", 2.0,
                     note="%s rows, %.1f MB; %s against %s s" % (
                         format(ROWS, ","), size / 1e6, ", ".join("%.2f" % one[field] for one in read),
                         ", ".join("%.2f" % one[field] for one in parsed)))
    yield Result("xlsx", "memory of the process that reads", max(one["rss_kib"] for one in read) / 1024, "MiB",
                 limit=150)
