"""Lines written to a file in any of the ways that files are written come back as they were.

Every property draws its own layout: separator, line end, encoding, packing, spelling and order of
the headers, quoting, blank rows, titles above the header, a byte-order mark. The writer here is our
own and shares nothing with the readers. What a cell may not hold is what no reader could give back:
blanks at its ends, which are trimmed, and line ends of another kind than the file's in a file whose
lines end in CR.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092.claims.cells import plain_codes
from cpt77092.claims.columns import BY_NAME, COLUMNS, DAY_FIRST, OF_HISTORY, TEXT_KINDS, Kind
from cpt77092.claims.headers import match_headers
from cpt77092.errors import ClaimsError
from cpt77092.readers import Batch, Options, Tally, read_batch
from cpt77092.reference.codes import CHECKED
from tests.large_batch_path import read_both_ways

Line = dict[str, Any]
"""A claim line: canonical column to value; text, or what a typed cell says, or None for blank."""

REQUIRED = ("claim_id", "payer", "claim_line_start_date", "hcpcs_code")
SPELLINGS = Path(__file__).parents[1] / "claims" / "header_spellings.yaml"
OTHERS = ("99213", "36415", "0554T", "A0428", "J0897")
ROUND_TRIPS = settings(max_examples=20, deadline=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round-trips")


@cache
def aliases(column: str) -> tuple[str, ...]:
    """Headers that say exactly this column, whatever its cells hold."""
    text = SPELLINGS.read_text(encoding="utf-8")
    named = yaml.load(text, Loader=yaml.BaseLoader)[column]["named"]
    return tuple(
        header
        for header in named
        if all(
            match_headers({header: header}, {}, file="x", cells={header: [cell]}).columns
            == {column: header}
            for cell in ("\u00e9", "7", "26 5", "")
        )
    )


def read(file: Path, scope: frozenset[str] = CHECKED) -> Batch:
    def batch() -> Batch:
        return read_batch([str(file)], needed=frozenset(BY_NAME), scope=scope, options=Options())

    return read_both_ways(batch)


# Lines

PRINTABLE = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufffd")
WESTERN = "\u00e9\u00fc\u00d1\u20ac\u2019\u0160"
ADJACENT = re.compile(r"[^\x00-\x7f]{2}")
INSIDE = st.one_of(PRINTABLE, st.sampled_from(WESTERN), st.sampled_from(' ,;|\t"\n\r$()-26'))


def texts(alphabet: st.SearchStrategy[str] = INSIDE) -> st.SearchStrategy[str]:
    return st.text(alphabet, max_size=8).map(str.strip)


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: texts(),
    Kind.CODE: texts(),
    Kind.DATE: st.none() | st.dates(date(1900, 1, 1), date(2069, 12, 31)),
    Kind.NUMBER: st.none() | st.integers(-5, 5000).map(lambda n: n / 4),
    Kind.MONEY: st.none() | st.decimals(-5000, 5_000_000, places=2),
    Kind.INTEGER: st.none() | st.integers(-9, 2**40),
}


def is_plain(name: str, text: str) -> bool:
    """Whether a text is read as it stands: no placeholder, no mark around it, no word beside it."""
    return bool(plain_codes(name, pl.Series([text]))[0] == text)


@st.composite
def line_lists(draw: st.DrawFn) -> tuple[list[str], list[Line]]:
    """Columns, and lines that have them."""
    # Where no payer's cell reads like a name the column of plans is the payer's.
    left_out = {*REQUIRED, *OF_HISTORY, "plan_name"}
    optional = [name for name in BY_NAME if name not in left_out]
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=6))
    columns = draw(st.permutations([*REQUIRED, *chosen]))
    special = {
        "claim_id": texts(PRINTABLE).filter(bool),
        # A line break in a claim number, a payer or a date sets its row aside as an open quote;
        # the property below has such payers alone.
        "payer": texts().filter(lambda payer: not set(payer) & set("\r\n")),
        "claim_line_start_date": st.dates(date(1900, 1, 1), date(2069, 12, 31)),
        "hcpcs_code": st.sampled_from(sorted(CHECKED)) | st.sampled_from(OTHERS),
    }
    values = {name: special.get(name, VALUES[BY_NAME[name].kind]) for name in columns}
    strategies = {
        name: strategy.filter(partial(is_plain, name))
        if BY_NAME[name].kind in TEXT_KINDS
        else strategy
        for name, strategy in values.items()
    }
    lines = draw(st.lists(st.fixed_dictionaries(strategies), min_size=1, max_size=6))
    return columns, lines


def spelled(draw: st.DrawFn, value: Any, name: str) -> str:
    """A value of a column as some file would write it."""
    kind = BY_NAME[name].kind
    if value is None:
        return draw(st.sampled_from(["", " ", "\t "]))
    if isinstance(value, date):
        forms = ["%Y-%m-%d", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y", "%m-%d-%Y", "%Y-%m-%d 23:59:59"]
        # Two digits are read as a year from 1970 to 2069, and of a birth as one of the 1900s.
        is_short = value.year < 2000 if name == "patient_birth_date" else value.year >= 1970
        short = ["%m/%d/%y"] if is_short else []
        return value.strftime(draw(st.sampled_from(forms + short)))
    if kind in TEXT_KINDS:
        return draw(st.sampled_from([f"{value}", f" {value} "]))
    if kind is Kind.MONEY:
        sign, amount = "-" * (value < 0), abs(value)
        return draw(
            st.sampled_from(
                [f"{value}", f"{sign}${amount}", f"{sign}{amount:,}", f"{sign}${amount:,} "]
                + ([f"({amount})", f"(${amount:,})"] if sign else [])
            )
        )
    return draw(st.sampled_from([f"{value}", f"{value:,}", f" {value} "]))


# Files


@dataclass(frozen=True)
class Written:
    """A file's bytes, and what each spreadsheet row of its body is (None for a blank row)."""

    data: bytes
    text: str
    rows: list[tuple[int, Line | None]]


