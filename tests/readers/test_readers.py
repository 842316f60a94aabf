"""The readers: every row of a file is accounted for, and no file ends in a traceback.

Rows are counted a second time with Python's csv module, which sees a text file as a spreadsheet
does: a quoted cell may span lines, a blank line is a row, a CR alone ends one. The scan reads a
normal file; a file in which it finds a row too long or too short, a quote out of place or a byte
that is not UTF-8 is read again row by row, and then agrees with csv but for a quote that is left
open: csv lets it swallow the rest, here its line alone is rejected.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import polars.selectors as cs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092.claims.columns import BY_NAME, DAY_FIRST
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.readers import Batch, Options, Selection, Tally, find_files, open_claims, read_batch
from cpt77092.readers.batch import typed_of_files
from cpt77092.readers.classify import ROW_KIND, ROW_KINDS
from cpt77092.readers.code_cells import may_be_in_scope, read_codes
from cpt77092.readers.scan import ROW
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.dialect import sniff
from cpt77092.readers.text.encoding import HEAD_BYTES
from cpt77092.reference.codes import CHECKED
from tests.large_batch_path import as_sparse

SHARED = Path(__file__).parents[3] / "shared" / "data"
BAD_CSV = SHARED / "bad-csv"
BAD_PARQUET = SHARED / "bad-parquet"
CMS_RIF = SHARED / "claims" / "cms-rif"
EVERYTHING = frozenset(BY_NAME)
HEADER = "claim_id,dos,cpt,payer,note"

Records = list[list[str]]


def line(number: int, code: str = "77092", note: str = "") -> str:
    return f"A{number},2026-03-02,{code},Medicare,{note}"


def text(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


def read(
    *files: Path | str,
    needed: frozenset[str] = EVERYTHING,
    scope: frozenset[str] = CHECKED,
    payer: str | None = None,
    overrides: dict[str, str] | None = None,
) -> Batch:
    options = Options(overrides=overrides or {}, payer=payer)
    return read_batch([str(file) for file in files], needed=needed, scope=scope, options=options)


def written(folder: Path, data: bytes, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def refusal(*files: Path | str, **options: Any) -> str:
    """The one line that a refused file is told with."""
    with pytest.raises(ClaimsError) as problem:
        read(*files, **options)
    assert len(problem.value.lines) == 1
    assert "\n" not in problem.value.lines[0]
    return problem.value.lines[0]


def records_of(data: bytes, separator: str = ",", encoding: str = "utf-8-sig") -> Records:
    """What csv reads, the header and the blank lines before it included."""
    source = io.StringIO(data.decode(encoding), newline="")
    return list(csv.reader(source, delimiter=separator, skipinitialspace=True))


def header_index(records: Records) -> int:
    return next(n for n, record in enumerate(records) if any(cell.strip() for cell in record))


def sample_files(folder: Path, pattern: str) -> list[Any]:
    """Every sample file as a parameter, or one that is skipped and says why."""
    if not folder.is_dir():
        mark = pytest.mark.skip(reason=f"../shared/data/{folder.name} is not on this machine")
        return [pytest.param(folder, marks=mark, id="absent")]
    return [pytest.param(file, id=file.name) for file in sorted(folder.rglob(pattern))]


# Conservation on files of our own


@dataclass(frozen=True)
class Case:
    """A file and what its rows are."""

    name: str
    data: bytes
    in_scope: int = 0
    out_of_scope: int = 0
    no_code: int = 0
    not_data: int = 0
    rejected: int = 0
    rows: list[int] = field(default_factory=list)
    """Spreadsheet rows of the lines in scope."""
    separator: str = ","


CASES = (
    Case(
        "a plain file",
        text(HEADER, line(1), line(2, "99213"), line(3)),
        in_scope=2,
        out_of_scope=1,
        rows=[2, 4],
    ),
    Case("no line end after the last row", text(HEADER, line(1))[:-1], in_scope=1, rows=[2]),
    Case(
        "a first extra field that is filled",
        text(HEADER, line(1), line(2) + ",spill", line(3, "99213") + ",spill", line(4)),
        in_scope=2,
        rejected=2,
        rows=[2, 5],
    ),
    Case(
        "a second extra field that is filled after a blank one",
        text(HEADER, line(1), line(2) + ",,spill", line(3, "99213") + ",,spill"),
        in_scope=1,
        rejected=2,
        rows=[2],
    ),
    Case(
        "ten extra fields, all filled",
        text(HEADER, line(1) + ",x" * 10, line(2)),
        in_scope=1,
        rejected=1,
        rows=[3],
    ),
    Case(
        "extra fields of quoted nothing, and of spaces",
        text(HEADER, line(1) + ',""', line(2) + ',"",""', line(3) + ", "),
        in_scope=3,
        rows=[2, 3, 4],
    ),
    Case(
        "separators at the ends of rows",
        text(HEADER, line(1) + ",", line(2) + ",,,,,", line(3, "99213") + ",,,"),
        in_scope=2,
        out_of_scope=1,
        rows=[2, 3],
    ),
    Case(
        "short rows",
        text(HEADER, "A1,2026-03-02,77092", "A2,2026-03-02", "A3", line(4), "A5,2026-03-02,99213"),
        in_scope=1,
        not_data=1,
        rejected=3,
        rows=[5],
    ),
    Case(
        "blank rows of every kind",
        text(HEADER, line(1), "", line(2), "   ", line(3), ",,,,", '"","",,,', '""', line(4), "\t"),
        in_scope=4,
        not_data=6,
        rows=[2, 4, 6, 10],
    ),
    Case(
        "blank lines at the end",
        text(HEADER, line(1), "", "", ""),
        in_scope=1,
        not_data=3,
        rows=[2],
    ),
    Case("only blank rows", text(HEADER, "", ",,,,"), not_data=2),
    Case(
        "titles and totals among the rows",
        text(
            HEADER,
            "Claims of March,,,,",
            line(1),
            "Subtotal,,,,90.00",
            ",,,,90.00",
            ",2026-03-02,,Medicare,",
            "A9,2026-03-02,,Medicare,lost code",
            "A9,2026-03-02,  ,Medicare,lost code",
        ),
        in_scope=1,
        no_code=2,
        not_data=4,
        rows=[3],
    ),
    Case(
        "CR alone at line ends",
        text(HEADER, line(1), "", line(2, "99213"), line(3), end="\r"),
        in_scope=2,
        out_of_scope=1,
        not_data=1,
        rows=[2, 5],
    ),
    Case(
        "CR alone at line ends, and in a quoted cell",
        text(HEADER, line(1, note='"a\rb"'), line(2), end="\r"),
        in_scope=2,
        rows=[2, 3],
    ),
    Case(
        "CR alone at line ends, after blank lines",
        text("", "", HEADER, line(1), end="\r"),
        in_scope=1,
        rows=[4],
    ),
    Case(
        "CRLF at line ends",
        text(HEADER, line(1), "", line(2, "99213"), line(3), end="\r\n"),
        in_scope=2,
        out_of_scope=1,
        not_data=1,
        rows=[2, 5],
    ),
    Case(
        "CRLF at line ends, and in a quoted cell",
        text(HEADER, line(1, note='"a\r\nb"'), line(2), end="\r\n"),
        in_scope=2,
        rows=[2, 3],
    ),
    Case(
        "LF at line ends and CRLF at some",
        text(HEADER, line(1) + "\r", line(2), line(3, "99213") + "\r"),
        in_scope=2,
        out_of_scope=1,
        rows=[2, 3],
    ),
    Case(
        "quoted line ends, and separators about as many as lines",
        text(
            HEADER,
            line(1, note='"two\nlines"'),
            line(2, note='"\na, b,\n\nc,\n"'),
            line(3),
        ),
        in_scope=3,
        rows=[2, 3, 4],
    ),
    Case(
        "doubled quotes",
        text(HEADER, line(1, note='"he said ""no"""'), line(2, note='""""'), line(3)),
        in_scope=3,
        rows=[2, 3, 4],
    ),
    Case(
        "quoted separators",
        text(HEADER, line(1, note='"a,b,c"'), line(2, '"77092"'), line(3, note='","')),
        in_scope=3,
        rows=[2, 3, 4],
    ),
    Case("a BOM", b"\xef\xbb\xbf" + text(HEADER, line(1)), in_scope=1, rows=[2]),
    Case(
        "a BOM before a quoted header",
        b"\xef\xbb\xbf" + text('"claim_id","dos","cpt","payer"', line(1)[:-1]),
        in_scope=1,
        rows=[2],
    ),
    Case(
        "blank lines before the header",
        text("", "", HEADER, line(1), line(2)),
        in_scope=2,
        rows=[4, 5],
    ),
    Case(
        "lines of blanks before the header, with CRLF and a BOM",
        b"\xef\xbb\xbf" + text("  ", "\t", HEADER, line(1), end="\r\n"),
        in_scope=1,
        rows=[4],
    ),
    Case(
        "a line end in the header",
        text('claim_id,dos,cpt,payer,"note\nof the coder"', line(1), line(2)),
        in_scope=2,
        rows=[2, 3],
    ),
    Case(
        "semicolons, with commas in cells",
        text(HEADER, line(1, note="x"), "A2,2026-03-02,99213,Medicare,x")
        .replace(b",", b";")
        .replace(b";x", b";a,b,c,d,e,f,g"),
        in_scope=1,
        out_of_scope=1,
        rows=[2],
        separator=";",
    ),
    Case(
        "commas, and a header with many semicolons",
        text(HEADER.replace("note", "a;b;c;d;e;f;g"), line(1), line(2) + ",spill"),
        in_scope=1,
        rejected=1,
        rows=[2],
    ),
    Case(
        "semicolons, and a header with many commas",
        text(HEADER, line(1), line(2) + ",spill")
        .replace(b",", b";")
        .replace(b"note", b'"a,b,c,d,e,f,g"'),
        in_scope=1,
        rejected=1,
        rows=[2],
        separator=";",
    ),
    Case(
        "tabs",
        text(HEADER, line(1), line(2) + ",spill").replace(b",", b"\t"),
        in_scope=1,
        rejected=1,
        rows=[2],
        separator="\t",
    ),
    Case(
        "pipes",
        text(HEADER, line(1), line(2, "")).replace(b",", b"|"),
        in_scope=1,
        no_code=1,
        rows=[2],
        separator="|",
    ),
    Case(
        "codes written in odd ways",
        text(
            HEADER,
            *(
                line(n, code)
                for n, code in enumerate(
                    [" 77092", "77092.0", "77092-26", "7709226", "g0130", "770925", "7709", "x"]
                )
            ),
        ),
        in_scope=6,
        no_code=2,
        rows=[2, 3, 4, 5, 6, 7],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_is_counted_once_and_as_what_it_is(case: Case, tmp_path: Path) -> None:
    batch = read(written(tmp_path, case.data))
    records = records_of(case.data, case.separator)
    total = batch.total
    assert total.rows == len(records) - header_index(records) - 1
    assert (
        total.in_scope,
        total.out_of_scope,
        total.no_code,
        total.not_data,
        total.rejected,
    ) == (case.in_scope, case.out_of_scope, case.no_code, case.not_data, case.rejected)
    assert batch.lines[ROW].to_list() == case.rows
    assert batch.lines.height == case.in_scope
    assert batch.rejects.height == case.rejected
    for claim_id, row in batch.lines.select("claim_id", ROW).iter_rows():
        assert records[row - 1][0] == claim_id


def test_a_lone_cr_in_a_file_of_lf_lines_ends_a_row(tmp_path: Path) -> None:
    data = text(HEADER, line(1), line(2) + "\r" + line(3), line(4))
    batch = read(written(tmp_path, data))
    assert batch.total == Tally(rows=4, in_scope=4, no_code=0, not_data=0, rejected=0)
    assert len(records_of(data)) - 1 == 4  # csv ends a record at the CR
    assert "its lines end in CR, LF or both" in batch.notes[0]


@pytest.mark.parametrize(
    "end", [pytest.param("\r\n", id="then CRLF"), pytest.param("\n", id="then LF")]
)
def test_a_header_that_ends_in_a_lone_cr_loses_no_line(end: str, tmp_path: Path) -> None:
    data = f"{HEADER}\r{line(1)}\r{line(2)}{end}{line(3)}{end}".encode()
    assert read(written(tmp_path, data)).lines[ROW].to_list() == [2, 3, 4]


def test_a_reject_says_its_row_its_line_and_what_is_wrong(tmp_path: Path) -> None:
    two_lines = line(1, note='"a\nb"')
    data = text(HEADER, two_lines, "", line(2) + ",spill", "A3,2026-03-02,77092")
    batch = read(written(tmp_path, data))
    assert batch.rejects.rows() == [
        (
            0,
            4,
            5,
            "6 fields where the header has 5: a stray separator or quote?",
            line(2).encode() + b",spill\n",
        ),
        (
            0,
            5,
            6,
            "3 fields where the header has 5: is a separator lost, or the end of the line?",
            b"A3,2026-03-02,77092\n",
        ),
    ]
    assert batch.scans[0].heading == HEADER.encode() + b"\n"
    assert "read row by row, which is slower" in batch.notes[0]


@pytest.mark.parametrize("code", ["77092", "99213"])
def test_a_third_extra_field_is_not_cut_off_in_silence(code: str, tmp_path: Path) -> None:
    batch = read(written(tmp_path, text(HEADER, line(1, code) + ",,,spill", line(2))))
    assert batch.total.rejected == 1


@pytest.mark.parametrize(
    ("cell", "code", "damaged"),
    [
        ("77092", "77092", None),
        (" 77092", "77092", None),
        ("77092\t", "77092", None),
        ("\u00a077092\u00a0", "77092", None),
        ("\u200b77092\u202f", "77092", None),
        ("\ufeff77092", "77092", None),
        ("77092.0", "77092", None),
        ("77092.", "77092", None),
        ("77092.000", "77092", None),
        ("g0130", "G0130", None),
        ('"77,092"', "77092", None),
        ("77 092", "77092", None),
        ("7.7092E+04", "77092", None),
        ("077092", "77092", None),
        ("0000077092", "77092", None),
        ("(77092)", "77092", None),
        ("CPT4:77092", "77092", None),
        ("CPT-4 77092", "77092", None),
        ("C4:77092", "77092", None),
        ("HCPCS 77092", "77092", None),
        ("CPT77092", "77092", None),
        ("77092^TBS^C4", "77092", None),
        ("TBS 77092", "77092", None),
        ("77092 - TBS read", "77092", None),
        ("NULL 77092", "77092", None),
        ("77092-26", "77092", None),
        ("77092 26", "77092", None),
        ("77092/26/TC", "77092", None),
        ("HC:77092:26", "77092", None),
        ("77092-", "77092", None),
        ("77092 x2", "77092", "77092 X2"),
        ("77092-01", "77092", "77092-01"),
        ("77092 XX", "77092", "77092 XX"),
        ("77092 TBS read with TC", "77092", "77092 TBS READ WITH TC"),
        ("2 x 77092", "77092", "2 X 77092"),
        ("77080; 77092", "77080", "77080; 77092"),
        ('"99213, 77080, 77092"', "77080", "99213, 77080, 77092"),
        ("77092 E1165", "77092", "77092 E1165"),
        ("770925", "77092", "770925"),
        ("77092A", "77092", "77092A"),
        ("D77092", "77092", "D77092"),
        ("7709226", "77092", "7709226"),
        ("77092tc", "77092", "77092TC"),
        ("77092.5", "77092", "77092.5"),
        ("77092.0-26", "77092", "77092.0-26"),
        ('"77092,26"', "77092", None),
        ("g0130/1", "G0130", "G0130/1"),
    ],
)
def test_a_code_with_something_about_it_is_in_scope_and_the_rest_is_kept(
    cell: str, code: str, damaged: str | None, tmp_path: Path
) -> None:
    lines = read(written(tmp_path, text(HEADER, line(1, cell)))).lines
    assert lines.select("hcpcs_code", "damaged_code").rows() == [(code, damaged)]


def test_modifiers_behind_a_code_are_the_lines_modifiers(tmp_path: Path) -> None:
    header = "claim,payer,dos,cpt,mod1,mod2"
    rows = [
        "A1,Medicare,2026-03-02,77092-26,,",
        "A2,Medicare,2026-03-02,77089/TC/59,,",
        "A3,Medicare,2026-03-02,77092-26,26,",
        "A4,Medicare,2026-03-02,77092-26,TC,",
        "A5,Medicare,2026-03-02,77092,GA,26",
    ]
    lines = read(written(tmp_path, text(header, *rows))).lines
    assert lines.select("hcpcs_modifier_1", "hcpcs_modifier_2", "damaged_code").rows() == [
        ("26", "", None),
        ("TC", "59", None),
        ("26", "", None),
        ("TC", "", "77092-26"),
        ("GA", "26", None),
    ]


def test_modifiers_behind_codes_are_read_without_modifier_columns(tmp_path: Path) -> None:
    lines = read(written(tmp_path, text(HEADER, line(1, "77092-26"), line(2, "77092")))).lines
    assert lines["hcpcs_modifier_1"].to_list() == ["26", ""]


@pytest.mark.parametrize(
    "cell",
    [
        "99213",
        "99213-25",
        "9921325",
        "J0897",
        "0554T",
        "1111F",
        "0001U",
        '"99,213"',
        "099213",
        "HC:99213:25",
        "Office visit 99213",
        "99213 x2",
        "99214; 99215",
        "j0897 ",
    ],
)
def test_another_code_is_out_of_scope(cell: str, tmp_path: Path) -> None:
    batch = read(written(tmp_path, text(HEADER, line(1, cell))))
    assert (batch.total.in_scope, batch.total.out_of_scope) == (0, 1)
    assert not any("procedure code" in note for note in batch.notes)


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("12345678901", "an NDC"),
        ("57770-920-12", "an NDC"),
        ("0320", "a revenue code"),
        ("320", "a revenue code"),
    ],
)
def test_a_code_of_another_system_is_out_of_scope_and_noted(
    cell: str, what: str, tmp_path: Path
) -> None:
    file = written(tmp_path, text(HEADER, line(1, cell), line(2, "99213")))
    batch = read(file)
    assert (batch.total.in_scope, batch.total.out_of_scope) == (0, 2)
    assert f"{file}: 1 row with {what} in place of a procedure code" in batch.notes


@pytest.mark.parametrize(
    "cell", ["NULL", r"\N", "n/a", "-", "#N/A", "7709", "77O92", "7.71E+04", "COPAY", "NUL", "TBS"]
)
def test_a_cell_without_a_code_is_no_other_code(cell: str, tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER, line(1, cell), f"Total,,{cell},,", f",,{cell},,"))
    total = read(file).total
    assert (total.in_scope, total.out_of_scope, total.rejected) == (0, 0, 0)
    # A filled cell needs a claim number or a date to be a claim line, a blank one needs both.
    is_blank = cell in {"NULL", r"\N", "n/a", "-"}
    assert (total.no_code, total.not_data) == ((1, 2) if is_blank else (2, 1))


@given(st.integers(0, 99_999), st.sampled_from("0123456789AFMTU"))
def test_the_fast_test_drops_other_codes_and_keeps_those_in_scope(number: int, end: str) -> None:
    code = f"{number:05d}"[:4] + end
    kept = pl.select(may_be_in_scope(pl.lit(code), CHECKED)).item()
    assert kept == (code in CHECKED)


def test_codes_alone_are_read_as_they_are_among_odd_cells() -> None:
    alone = pl.Series([*sorted(CHECKED), "99213", "G0463", "0001U", "C4123", ""])
    among = read_codes(pl.concat([alone, pl.Series(["77092-26"])]), CHECKED)
    assert_frame_equal(read_codes(alone, CHECKED), among.head(alone.len()))


@pytest.mark.parametrize("cell", ['"=""77092"""', "'77092", "770922659"])
def test_a_code_in_a_spreadsheets_wrapping_is_not_passed_over(cell: str, tmp_path: Path) -> None:
    batch = read(written(tmp_path, text(HEADER, line(1, cell))))
    assert batch.total.out_of_scope == 0


