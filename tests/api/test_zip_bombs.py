"""Small workbooks that would unpack to much: each is refused in words, soon, and in little memory. How much of the
processor a bomb may take is measured, not how long it took: the machine may have other things to do."""
import io
import os
import re
import struct
import zipfile
import zlib

import support

RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
PARTS = {
    "xl/workbook.xml": '<workbook xmlns:r="%s"><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>'
                       % RELATION,
    "xl/_rels/workbook.xml.rels":
        '<Relationships><Relationship Id="r1" Type="{0}/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="r2" Type="{0}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'.format(RELATION),
    STRINGS: "<sst/>",
    SHEET: "<worksheet><sheetData/></worksheet>",
}
SECONDS, MEMORY = 1.0, 50 << 10  # of the processor; KiB


def workbook(**parts):
    """A workbook with some parts instead of the usual ones."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        for name, content in {**PARTS, **parts}.items():
            book.writestr(name, content)
    return made.getvalue()


def header(name, packed, size, crc, offset=None):
    """Of an entry: where it lies or, with its offset, in the list at the end."""
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), size, len(name), 0)
    if offset is None:
        return b"PK\3\4" + common + name
    return b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name


def overlapping(names, core):
    """Each entry holds all behind it: their headers as deflate blocks that are stored, and at last the one core, so
    that it is unpacked once for each (D. Fifield, "A better zip bomb"). The last name is of the core itself."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, size, crc = made.compress(core) + made.flush(), len(core), zlib.crc32(core)
    entries = []
    for name in reversed([one.encode() for one in names]):
        local = header(name, packed, size, crc)
        entries.append((name, packed, size, crc))
        whole = local + packed
        packed = struct.pack("<BHH", 0, len(local), len(local) ^ 0xFFFF) + whole
        size += len(local)
        crc = 0  # nobody gets as far as the end of it
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in PARTS.items():
            if name not in names:
                book.writestr(name, content)
        start, infos = book.fp.tell(), book.infolist()
    data, listed = body.getvalue()[:start] + whole, b""
    for info in infos:
        at = info.header_offset
        some = data[at + 30 + len(info.filename):][:info.compress_size]
        listed += header(info.filename.encode(), some, info.file_size, info.CRC, at)
    for name, packed, size, crc in reversed(entries):
        listed += header(name, packed, size, crc, len(data) - len(packed) - len(name) - 30)
    count = len(infos) + len(entries)
    return data + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), len(data), 0)


class Bombs(support.TestCase):
    def forget_peak(self):
        """Signing in takes more memory than a bomb may: hashing a password is meant to."""
        with open("/proc/%d/clear_refs" % self.server.process.pid, "w", encoding="ascii") as refs:
            refs.write("5")

    def used(self):
        """Seconds of the processor, and the most memory in KiB, of the server so far."""
        with open("/proc/%d/stat" % self.server.process.pid, encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        with open("/proc/%d/status" % self.server.process.pid, encoding="ascii") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak

    def refuse(self, what, content, code, words):
        if not hasattr(Bombs, "analyst"):
            Bombs.analyst = self.server.new_client()
        self.forget_peak()
        before, _ = self.used()
        job = self.analyst.import_file("annual", content, {"on_error": "undo"}, "bomb.xlsx", status="failed")
        after, peak = self.used()
        print("%s: %d bytes, %.2f s, at most %.1f MiB" % (what, len(content), after - before, peak / 1024))
        errors = job["errors"]["error_details"]["errors"]
        self.assertEqual([code], [error["code"] for error in errors], errors)
        self.assertIn(words, job["errors"]["error_message"])
        self.assertLess(after - before, SECONDS)
        self.assertLess(peak, MEMORY)
        self.assertEqual([], self.analyst.predictions())
        self.left_nothing()

    def test_parts_that_unpack_to_much(self):
        spaces, size = " " * (41 << 20), 42 << 10
        for name, content in ((SHEET, "<worksheet><sheetData>%s</sheetData></worksheet>" % spaces),
                              (SHEET, "<worksheet><sheetData>%s</sheetData></worksheet>" % ("<row/>" * (7 << 20))),
                              (STRINGS, "<sst><si><t>%s</t></si></sst>" % spaces),
                              (STRINGS, "<sst>%s</sst>" % ("<si><t/></si>" * (3 << 20))),
                              ("xl/workbook.xml", "<workbook>%s</workbook>" % spaces)):
            content = workbook(**{name: content})
            self.assertLess(len(content), 3 * size)
            self.refuse(name, content, "zip_bomb", "far more than its size")

    def test_a_part_that_lies_about_its_size(self):
        sheet = "<worksheet><sheetData><row>%s</row></sheetData></worksheet>" % ("<c>    </c>" * (4 << 20))
        content = workbook(**{SHEET: sheet}).replace(struct.pack("<I", len(sheet)), struct.pack("<I", 1000))
        self.refuse("a lie", content, "zip_bomb", "far more than its size")

    def test_rows_before_the_bomb(self):
        """Good rows may be in before it is noticed: they are taken back."""
        good = support.xlsx([("Data", [support.row(1)])])
        with zipfile.ZipFile(io.BytesIO(good)) as book:
            sheet = book.read(SHEET).decode()
        content = workbook(**{SHEET: sheet.replace("</sheetData>", "<row/>" * (7 << 20) + "</sheetData>")})
        self.refuse("rows before it", content, "zip_bomb", "far more than its size")

    def test_entries_that_overlap(self):
        names = ["xl/worksheets/sheet%d.xml" % i for i in range(1, 251)]
        core = b" " * (22 << 20)
        content = overlapping(names, core)
        with zipfile.ZipFile(io.BytesIO(content)) as book:  # others unpack it, so it is a zip archive
            self.assertGreater(sum(info.file_size for info in book.infolist()), 5 << 30)
            with book.open(names[-2]) as part:
                self.assertEqual(header(names[-1].encode(), b"", 0, 0)[:4], part.read(4))
        self.assertLess(len(content), 100 << 10)
        self.refuse("overlapping", content, "zip_bomb", "far more than its size")
        self.refuse("overlapping, the core", overlapping(names[::-1], core), "zip_bomb", "far more than its size")

    def test_too_many_entries(self):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as book:
            for name, content in PARTS.items():
                book.writestr(name, content)
            for i in range(10001):
                book.writestr("%d" % i, b"")
        self.refuse("many entries", made.getvalue(), "too_many_entries", "more entries than any workbook has")


if __name__ == "__main__":
    support.main()