def quoted(draw: st.DrawFn, cell: str, separator: str, *, always: bool) -> str:
    must = any(mark in cell for mark in (separator, '"', "\n", "\r"))
    if must or always or draw(st.booleans()):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def written(draw: st.DrawFn, columns: list[str], lines: list[Line]) -> Written:
    """A file that holds the lines, in some layout."""
    separator = draw(st.sampled_from(",;\t|"))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    always = draw(st.booleans())
    blanks = draw(st.integers(0, 2))
    headers = [draw(st.sampled_from(aliases(name))) for name in columns]
    headers = [draw(st.sampled_from([h, h.upper(), h.title()])) for h in headers]
    above = ["", " ", "Claims of March", "Report, 2026-03-31"]
    out = [draw(st.sampled_from(above)) for _ in range(blanks)]
    out.append(separator.join(quoted(draw, h, separator, always=always) for h in headers))
    rows: list[tuple[int, Line | None]] = []
    for line in lines:
        for _ in range(draw(st.integers(0, 2)) if draw(st.booleans()) else 0):
            rows.append((len(out) + 1, None))
            out.append(draw(st.sampled_from(["", " ", separator * (len(columns) - 1)])))
        rows.append((len(out) + 1, line))
        cells = [spelled(draw, line[name], name) for name in columns]
        if end == "\r":
            cells = [cell.replace("\n", "\r") for cell in cells]
        out.append(separator.join(quoted(draw, c, separator, always=always) for c in cells))
    body = end.join(out) + draw(st.sampled_from(["", end]))
    return Written(encoded(draw, body), body, rows)


def encoded(draw: st.DrawFn, body: str) -> bytes:
    """A file's text in some encoding that can hold it, perhaps compressed."""
    ways = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be"]
    # Two letters beyond ASCII side by side may be one of UTF-8's; apart they never are.
    if ADJACENT.search(body) is None and all(c.isascii() or c in WESTERN for c in body):
        ways += ["cp1252", "cp1252"]
    way = draw(st.sampled_from(ways))
    data = (codecs.BOM_UTF16_BE if way == "utf-16-be" else b"") + body.encode(way)
    return gzip.compress(data) if draw(st.integers(0, 3)) == 0 else data


def in_one_row(lines: list[Line]) -> list[Line]:
    """The lines without the line ends in their cells, which change with those of the file."""
    flat = str.maketrans("", "", "\r\n")
    return [
        {name: v.translate(flat).strip() if isinstance(v, str) else v for name, v in line.items()}
        for line in lines
    ]