def test_files_with_different_columns_are_read_together_as_each_is_alone(tmp_path: Path) -> None:
    contents = {
        "a.csv": (HEADER, line(1), line(2, "77092-26")),
        "b.csv": (HEADER + ",units,dx1", line(3) + ",x,M81.0", line(4) + ",2,"),
        "c.csv": (HEADER, line(5), line(6, "77080")),
    }
    files = [written(tmp_path, text(*rows), name) for name, rows in contents.items()]
    together = read(*files).lines
    alone = [
        read(file).lines.with_columns(source=pl.lit(number, pl.UInt32))
        for number, file in enumerate(files)
    ]
    assert_frame_equal(together, pl.concat(alone, how="diagonal"), check_column_order=False)


def test_a_file_whose_cells_cannot_be_typed_is_named_among_others() -> None:
    lines = pl.DataFrame({"source": [0, 1], "charge_amount": [["45"], ["46"]]})
    with pytest.raises(ClaimsError, match=r"^a.parquet: cannot be read"):
        typed_of_files(lines, frozenset({"charge_amount"}), {}, ["a.parquet", "b.parquet"])


@pytest.mark.slow
def test_row_numbers_hold_in_a_file_read_in_many_pieces(tmp_path: Path) -> None:
    random = Random(77092)
    rows, expected = [HEADER], []
    for number in range(60_000):
        if random.random() < 0.02:
            rows.append("")
            continue
        note = random.choice(["", '"a,\nb""c"', '"a, b\n\nc, d"', "long " * 20])
        code = random.choice(["77092", "99213", "77080", "36415"])
        if code in CHECKED:
            expected.append((f"A{number}", code, len(rows) + 1))
        rows.append(line(number, code, note))
    file = written(tmp_path, text(*rows))
    assert file.stat().st_size > 3_000_000
    batch = read(file, needed=frozenset({"claim_id", "payer"}))
    assert batch.total.rows == len(rows) - 1
    assert batch.total.not_data == rows.count("")
    assert batch.lines.select("claim_id", "hcpcs_code", ROW).rows() == expected


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_character_across_the_end_of_the_first_megabyte_is_read(cut: int, tmp_path: Path) -> None:
    first = text(HEADER, *[line(1, "99213")] * 1_000) + line(2).encode()
    padding = (1 << 20) - len(first) - cut
    data = first + b"x" * padding + "\U0001f9b4\n".encode() + text(line(3))
    assert data[(1 << 20) - cut] == 0xF0  # the first of the four bytes of a bone
    batch = read(written(tmp_path, data))
    assert (batch.total.in_scope, batch.total.out_of_scope) == (2, 1_000)


