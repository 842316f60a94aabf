"""A cell with an error comes from the library as a blank: every kind of workbook keeps its text."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from cpt77092.errors import ClaimsError
from cpt77092.readers import memory
from cpt77092.readers.excel import cells_of
from tests.readers.workbooks import write_workbook

SHEET = "March"
CELLS = [
    ["Claim", "Payer", "DOS", "CPT", "Mod1", "Units", "Charge", "NPI"],
    ["A1", "Medicare", "2026-03-02", "77092", "#N/A", "1", "45.5", "1555000011"],
    ["A2", "Medicare", "2026-03-02", "77092", "26", "1", "45.5", "1555000011"],
    ["A3", "Medicare", "2026-03-02", "77092", "", "#DIV/0!", "45.5", "1555000011"],
]
"""They stand in the sheet from cell B3 on."""
SAVED = Path(__file__).with_name("error-cells.xls")
"""The same, as LibreOffice saved it."""
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return file.getvalue()


def xlsx(file: Path, *, with_places: bool) -> bytes:
    """With the place of each cell, or, as some writers leave it out, with blank cells before it."""
    rows = []
    for number, row in enumerate(CELLS, start=3):
        cells = "" if with_places else "<c/>"
        for letter, text in zip("BCDEFGHI", row, strict=True):
            place = f' r="{letter}{number}"' if with_places else ""
            kind = "e" if text.startswith("#") else "str"
            cells += f'<c{place} t="{kind}"><v>{text}</v></c>' if text else f"<c{place}/>"
        rows.append(f'<row r="{number}">{cells}</row>')
    write_workbook(file, {SHEET: []})
    parts = parts_of(file.read_bytes())
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"{''.join(rows)}</sheetData>".encode())
    return zipped(parts)


def relations(target: str) -> str:
    kind = f"{_RELATIONS}/worksheet"
    one = f'<Relationship Id="rId1" Type="{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}">{one}</Relationships>'


def ods(rows: list[list[str]] = CELLS, above: int = 2, before: int = 1) -> bytes:
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    }
    declared = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    body = f'<table:table-row table:number-rows-repeated="{above}">{blank}</table:table-row>'
    for row in rows:
        body += f'<table:table-row><table:table-cell table:number-columns-repeated="{before}"/>'
        for text in row:
            value = ' office:value-type="string"'
            if text.startswith("#"):
                value += ' office:string-value="" calcext:value-type="error"'
            cell = f"<table:table-cell{value}><text:p>{text}</text:p></table:table-cell>"
            body += cell if text else "<table:table-cell/>"
        body += "</table:table-row>"
    table = f'<table:table table:name="{SHEET}">{body}</table:table>'
    content = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f"<office:document-content {declared}>{content}"
            "</office:document-content>",
        }
    )


def record(kind: int, content: bytes = b"") -> bytes:
    """A record of MS-XLSB; kind and length are written in sevens of bits, two at most."""
    head = b""
    for number in (kind, len(content)):
        low, high = number & 0x7F, number >> 7
        head += bytes([low | 0x80, high]) if high else bytes([low])
    return head + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(above: int = 2, before: int = 1) -> bytes:
    codes = {"#N/A": 0x2A, "#DIV/0!": 0x07}
    size = struct.pack("<4I", above, above + 3, before, before + 7)
    sheet = record(0x81) + record(0x94, size) + record(0x91)
    for number, row in enumerate(CELLS, start=above):
        sheet += record(0x00, struct.pack("<I", number) + bytes(13))
        for column, text in enumerate(row, start=before):
            place = struct.pack("<II", column, 0)
            if text in codes:
                sheet += record(0x03, place + bytes([codes[text]]))
            else:
                sheet += record(0x06, place + wide(text)) if text else record(0x01, place)
    sheet += record(0x92) + record(0x82)
    listed = struct.pack("<II", 0, 1) + wide("rId1") + wide(SHEET)
    book = record(0x83) + record(0x8F) + record(0x9C, listed) + record(0x90) + record(0x84)
    return zipped(
        {
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations("worksheets/sheet1.bin"),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


@pytest.mark.parametrize("content", [xlsb(), ods(), SAVED.read_bytes()], ids=["xlsb", "ods", "xls"])
def test_an_error_keeps_its_text(content: bytes) -> None:
    rows = cells_of("claims", content, SHEET).rows()
    assert [list(row) for row in rows if any(row)] == CELLS


@pytest.mark.parametrize("with_places", [True, False])
def test_an_error_keeps_its_text_in_the_workbooks_of_excel(
    tmp_path: Path, *, with_places: bool
) -> None:
    test_an_error_keeps_its_text(xlsx(tmp_path / "claims.xlsx", with_places=with_places))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (b"<c><f>2&amp;6</f><v/></c>", "#VALUE!"),
        (b"<c><f>2&amp;6</f></c>", "#VALUE!"),
        (b"<c><f>2&amp;6</f><v></v></c>", "#VALUE!"),
        (b'<c t="str"><f>2&amp;6</f><v></v></c>', ""),  # its value is the empty text
        (b'<c><f>IF(A1=1,"",26)</f><v></v></c>', ""),  # it may be
        (b'<c t="str"><f>2&amp;6</f><v>26</v></c>', "26"),
        (b'<c t="e"><f>2&amp;6</f><v>#N/A</v></c>', "#N/A"),
    ],
)
def test_a_formula_whose_value_is_not_saved_is_no_blank(
    cell: bytes, text: str, tmp_path: Path
) -> None:
    write_workbook(tmp_path / "claims.xlsx", {SHEET: []})
    parts = parts_of((tmp_path / "claims.xlsx").read_bytes())
    row = b'<row r="1"><c t="str"><v>A1</v></c>' + cell + b'<c t="str"><v>77092</v></c></row>'
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", row + b"</sheetData>")
    assert cells_of("claims", zipped(parts), SHEET).row(0) == ("A1", text, "77092")


@pytest.mark.parametrize(("formula", "text"), [(b'IF(A1=1,"",26)', ""), (b"2&amp;6", "#VALUE!")])
def test_a_formula_of_several_cells_is_that_of_the_first_of_them(
    formula: bytes, text: str, tmp_path: Path
) -> None:
    write_workbook(tmp_path / "claims.xlsx", {SHEET: []})
    parts = parts_of((tmp_path / "claims.xlsx").read_bytes())
    first = b'<c><f t="shared" ref="A1:C1" si="0">' + formula + b"</f></c>"
    others = b'<c><f t="shared" si="0"/></c><c><f t="shared" si="0"></f><v/></c>'
    row = b'<row r="1"><c t="str"><v>A1</v></c>' + first + others
    sheet = "xl/worksheets/sheet1.xml"
    end = b'<c t="str"><v>77092</v></c></row></sheetData>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", row + end)
    assert cells_of("claims", zipped(parts), SHEET).row(0) == ("A1", text, text, text, "77092")


@pytest.mark.parametrize(
    "content", [xlsb(above=1_048_000, before=16_000), ods(above=100_000, before=900)]
)
def test_a_far_cell_is_refused_before_memory_is_taken(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda: 8 << 30)
    with pytest.raises(ClaimsError, match="more cells than memory holds; delete the empty columns"):
        cells_of("claims", content, SHEET)


def test_a_sheet_that_cannot_be_looked_over_is_refused() -> None:
    parts = parts_of(xlsb())
    sheet = "xl/worksheets/sheet1.bin"
    parts[sheet] = parts[sheet][:-4]
    with pytest.raises(ClaimsError, match=r"is damaged|cannot be read"):
        cells_of("claims", zipped(parts), SHEET)