def expected_value(line: Line, column: str, text: str) -> Any:
    value = line[column]
    if isinstance(value, str) and "\n" not in text:
        return value.replace("\n", "\r")
    return value


@pytest.mark.slow
@ROUND_TRIPS
@given(data=st.data())
def test_lines_come_back_from_any_layout_with_their_row_numbers(
    data: st.DataObject, folder: Path
) -> None:
    columns, lines = data.draw(line_lists())
    file = data.draw(written(columns, lines))
    path = folder / "claims.csv"
    path.write_bytes(file.data)
    batch = read(path)
    in_scope = [(row, x) for row, x in file.rows if x and x["hcpcs_code"] in CHECKED]
    blank = sum(line is None for _, line in file.rows)
    assert batch.total == Tally(
        rows=len(file.rows), in_scope=len(in_scope), no_code=0, not_data=blank, rejected=0
    )
    assert batch.total.out_of_scope == len(lines) - len(in_scope)
    assert batch.lines["source_row"].to_list() == [row for row, _ in in_scope]
    for column in columns:
        values = batch.lines[column].to_list()
        assert values == [expected_value(line, column, file.text) for _, line in in_scope]
        if BY_NAME[column].kind not in TEXT_KINDS:
            states = batch.lines[f"{column}.state"].to_list()
            assert states == ["blank" if value is None else "read" for value in values]
    assert set(batch.scans[0].opened.headers.columns) == set(columns)
    assert batch.scans[0].opened.headers.unused == ()