# Files that are refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "the file is empty", id="no byte"),
        pytest.param(b"\n \n\t\r\n", "the file is empty", id="only blank lines"),
        pytest.param(b"\xef\xbb\xbf", "the file is empty", id="only a BOM"),
        pytest.param(text(HEADER), "a header and no rows", id="only a header"),
        pytest.param(HEADER.encode(), "a header and no rows", id="only a header, no line end"),
        pytest.param(
            text("claim_id,dos,payer", "A1,2026-03-02,Medicare"),
            "no column for hcpcs_code; name it: --map hcpcs_code=HEADER",
            id="no code column",
        ),
        pytest.param(
            text("dos,cpt,payer", "2026-03-02,77092,Medicare"),
            "no column for claim_id; name it: --map claim_id=HEADER",
            id="no claim column",
        ),
        pytest.param(
            text(HEADER.replace("note", "Procedure"), line(1, note="77080")),
            "'cpt', 'Procedure' all claim hcpcs_code; choose one: --map hcpcs_code=cpt",
            id="two headers for one column",
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_in_one_line(
    data: bytes, words: str, tmp_path: Path
) -> None:
    file = written(tmp_path, data)
    message = refusal(file)
    assert message.startswith(str(file))
    assert words in message


def test_a_header_that_says_source_row_is_refused_or_read(tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER.replace("note", "source_row"), line(1, note="7")))
    try:
        rows = read(file).lines[ROW].to_list()
    except ClaimsError:
        rows = [2]
    assert rows == [2]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b'"' + text(HEADER, *[line(1)] * 5_000), id="a quote that the header never closes"
        ),
        pytest.param(
            text(HEADER + "," + "x" * 200_000, line(1)), id="a header of 200,000 characters"
        ),
    ],
)
def test_a_header_that_csv_gives_up_on_is_refused_in_one_line(data: bytes, tmp_path: Path) -> None:
    assert "claims.csv" in refusal(written(tmp_path, data))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            text("claim_id,dos,cpt,payer,mrn", line(1, note='"DOE,JANE" 1931-02-03')),
            id="text after a closing quote",
        ),
        pytest.param(
            text(HEADER.replace("dos", '"dos'), line(1, note="DOE JANE")), id="an open header"
        ),
        pytest.param(
            text("A1,2026-03-02,77092,Medicare,DOE JANE", line(2)), id="a file without headers"
        ),
    ],
)
def test_a_refusal_shows_no_cell_of_a_patient(data: bytes, tmp_path: Path) -> None:
    try:
        batch = read(written(tmp_path, data))
        messages = [*batch.notes, *batch.rejects["reject_reason"]]
    except ClaimsError as problem:
        messages = [str(problem)]
    assert messages
    assert not any("JANE" in line for line in messages)