def plainly_read(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines without their places, and without the second reading of dates in an unknown order.

    Each file writes its dates in a form of its own, and a table has no doubt of them.
    """
    return lines.drop("source", "source_row", cs.ends_with(DAY_FIRST))


@pytest.mark.slow
@ROUND_TRIPS
@given(data=st.data())
def test_a_table_gives_the_lines_that_a_text_file_gives(data: st.DataObject, folder: Path) -> None:
    columns, lines = data.draw(line_lists())
    lines = in_one_row(lines)
    dtypes: dict[Kind, Any] = {
        Kind.TEXT: pl.String,
        Kind.CODE: pl.String,
        Kind.DATE: data.draw(st.sampled_from([pl.Date, pl.Datetime("us"), pl.Datetime("ns")])),
        Kind.NUMBER: pl.Float64,
        Kind.MONEY: pl.Decimal(12, 2),
        Kind.INTEGER: pl.Int64,
    }
    frame = pl.DataFrame(
        {
            name: pl.Series([line[name] for line in lines], dtype=pl.Date).cast(dtypes[Kind.DATE])
            if BY_NAME[name].kind is Kind.DATE
            else pl.Series([line[name] for line in lines], dtype=dtypes[BY_NAME[name].kind])
            for name in columns
        }
    )
    frame.write_parquet(folder / "claims.parquet")
    file = data.draw(written(columns, lines))
    (folder / "claims.csv").write_bytes(file.data)
    table, text = read(folder / "claims.parquet"), read(folder / "claims.csv")
    assert table.total.in_scope == text.total.in_scope
    assert table.total.out_of_scope == text.total.out_of_scope
    in_scope = [n for n, x in enumerate(lines, start=1) if x["hcpcs_code"] in CHECKED]
    assert table.lines["source_row"].to_list() == in_scope
    assert_frame_equal(plainly_read(table.lines), plainly_read(text.lines))


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_lines_split_over_two_files_are_the_lines_of_one(data: st.DataObject, folder: Path) -> None:
    columns, lines = data.draw(line_lists().filter(lambda drawn: len(drawn[1]) > 1))
    cut = data.draw(st.integers(1, len(lines) - 1))
    paths = [folder / "first.csv", folder / "second.csv", folder / "whole.csv"]
    parts = [lines[:cut], lines[cut:], lines]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(data.draw(written(columns, in_one_row(part))).data)
    options, needed = Options(), frozenset(BY_NAME)
    split = read_batch([str(p) for p in paths[:2]], needed=needed, scope=CHECKED, options=options)
    whole = read(paths[2])
    assert split.total.in_scope == whole.total.in_scope
    assert split.total.out_of_scope == whole.total.out_of_scope
    assert_frame_equal(plainly_read(split.lines), plainly_read(whole.lines))


# Files that nobody wrote on purpose

HEADER = "claim_id,dos,cpt,payer\n"
PIECES = ["77092", "99213", "A1", "2026-03-02", ",", ",", ",", "\n", "\n", "\r\n", " ", "  77092."]


ANOTHER_WITH_MODIFIERS = re.compile(r"[0-9]{5}(A1){1,4}")


def account(records: list[list[str]]) -> tuple[Tally, list[int]]:
    """What the rows are, told by the words of the design; and the rows in scope."""
    kinds, rows = [], []
    for number, record in enumerate(records, start=2):
        claim, day, code, *_ = [*(cell.strip() for cell in record), "", "", ""]
        if any(record[4:]) or (len(record) < 4 and (code or (claim and day))):
            kinds.append("rejected")
        elif not code:
            kinds.append("no code" if claim and day else "not data")
        elif any(checked in "".join(filter(str.isalnum, code)) for checked in CHECKED):
            kinds.append("in scope")
            rows.append(number)
        elif re.search(r"\b[0-9]{5}\b", code) or ANOTHER_WITH_MODIFIERS.fullmatch(code):
            kinds.append("out of scope")
        else:
            kinds.append("no code" if claim or day else "not data")
    tally = Tally(
        rows=len(records),
        in_scope=len(rows),
        no_code=kinds.count("no code"),
        not_data=kinds.count("not data"),
        rejected=kinds.count("rejected"),
    )
    return tally, rows


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(body=st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map("".join))
def test_any_text_without_quotes_is_counted_as_csv_counts_it(body: str, folder: Path) -> None:
    records = list(csv.reader(io.StringIO(HEADER + body, newline="")))[1:]
    if any(any(record[8:]) and not any(record[4:8]) for record in records):
        return  # a fifth extra field that is filled after four blank ones is cut off by the scan
    path = folder / "claims.csv"
    path.write_bytes((HEADER + body).encode())
    batch = read(path)
    expected, rows = account(records)
    assert batch.total == expected
    assert batch.lines["source_row"].to_list() == rows
    assert batch.lines["claim_id"].to_list() == [records[row - 2][0].strip() for row in rows]


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    data=st.lists(
        st.sampled_from([*(piece.encode() for piece in PIECES), b'"', b'"', b'""', b"\r", b"\xe9"])
        | st.binary(max_size=3),
        max_size=25,
    ).map(b"".join),
    start=st.sampled_from(
        [b"", HEADER.encode(), b"\xef\xbb\xbf", b"PAR1", b"cpt\r", b'"cpt,dos\n']
    ),
)
def test_any_bytes_at_all_are_read_or_refused(data: bytes, start: bytes, folder: Path) -> None:
    path = folder / "claims.csv"
    path.write_bytes(start + data)
    try:
        batch = read(path)
    except ClaimsError as refusal:
        message = str(refusal)
    else:
        message = ""
        assert batch.total.out_of_scope >= 0
        assert batch.lines.height == batch.total.in_scope
    assert message == "" or message.startswith(str(path))


def test_the_properties_reach_every_kind_of_column() -> None:
    assert {column.kind for column in COLUMNS} == set(VALUES)
    assert all(len(aliases(name)) > 1 for name in REQUIRED)


@pytest.mark.slow
@ROUND_TRIPS
@given(before=texts(PRINTABLE).filter(bool), end=st.sampled_from("\r\n"), after=st.integers(0, 9))
def test_a_line_break_in_a_payer_sets_its_row_aside(
    before: str, end: str, after: int, folder: Path
) -> None:
    payer = f"{before}{end}{after}".replace('"', '""')
    path = folder / "broken.csv"
    header = "claim_id,payer,claim_line_start_date,hcpcs_code\n"
    rows = f'1,x,2026-03-02,77092\n2,"{payer}",2026-03-02,77092\n'
    path.write_bytes((header + rows).encode())
    batch = read(path)
    assert batch.total == Tally(rows=2, in_scope=1, no_code=0, not_data=0, rejected=1)
    assert batch.rejects["source_row"].to_list() == [3]