# Headers as files have them


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        pytest.param("claim_id, dos, cpt , payer,note", [2, 3], id="padded"),
        pytest.param("claim_id,dos,cpt,payer,", [2, 3], id="a last one that is blank"),
        pytest.param(",dos,cpt,payer,claim", [2, 3], id="a first one that is blank"),
        pytest.param("zip,dos,cpt,zip,claim", [2, 3], id="two alike that mean nothing"),
        pytest.param(",,cpt,dos,claim", [2, 3], id="two that are blank"),
    ],
)
def test_headers_may_be_padded_blank_or_alike(header: str, rows: list[int], tmp_path: Path) -> None:
    data = text(header, line(1, note="x"), line(2, note="x"))
    assert read(written(tmp_path, data), payer="aetna").lines[ROW].to_list() == rows


@pytest.mark.parametrize("header", ["claim_id,dos,cpt,payer,cpt", "claim_id,dos,cpt,payer, CPT"])
def test_two_like_headers_for_one_column_are_never_chosen_between_in_silence(
    header: str, tmp_path: Path
) -> None:
    assert "claims.csv" in refusal(written(tmp_path, text(header, line(1, note="77080"))))


def test_a_map_settles_which_of_two_headers_is_the_code(tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER.replace("note", "Procedure"), line(1, "99213", "77092")))
    by_cpt = read(file, overrides={"hcpcs_code": "cpt"})
    by_procedure = read(file, overrides={"hcpcs_code": "Procedure"})
    assert (by_cpt.total.in_scope, by_procedure.total.in_scope) == (0, 1)


def test_a_map_names_a_column_that_no_alias_knows(tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER.replace("cpt", "What Was Done"), line(1)))
    assert read(file, overrides={"hcpcs_code": "what was done"}).total.in_scope == 1


def test_a_map_to_a_header_that_is_not_there_says_what_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no header 'Cod'.*it has 'claim_id', 'dos', 'cpt'"):
        read(written(tmp_path, text(HEADER, line(1))), overrides={"hcpcs_code": "Cod"})


# The payer


def test_a_given_payer_leaves_the_payers_of_the_file_to_tell_claims_apart(tmp_path: Path) -> None:
    header = HEADER.replace("note", "payer_id")
    lines = read(written(tmp_path, text(header, line(1, note="12345"))), payer="aetna").lines
    assert lines.select("payer", "payer_id").rows() == [("Medicare", "12345")]


def test_a_given_payer_stands_in_for_a_missing_column(tmp_path: Path) -> None:
    file = written(tmp_path, text("claim_id,dos,cpt", "A1,2026-03-02,77092"))
    assert read(file, payer="aetna").lines["payer"].to_list() == ["aetna"]


def test_a_payer_id_is_enough_without_a_payer_name(tmp_path: Path) -> None:
    file = written(tmp_path, text("claim_id,dos,cpt,payer_id", "A1,2026-03-02,77092,60054"))
    assert read(file).lines.select("payer", "payer_id").rows() == [(None, "60054")]


def test_a_batch_without_a_code_in_scope_tells_the_commonest_codes(tmp_path: Path) -> None:
    codes = ["99213"] * 3 + ["36415"] * 2 + ["80053"] * 2 + ["1", "2", "3", ""]
    file = written(tmp_path, text(HEADER, *(line(n, code) for n, code in enumerate(codes))))
    assert read(file).commonest_codes == (("99213", 3), ("36415", 2), ("80053", 2))


def test_a_batch_with_a_code_in_scope_tells_no_commonest_codes(tmp_path: Path) -> None:
    assert read(written(tmp_path, text(HEADER, line(1), line(2, "1")))).commonest_codes == ()


# Awkward files written by others: ../shared/data/bad-csv

SEPARATORS = {
    "accent.csv": ";",
    "delimiter.csv": ";",
    "dialect.csv": "|",
    "issue-1009-semicolon.csv": ";",
    "issue-1100.csv": ";",
    "issue-1105-timezone.csv": ";",
    "issue-1138.csv": ";",
    "issue-1232.csv": ";",
    "table-delimiter.csv": ";",
    "table.tsv": "\t",
    "vix.csv": ";",
}
DAMAGED = {"escaping.csv": {4}}
"""Rows with text behind a closing quote."""
AWKWARD_ENCODINGS = {"latin1.csv": "cp1252", "table-infer-iso-8859-7.csv": "cp1252"}
REFUSED = {"frictionless/empty.csv": "the file is empty"}


CODE = "[0-9]{4}[0-9AFMTU]|[A-Z][0-9]{4}"
WRAPPINGS = " \t\r\n\u00a0='\""  # what may stand about a code, as a spreadsheet leaves it


def awkward_files(*, refused: bool) -> list[Any]:
    chosen = []
    for parameter in sample_files(BAD_CSV, "*.csv") + sample_files(BAD_CSV, "*.tsv"):
        (file,) = parameter.values
        if file == BAD_CSV:
            chosen.append(parameter)
        elif (file.name in REFUSED or f"{file.parent.name}/{file.name}" in REFUSED) == refused:
            chosen.append(pytest.param(file, id=file.name))
    return chosen


def kinds_of(file: Path, header: str, scope: frozenset[str]) -> tuple[pl.DataFrame, int]:
    """The kept rows of a file whose code is in this column, and how many rows it has."""
    opened = open_claims(str(file), Options(overrides={"hcpcs_code": header}))
    _, rows = opened.read(Selection(frozenset(), scope))
    with as_sparse():
        _, same = opened.read(Selection(frozenset(), scope))
    assert same.total == rows.total
    assert same.kept.equals(rows.kept)
    return rows.kept, rows.total


def cells_of(record: list[str], column: int) -> str:
    return record[column] if column < len(record) else ""


@pytest.mark.slow
@pytest.mark.parametrize("file", awkward_files(refused=False))
def test_an_awkward_file_loses_no_row_whichever_column_is_the_code(file: Path) -> None:
    opened = open_claims(str(file), Options())
    assert isinstance(opened, CsvFile)
    encoding = AWKWARD_ENCODINGS.get(file.name, "utf-8-sig")
    assert opened.source.encoding == encoding.removesuffix("-sig")
    separator = SEPARATORS.get(file.name, ",")
    records = records_of(file.read_bytes(), separator, encoding)
    top = header_index(records)
    headers = [header.strip() for header in records[top]]
    body = [(row, record) for row, record in enumerate(records, start=1) if row > top + 1]
    width = max(n for n, header in enumerate(headers, start=1) if header)
    too_long = {row for row, record in body if any(record[len(headers) :])}
    for column, header in enumerate(headers):
        if not header or header in headers[:column]:
            continue
        cells = {row: cells_of(record, column) for row, record in body}
        short = {row for row, record in body if len(record) < width and cells[row].strip()}
        repeats = {row for row, cell in cells.items() if cell.strip().upper() == header.upper()}
        rejected = too_long | short | DAMAGED.get(file.name, set())
        blank = {row for row, cell in cells.items() if not cell.strip(WRAPPINGS)}
        # Every code of the column made one in scope: every row must come through, as it stands.
        codes = {row: cell.strip().upper() for row, cell in cells.items()}
        codes = {row: code for row, code in codes.items() if re.fullmatch(CODE, code)}
        for scope in (frozenset({*codes.values(), "77092"}), CHECKED):
            kept, total = kinds_of(file, header, scope)
            assert total == len(body)
            others = {row for row, code in codes.items() if code not in scope} - rejected
            by_kind = {
                kind: set(kept.filter(pl.col(ROW_KIND) == kind)[ROW])
                for kind in ROW_KINDS.categories
            }
            assert others <= {row for row, _ in body} - set(kept[ROW]) | by_kind["out of scope"]
            assert by_kind["rejected"] == rejected
            assert (blank | repeats) - rejected <= by_kind["not data"]
            is_ours = {row for row, code in codes.items() if code in scope} - rejected - repeats
            assert by_kind["in scope"] == is_ours
            looked_at = {row for row, cell in cells.items() if not re.search("[0-9]{4}", cell)}
            assert looked_at <= set(kept[ROW])


@pytest.mark.parametrize("file", awkward_files(refused=True))
def test_an_awkward_file_that_is_refused_says_why_in_one_line(file: Path) -> None:
    words = REFUSED.get(file.name) or REFUSED[f"{file.parent.name}/{file.name}"]
    everywhere = {"claim_id": "ID", "claim_line_start_date": "ID", "hcpcs_code": "ID"}
    message = refusal(file, payer="aetna", overrides=everywhere)
    assert message.startswith(str(file))
    assert words in message


# Medicare's own claim files: ../shared/data/claims/cms-rif


@pytest.mark.slow
@pytest.mark.parametrize("file", sample_files(CMS_RIF, "*.*"))
def test_a_medicare_research_file_is_read_row_for_row(file: Path) -> None:
    records = records_of(file.read_bytes(), "|")
    headers, body = records[0], records[1:]
    column = headers.index("HCPCS_CD")
    whole = [record for record in body if not any(record[len(headers) :])]
    codes = [record[column].strip() for record in whole]
    batch = read(file, payer="medicare", scope=frozenset(codes) - {""} | {"77092"})
    total = batch.total
    assert body
    assert total.rows == len(body)
    assert total.in_scope == sum(code != "" for code in codes)
    assert total.no_code == codes.count("")  # each of them has a claim and a date
    assert total.rejected == len(body) - len(whole)
    assert (total.out_of_scope, total.not_data) == (0, 0)
    dated = headers.index(batch.scans[0].opened.headers.columns["claim_line_start_date"])
    charged = headers.index(batch.scans[0].opened.headers.columns["charge_amount"])
    filled = [record for record in whole if record[column].strip()]
    assert batch.lines["claim_id"].to_list() == [r[headers.index("CLM_ID")] for r in filled]
    assert [f"{day:%d-%b-%Y}".upper() for day in batch.lines["claim_line_start_date"]] == [
        record[dated].upper() for record in filled
    ]
    assert batch.lines["charge_amount"].to_list() == [Decimal(r[charged]) for r in filled]


def test_the_medicare_research_row_that_is_too_long_is_rejected() -> None:
    file = CMS_RIF / "sample-u-bcarrier.txt"
    if not file.exists():
        pytest.skip("../shared/data/claims/cms-rif is not on this machine")
    assert read(file, payer="medicare").rejects[ROW].to_list() == [2]


# Parquet

TYPED: dict[str, pl.Series] = {
    "claim_id": pl.Series([1001, 1002, 1003, 1004, None], dtype=pl.Int64),
    "line": pl.Series([1, 2, 1, None, 1], dtype=pl.Int16),
    "person_id": pl.Series(["P1", "P2", None, "", "P5"], dtype=pl.Categorical),
    "payer": pl.Series(["Medicare", "Aetna", "Medicare", None, "Cigna"], dtype=pl.Categorical),
    "dos": pl.Series([date(2026, 3, n) for n in range(1, 5)] + [None], dtype=pl.Date),
    "to date": pl.Series([date(2026, 3, n) for n in range(1, 6)]).cast(pl.Datetime("ns")),
    "pos": pl.Series([11, 22, 24, 11, None], dtype=pl.Int8),
    "cpt": pl.Series([77092, 77089, 99213, 77080, None], dtype=pl.Int32),
    "mod1": pl.Series([26, 59, None, 26, None], dtype=pl.UInt8),
    "mod2": pl.Series(["TC", None, "59", "", "26"], dtype=pl.Enum(["TC", "59", "26", ""])),
    "mod3": pl.Series([None] * 5, dtype=pl.Null),
    "units": pl.Series([1, 2, 1, None, 1], dtype=pl.UInt32),
    "charge": pl.Series(
        [Decimal("45.00"), Decimal("153.10"), None, Decimal("-1.00"), None],
        dtype=pl.Decimal(10, 2),
    ),
    "dx1": pl.Series(["M81.0", "M81.0", "Z13.820", None, "M81.0"], dtype=pl.Categorical),
    "rendering_npi": pl.Series([1234567893, 1245319599, None, 2000000002, 1], dtype=pl.UInt64),
    "dob": pl.Series([None] * 5, dtype=pl.Null),
    "submission_date": pl.Series([datetime(2026, 4, n, 1, 30, tzinfo=UTC) for n in range(1, 6)]),
    "report signed": pl.Series(["2026-03-02", "03/04/2026", "no", "", None]),
}
CELLS = """\
claim_id,line,person_id,payer,dos,to date,pos,cpt,mod1,mod2,mod3,units,charge,dx1,rendering_npi,dob,submission_date,report signed
1001,1,P1,Medicare,2026-03-01,2026-03-01 00:00:00,11,77092,26,TC,,1,45.00,M81.0,1234567893,,2026-04-01T01:30:00Z,2026-03-02
1002,2,P2,Aetna,03/02/2026,2026-03-02,22,77089,59,,,2,$153.10,M81.0,1245319599,,2026-04-02,03/04/2026
1003,1,,Medicare,2026-03-03,2026-03-03,24,99213,,59,,1,,Z13.820,,,2026-04-03,no
1004,,,,20260304,2026-03-04,11,77080,26,,,,(1.00),,2000000002,,2026-04-04,
,1,P5,Cigna,,2026-03-05,,,,26,,1,,M81.0,1,,2026-04-05,
"""  # noqa: E501 - a table


def test_a_typed_parquet_file_gives_the_same_typed_lines_as_a_csv_file(tmp_path: Path) -> None:
    parquet = tmp_path / "claims.parquet"
    pl.DataFrame(TYPED).write_parquet(parquet)
    from_parquet = read(parquet)
    from_csv = read(written(tmp_path, CELLS.encode()))
    expected = Tally(rows=5, in_scope=3, no_code=0, not_data=1, rejected=0)
    assert from_csv.total == from_parquet.total == expected
    assert from_csv.total.out_of_scope == 1
    assert from_csv.lines[ROW].to_list() == [2, 3, 5]
    assert from_parquet.lines[ROW].to_list() == [1, 2, 4]  # a table has no header row
    # Text alone can be read in two ways.
    same = ~cs.ends_with(DAY_FIRST) - cs.by_name(ROW)
    assert_frame_equal(from_parquet.lines.select(same), from_csv.lines.select(same))
    assert from_csv.lines["claim_line_start_date"].to_list() == [
        date(2026, 3, 1),
        date(2026, 3, 2),
        date(2026, 3, 4),
    ]


def claims_table(**columns: Any) -> pl.DataFrame:
    plain = {
        "claim_id": ["A1", "A2"],
        "dos": [date(2026, 3, 2)] * 2,
        "cpt": ["77092", "99213"],
        "payer": ["Medicare", "Aetna"],
    }
    return pl.DataFrame(plain | columns)


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(pl.Series([77092.0, 99213.0]), id="floats"),
        pytest.param(pl.Series([Decimal(77092), Decimal(99213)]), id="decimals"),
        pytest.param(pl.Series(["77092", "99213"], dtype=pl.Categorical), id="categories"),
        pytest.param(pl.Series([b"77092", b"99213"]), id="bytes"),
        pytest.param(pl.Series(["77092 ", "99213"]), id="padded text"),
    ],
)
def test_a_code_column_of_any_type_is_read_as_text(codes: pl.Series, tmp_path: Path) -> None:
    claims_table(cpt=codes).write_parquet(tmp_path / "claims.parquet")
    batch = read(tmp_path / "claims.parquet")
    assert batch.total == Tally(rows=2, in_scope=1, no_code=0, not_data=0, rejected=0)
    assert batch.lines.select("hcpcs_code", "damaged_code").rows() == [("77092", None)]


def test_a_code_column_without_a_single_value_leaves_lines_without_a_code(tmp_path: Path) -> None:
    claims_table(cpt=pl.Series([None, None])).write_parquet(tmp_path / "claims.parquet")
    assert read(tmp_path / "claims.parquet").total.no_code == 2


def test_a_moment_in_a_time_zone_is_the_day_it_was_there(tmp_path: Path) -> None:
    evening = datetime(2026, 3, 2, 22, 0, tzinfo=ZoneInfo("America/New_York"))
    claims_table(dos=pl.Series([evening] * 2)).write_parquet(tmp_path / "claims.parquet")
    lines = read(tmp_path / "claims.parquet").lines
    assert lines["claim_line_start_date"].to_list() == [date(2026, 3, 2)]


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    claims_table().clear().write_parquet(tmp_path / "claims.parquet")
    assert "a header and no rows" in refusal(tmp_path / "claims.parquet")


def test_a_parquet_file_without_a_code_column_is_refused(tmp_path: Path) -> None:
    claims_table().drop("cpt").write_parquet(tmp_path / "claims.parquet")
    assert "no column for hcpcs_code" in refusal(tmp_path / "claims.parquet")


def test_a_parquet_file_is_known_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    claims_table().write_parquet(tmp_path / "claims.txt")
    batch = read(tmp_path / "claims.txt")
    assert (batch.scans[0].opened.kind, batch.total.in_scope) == ("Parquet", 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (text(HEADER, line(1)), "not a Parquet file (it does not begin with PAR1)"),
        (b"PAR1", "not a readable Parquet file"),
        (b"PAR1" + bytes(100), "not a readable Parquet file"),
        (b"PAR1" + bytes(100) + b"PAR1", "not a readable Parquet file"),
    ],
)
def test_a_broken_parquet_file_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    assert words in refusal(written(tmp_path, data, "claims.parquet"))


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_parquet_file_cut_short_is_refused(kept: float, tmp_path: Path) -> None:
    claims_table().write_parquet(tmp_path / "claims.parquet")
    data = (tmp_path / "claims.parquet").read_bytes()
    cut = written(tmp_path, data[: int(len(data) * kept)], "cut.parquet")
    assert "not a readable Parquet file" in refusal(cut)


@pytest.mark.parametrize("column", ["cpt", "units"])
def test_a_column_of_lists_where_text_is_needed_is_refused(column: str, tmp_path: Path) -> None:
    claims_table(**{column: [["77092"], ["26"]]}).write_parquet(tmp_path / "claims.parquet")
    message = refusal(tmp_path / "claims.parquet")
    assert "cannot be read" in message or "holds List(String), not procedure codes" in message


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param("units", pl.Series([[1], [2]]), id="lists of units"),
        pytest.param("units", pl.Series([{"n": 1}, {"n": 2}]), id="records of units"),
        pytest.param("units", pl.Series([b"1", b"2"]), id="bytes of units"),
        pytest.param("charge", pl.Series([date(2026, 3, 2)] * 2), id="dates of charges"),
        pytest.param("dos", pl.Series([["2026-03-02"]] * 2), id="lists of dates"),
    ],
)
def test_a_typed_column_of_no_use_is_refused_or_unreadable(
    column: str, values: pl.Series, tmp_path: Path
) -> None:
    claims_table(**{column: values}).write_parquet(tmp_path / "claims.parquet")
    try:
        total = read(tmp_path / "claims.parquet").total
    except ClaimsError:
        return
    assert total.in_scope == 1


def test_what_is_not_a_number_is_a_blank_in_a_column_of_text(tmp_path: Path) -> None:
    codes = pl.Series([77092.0, float("nan")])
    marks = pl.Series([float("nan"), 26.0])
    claims_table(cpt=codes, mod1=marks).write_parquet(tmp_path / "claims.parquet")
    batch = read(tmp_path / "claims.parquet")
    assert (batch.total.in_scope, batch.total.no_code) == (1, 1)
    assert batch.lines["hcpcs_modifier_1"].to_list() == [""]


@pytest.mark.parametrize("column", ["units", "line", "charge"])
def test_numbers_held_as_categories_are_read(column: str, tmp_path: Path) -> None:
    numbers = pl.Series(["1", "2"], dtype=pl.Categorical)
    claims_table(**{column: numbers}).write_parquet(tmp_path / "claims.parquet")
    lines = read(tmp_path / "claims.parquet").lines
    name = {"units": "service_unit_quantity", "line": "claim_line_number"}.get(column)
    assert [int(value) for value in lines[name or "charge_amount"]] == [1]


def test_identifiers_held_as_floats_are_read_as_the_whole_numbers_they_are(tmp_path: Path) -> None:
    # What pandas writes for a column of whole numbers in which one is missing.
    claims_table(
        rendering_npi=[1234567893.0, None], pos=[11.0, None], modifier=[26.0, None]
    ).write_parquet(tmp_path / "claims.parquet")
    lines = read(tmp_path / "claims.parquet").lines
    cells = lines.select("rendering_npi", "place_of_service_code", "hcpcs_modifier_1").rows()
    assert cells == [("1234567893", "11", "26")]


def test_folders_named_after_a_column_are_that_column(tmp_path: Path) -> None:
    for payer, code in (("Medicare", "77092"), ("Health%20Plan", "77080")):
        folder = tmp_path / "claims" / f"payer={payer}"
        folder.mkdir(parents=True)
        claims_table(cpt=[code, "99213"]).drop("payer").write_parquet(folder / "0.parquet")
    batch = read(*find_files([str(tmp_path / "claims")]))
    assert batch.lines.select("payer", "hcpcs_code").rows() == [
        ("Health Plan", "77080"),
        ("Medicare", "77092"),
    ]
    assert batch.total.rows == 4


def test_a_column_of_a_table_goes_before_a_folder_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "payer=Nobody"
    folder.mkdir()
    claims_table().write_parquet(folder / "0.parquet")
    assert read(folder / "0.parquet").lines["payer"].to_list() == ["Medicare"]


DAMAGED_TABLES = (
    pytest.param("ARROW-GH-41317.parquet", "timestamp_us_no_tz", None),
    pytest.param("ARROW-GH-41321.parquet", "timestamp_us_no_tz", None),
    pytest.param("ARROW-GH-43605.parquet", "min_fl", 21186),
    pytest.param("ARROW-GH-45185.parquet", "x", None),
    pytest.param("ARROW-GH-47662.parquet", "flba_field", None),
    pytest.param("ARROW-RS-GH-6229-DICTHEADER.parquet", "nation_key", 25),
    pytest.param("ARROW-RS-GH-6229-DICTHEADER.parquet", "name", None),
    pytest.param("ARROW-RS-GH-6229-DICTHEADER.parquet", "region_key", None),
    pytest.param("ARROW-RS-GH-6229-LEVELS.parquet", "outer", None),
    pytest.param("PARQUET-1481.parquet", "Handle", None),
)


@pytest.mark.skipif(not BAD_PARQUET.is_dir(), reason="../shared/data/bad-parquet is not here")
@pytest.mark.parametrize(("name", "column", "rows"), DAMAGED_TABLES)
def test_a_damaged_table_is_refused_or_read_whole(name: str, column: str, rows: int | None) -> None:
    file = BAD_PARQUET / "apache_bad_data" / name
    everywhere = {"claim_id": column, "claim_line_start_date": column, "hcpcs_code": column}
    options: dict[str, Any] = {"payer": "aetna", "overrides": everywhere}
    options["needed"] = frozenset({"payer"})
    if rows is None:
        assert refusal(file, **options).startswith(str(file))
    else:
        assert read(file, **options).total.rows == rows


@pytest.mark.skipif(not BAD_PARQUET.is_dir(), reason="../shared/data/bad-parquet is not here")
def test_no_damaged_table_is_left_out() -> None:
    assert {parameter.values[0] for parameter in DAMAGED_TABLES} == {
        file.name for file in BAD_PARQUET.rglob("*.parquet")
    }


# Several files, folders, patterns, standard input


def test_lines_stand_in_the_order_of_files_and_rows(tmp_path: Path) -> None:
    second = written(tmp_path, text(HEADER, line(1), "", line(2)), "a.csv")
    first = written(
        tmp_path, text("CPT;Payer;DOS;Claim", "77089;Aetna;2026-03-02;B1").strip(), "b.csv"
    )
    third = tmp_path / "c.parquet"
    claims_table().write_parquet(third)
    batch = read(first, second, third)
    assert batch.lines.select("source", ROW, "claim_id").rows() == [
        (0, 2, "B1"),
        (1, 2, "A1"),
        (1, 4, "A2"),
        (2, 1, "A1"),
    ]
    assert [(t.rows, t.in_scope) for t in batch.tallies] == [(1, 1), (3, 2), (2, 1)]
    assert batch.total == Tally(rows=6, in_scope=4, no_code=0, not_data=1, rejected=0)
    assert [scan.path for scan in batch.scans] == [str(first), str(second), str(third)]


def test_a_column_that_one_of_the_files_lacks_is_unknown_on_its_lines_only(tmp_path: Path) -> None:
    one = written(tmp_path, text(HEADER.replace("note", "pos"), line(1, note="11")), "one.csv")
    two = written(tmp_path, text(HEADER, line(2, note="11")), "two.csv")
    assert read(one, two).lines["place_of_service_code"].to_list() == ["11", None]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_file_that_breaks_a_batch_is_read_row_by_row_alone(
    position: int, tmp_path: Path
) -> None:
    names = ["a.csv", "b.csv", "c.csv"]
    files = [written(tmp_path, text(HEADER, line(1)), name) for name in names]
    files[position].write_bytes(text(HEADER, line(1, note='"open'), line(2)))
    batch = read(*files)
    assert [note.partition(":")[0] for note in batch.notes] == [str(files[position])]
    assert [tally.in_scope for tally in batch.tallies] == [1, 1, 1]
    assert batch.rejects.select("source", ROW).rows() == [(position, 2)]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_file_that_breaks_a_batch_is_named(position: int, tmp_path: Path) -> None:
    names = ["a.csv", "b.csv", "c.csv"]
    files = [written(tmp_path, text(HEADER, line(1)), name) for name in names]
    claims_table(cpt=[["77092"], ["26"]]).write_parquet(files[position])
    assert refusal(*files).startswith(f"{files[position]}: ")


def test_a_name_with_brackets_is_a_file_and_no_pattern(tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER, line(1)), "[table].csv")
    written(tmp_path, text(HEADER, line(2)), "t.csv")
    assert find_files([str(file)]) == [str(file)]
    assert read(*find_files([str(file)])).lines["claim_id"].to_list() == ["A1"]
    table = tmp_path / "claims[1-2]*.parquet"
    claims_table().write_parquet(table)
    assert read(*find_files([str(table)])).total.rows == 2


def test_a_folder_gives_its_claim_files_sorted_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    claim_files = ["a.csv", "b.TXT", "deep/c.tsv", "deep/er/d.parquet", "deep/er/e.PQ", "z.Csv"]
    claim_files += ["f.csv.gz", "g.tsv.ZST"]
    for name in [*claim_files, "notes.md", "h.gz", "deep/.hidden.csv"]:
        written(tmp_path, b"x", name)
    (tmp_path / "folder.csv").mkdir()
    assert find_files([str(tmp_path)]) == sorted(str(tmp_path / name) for name in claim_files)


def test_a_pattern_gives_the_files_that_match_sorted(tmp_path: Path) -> None:
    for name in ["b.csv", "a.csv", "[c].csv", "d.txt"]:
        written(tmp_path, b"x", name)
    (tmp_path / "e.csv").mkdir()
    written(tmp_path / "e.csv", b"x", "f.csv")
    expected = sorted(str(tmp_path / name) for name in ["a.csv", "b.csv", "[c].csv"])
    assert find_files([str(tmp_path / "*.csv")]) == expected
    deep = find_files([str(tmp_path / "**" / "*.csv")])
    assert deep == sorted([*expected, str(tmp_path / "e.csv" / "f.csv")])


def test_a_file_named_twice_counts_once_and_stands_where_it_was_first_named(
    tmp_path: Path,
) -> None:
    a, b = (str(written(tmp_path, text(HEADER, line(1)), name)) for name in ["a.csv", "b.csv"])
    files = find_files([b, str(tmp_path), a, str(tmp_path / "*.csv"), b])
    assert files == [b, a]
    assert read(*files).total.rows == 2


def test_a_file_named_in_two_spellings_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, text(HEADER, line(1)), "a.csv")
    monkeypatch.chdir(tmp_path)
    assert len(find_files(["a.csv", "./a.csv", str(tmp_path / "a.csv"), "."])) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.csv", "no such file"),
        ("none*.csv", "no file matches the pattern"),
        (
            "",
            "the folder holds no claim files "
            "(.csv, .tsv, .tab, .psv, .txt, .dat, .prn, .out, .asc, .rpt, .xlsx, .xlsm, .xlsb, "
            ".xls, .ods, .837, .837p, .x12, .edi, .clm, .parquet, .pq)",
        ),
    ],
)
def test_a_name_that_gives_nothing_is_refused(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ClaimsError) as problem:
        find_files([str(tmp_path / name)])
    assert str(problem.value) == f"{tmp_path / name}: {words}"


def test_a_name_that_no_file_system_takes_is_refused() -> None:
    with pytest.raises(ClaimsError):
        find_files(["a" * 5_000])


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read (Is a directory)" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_standard_input_is_read_like_a_file(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(text("", HEADER, line(1), "", line(2, "99213")))
    if kind == "Parquet":
        data = io.BytesIO()
        claims_table().write_parquet(data)
        data.seek(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    batch = read(*find_files(["-"]))
    assert batch.scans[0].opened.kind == kind
    assert batch.scans[0].file is None
    assert batch.scans[0].size == len(data.getvalue())
    assert (batch.total.in_scope, batch.total.out_of_scope) == (1, 1)
    assert batch.lines[ROW].to_list() == [3 if kind == "CSV" else 1]


def test_an_empty_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert refusal("-").startswith("-: the file is empty")


def test_a_scan_tells_the_size_and_the_place_of_its_file(tmp_path: Path) -> None:
    file = written(tmp_path, text(HEADER, line(1)))
    (scan,) = read(file).scans
    assert (scan.file, scan.size) == (file, file.stat().st_size)


def test_nothing_but_the_needed_columns_is_read_of_a_patient(tmp_path: Path) -> None:
    header = HEADER.replace("note", "dob") + ",mrn"
    file = written(tmp_path, text(header, line(1, note="1950-01-01,MRN7")))
    columns = read(file, needed=EVERYTHING - {"person_id", "patient_birth_date"}).lines.columns
    assert not {"person_id", "patient_birth_date", "dob", "mrn"} & set(columns)


def test_no_line_changes_when_a_file_is_split_in_two(tmp_path: Path) -> None:
    day = date(2026, 3, 2)
    rows = [f"A{n},{day + timedelta(days=n)},77092,Medicare,{n}" for n in range(20)]
    whole = read(written(tmp_path, text(HEADER, *rows), "whole.csv")).lines
    parts = [
        written(tmp_path, text(HEADER, *rows[:7]), "part1.csv"),
        written(tmp_path, text(HEADER, *rows[7:]), "part2.csv"),
    ]
    split = read(*parts).lines
    assert_frame_equal(whole.drop("source", ROW), split.drop("source", ROW))


def test_a_head_cut_off_behind_a_separator_is_no_blank_tail() -> None:
    rows = text(HEADER, *(line(number, note="x") for number in range(40_000)))
    cut = rows[: rows.index(b",", HEAD_BYTES - 100) + 1]
    header = text(HEADER)
    padded = header + b"x" * (HEAD_BYTES - len(cut)) + cut[len(header) :]
    assert len(padded) == HEAD_BYTES
    assert not sniff(padded, "claims.csv").has_blank_tails
    assert sniff(padded[:-50] + b",", "claims.csv").has_blank_tails
