"""A batch split for submission: every row in one part, as it stood, and claims held together.

The writer of files and the account of which row belongs where are our own here; only which line has
a finding is asked of the run.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092 import findings
from cpt77092.cli import main
from cpt77092.engine import Result
from cpt77092.errors import ClaimsError, OutputError
from cpt77092.readers.copying import rows as copying
from cpt77092.readers.excel import ExcelFile
from cpt77092.readers.scan import INDEX
from cpt77092.readers.text import encoding as reading
from cpt77092.reports.files import output_locks
from cpt77092.rule import Severity
from cpt77092.run import Request, run
from cpt77092.split import CLEAN, FLAGGED, Split

DAY = date(2026, 11, 23)
EXAMPLES = Path(__file__).parents[1] / "examples"
HEADER = ("claim_id", "payer", "dos", "cpt", "mod1", "note")
WRONG, RIGHT = ("77092", "26"), ("77092", "")
"""Medicare wants no 26 on this code: MO001, an error."""


def checked(*paths: Path, **more: Any) -> Result:
    more.setdefault("select", ["MO001"])
    return run(Request(paths=[str(path) for path in paths], as_of=DAY, **more))


def parts(result: Result, name: str = "part.csv", **more: Any) -> tuple[bytes, bytes]:
    """The clean part and the flagged one."""
    split = Split(result, **({"severities": (Severity.ERROR,)} | more))
    streams = io.BytesIO(), io.BytesIO()
    for part, stream in zip((CLEAN, FLAGGED), streams, strict=True):
        split.write(stream, name, part)
    return streams[0].getvalue(), streams[1].getvalue()


# Any text file


@dataclass(frozen=True)
class Row:
    """A record of a file: its bytes, and the claim it says it is of."""

    raw: bytes
    claim: str
    payer: str
    code: str = ""


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "separator": draw(st.sampled_from(",;\t|")),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"])
        ),
        "always": draw(st.booleans()),
        "titles": draw(st.lists(st.sampled_from(["", "Claims of March", " "]), max_size=2)),
    }


MARKS = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
NOTES = st.text(st.sampled_from('ab "\n,;|\t\u00e9'), max_size=6)
CLAIMS = st.sampled_from(["A", "B", "C", " A", "1.234E+03", "1234", ""])
PAYERS = st.sampled_from(["Medicare", "MEDICARE", "Aetna", "Somebody", "some-body"])
SERVICES = st.sampled_from([WRONG, WRONG, RIGHT, ("99213", ""), ("", ""), ("99213", "26")])


def cell(text: str, layout: dict[str, Any], *, always: bool = False) -> str:
    if layout["always"] or always or any(mark in text for mark in '"\r\n' + layout["separator"]):
        return '"' + text.replace('"', '""') + '"'
    return text


@st.composite
def files(draw: st.DrawFn, layout: dict[str, Any]) -> tuple[bytes, list[Row]]:
    """What stands above the rows, and the rows."""
    end, separator = layout["end"], layout["separator"]
    encoding = layout["encoding"].removesuffix("-sig")
    head = [*layout["titles"], separator.join(cell(name, layout) for name in HEADER)]
    heading = MARKS.get(layout["encoding"], b"") + "".join(f"{line}{end}" for line in head).encode(
        encoding
    )
    rows = []
    for _ in range(draw(st.integers(1, 9))):
        claim, payer, service = draw(CLAIMS), draw(PAYERS), draw(SERVICES)
        note = draw(NOTES).replace("\n", "\r" if end == "\r" else "\n")
        cells = [claim, payer, "2026-03-02", *service, f"\u00e9 {note}"]
        kind = draw(st.sampled_from(["row"] * 6 + ["blank", "long"]))
        if kind == "blank":
            cells = draw(st.sampled_from([[""], [""] * len(HEADER)]))
            claim = ""
        elif kind == "long":
            cells += ["1", "2"]
        quoted = draw(st.booleans()) and kind != "blank"
        line = separator.join(cell(text, layout, always=quoted) for text in cells)
        line = "" if kind == "blank" and len(cells) == 1 else line
        code = "" if kind == "blank" else service[0]
        rows.append(Row(f"{line}{end}".encode(encoding), claim, payer, code))
    if draw(st.booleans()) and len(rows[-1].raw) > len(end.encode(encoding)):
        last = rows.pop()
        rows.append(replace(last, raw=last.raw.removesuffix(end.encode(encoding))))
    return heading, rows


def named(row: Row) -> tuple[str, str]:
    """The claim of a row: its number and who pays, however both are spelt."""
    claim = {"1.234E+03": "1234"}.get(row.claim.strip(), row.claim.strip())
    return claim, "".join(c for c in row.payer.casefold() if c.isalpha())


def account(result: Result, written: Sequence[list[Row]], lead: int) -> list[list[str]]:
    """Where each row of each file belongs."""
    table = findings.as_table(result)
    table = table.filter(pl.col("severity") == "error")
    paths = [scan.path for scan in result.batch.scans]
    wrong = {(paths.index(f), r) for f, r in table.select("source_file", "source_row").iter_rows()}
    dropped = set(result.batch.rejects.select("source", "source_row").iter_rows())
    every = [(n, r, x) for n, rows in enumerate(written) for r, x in enumerate(rows, lead + 2)]
    # Nobody knows what these payers want of modifier 26.
    unknown = {(n, r) for n, r, x in every if x.code == "77092" and "ome" in x.payer}
    wrong |= unknown - dropped
    held = {named(x) for n, r, x in every if (n, r) in wrong}
    numbers = {named(x)[0] for n, r, x in every if (n, r) in dropped}

    def part(n: int, r: int, row: Row) -> str:
        if (n, r) in dropped:
            return "dropped"
        of_claim = named(row) in held or named(row)[0] in numbers
        return "flagged" if (n, r) in wrong or (row.claim.strip() and of_claim) else "clean"

    return [
        [part(n, r, row) for r, row in enumerate(rows, lead + 2)] for n, rows in enumerate(written)
    ]


def joined(
    written: Iterable[list[Row]], where: Sequence[list[str]], part: str, end: bytes
) -> bytes:
    out = b""
    for rows, places in zip(written, where, strict=True):
        for row, place in zip(rows, places, strict=True):
            if place == part:
                # A file's last line may lack its end, which it needs where another follows.
                out += (end if out and not out.endswith(end) else b"") + row.raw
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_row_is_in_one_part_as_it_stood(data: st.DataObject, folder: Path) -> None:
    layout = data.draw(layouts())
    number = data.draw(st.integers(1, 2))
    drawn = [data.draw(files(layout)) for _ in range(number)]
    paths = [folder / f"{n}.csv" for n in range(number)]
    for path, (heading, rows) in zip(paths, drawn, strict=True):
        text = heading + b"".join(row.raw for row in rows)
        path.write_bytes(gzip.compress(text) if data.draw(st.booleans()) else text)
    written = [rows for _, rows in drawn]
    result = checked(*paths)
    where = account(result, written, len(layout["titles"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "BLOCK", data.draw(st.integers(1, 9)))
        clean, flagged = parts(result)
        counted = Split(result, (Severity.ERROR,))
        counts = [counted.row_count(CLEAN), counted.row_count(FLAGGED)]
    end = layout["end"].encode(layout["encoding"].removesuffix("-sig"))
    heading = drawn[0][0]
    assert clean == heading + joined(written, where, "clean", end)
    assert flagged == heading + joined(written, where, "flagged", end)
    dropped = sum(places.count("dropped") for places in where)
    assert sum(counts) + dropped == sum(map(len, written))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_lines_of_a_file_are_its_bytes(data: st.DataObject) -> None:
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "cp1252"]))
    body = data.draw(st.text(st.sampled_from("a\u00e9,\r\n\u2028\x0b"), min_size=1, max_size=20))
    body = body.replace("\u2028", "") if encoding == "cp1252" else body
    raw = MARKS.get(encoding, b"") + body.encode(encoding)
    source = reading.TextSource("", raw, encoding[:6] if "16" in encoding else encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "HEAD_BYTES", data.draw(st.integers(1, 9)))
        lines = list(source.raw_lines())
    assert b"".join(line for line, _ in lines) == raw
    assert [text for _, text in lines] == io.StringIO(body, newline="").readlines()


# Claims

TOP = b"claim_id,payer,dos,cpt,mod1\n"
DATE = "2026-03-02"


def lines(*rows: str) -> list[bytes]:
    """`claim payer code modifier` as rows of a file."""
    cells = [[*row.split(" "), ""][:4] for row in rows]
    return [f"{c},{p},{DATE},{code},{mod}\n".encode() for c, p, code, mod in cells]


def put(path: Path, rows: Iterable[bytes], top: bytes = TOP) -> Path:
    path.write_bytes(top + b"".join(rows))
    return path


MIXED = lines(
    "A Medicare 77092 26", "A MEDICARE 99213", "A Aetna 99213", "B Medicare 77092", "B Medicare "
)
"""The last row has no procedure code, so that a run ends with 2."""


def test_a_claim_is_held_whole_whatever_its_services(tmp_path: Path) -> None:
    result = checked(put(tmp_path / "a.csv", MIXED))
    assert parts(result) == (TOP + b"".join(MIXED[2:]), TOP + b"".join(MIXED[:2]))


def test_a_row_without_a_payer_is_held_with_each_claim_of_its_number(tmp_path: Path) -> None:
    rows = lines("A Medicare 77092 26", "A  99213", "A Aetna 99213", "B  77O92", "B Aetna 99213")
    result = checked(put(tmp_path / "a.csv", rows))
    assert parts(result) == (TOP + rows[2], TOP + b"".join([*rows[:2], *rows[3:]]))


def test_a_claim_with_a_code_that_cannot_be_read_is_held(tmp_path: Path) -> None:
    rows = lines("A Medicare 77O92", "A Medicare 99213", "B Medicare 77092", " Medicare COPAY")
    result = checked(put(tmp_path / "a.csv", rows))
    assert parts(result) == (TOP + rows[2], TOP + b"".join([*rows[:2], rows[3]]))


def test_a_claim_is_held_whole_under_the_marks_of_a_spreadsheet(tmp_path: Path) -> None:
    top = b"claim_id,payer,payer_id,dos,cpt,mod1\n"
    rows = [
        b"'A,Medicare,123.0,2026-03-02,'77092,'26\n",
        b"1001.0,NULL,123.0,2026-03-02,99213,\n",
        b'"=""A""",Medicare,123,2026-03-02,99213,\n',
    ]
    result = checked(put(tmp_path / "a.csv", rows, top))
    assert parts(result) == (top + rows[1], top + rows[0] + rows[2])


OWNED = b"claim_id,payer,person_id,billing_npi,dos,cpt,mod1\n"
NPI, OTHER_NPI = "1234567893", "1245319599"


def owned(*rows: str) -> list[bytes]:
    """`claim person npi code modifier` as rows of Medicare; `-` is blank."""
    cells = [[*("" if cell == "-" else cell for cell in row.split(" ")), ""][:5] for row in rows]
    return [f"{c},Medicare,{p},{n},{DATE},{x},{m}\n".encode() for c, p, n, x, m in cells]


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        (("A P1 - 77092 26", "A P2 - 77092", "A P1 - 99213"), (0, 2)),
        ((f"A P1 {NPI} 77092 26", f"A P1 {OTHER_NPI} 77092", f"A - {NPI} 99213"), (0, 2)),
        (("A P1 - 77092 26", "A - - 99213", "A P2 - 99213"), (0, 1)),
        (("A - - 77092 26", "A P1 - 99213", "A P2 - 99213", "B P1 - 99213"), (0, 1, 2)),
        (("A P1 - 77092 26", f"A - {NPI} 99213", f"A P1 {NPI} 99213", "A P2 - 77092"), (0, 1, 2)),
        (("A P1 - 77O92", "A P2 - 77092", "A P1 - 99213"), (0, 2)),
    ],
)
def test_a_claim_of_another_patient_with_the_number_goes_out(
    rows: tuple[str, ...], held: tuple[int, ...], tmp_path: Path
) -> None:
    written = owned(*rows)
    clean, flagged = parts(checked(put(tmp_path / "a.csv", written, OWNED)))
    assert flagged == OWNED + b"".join(written[n] for n in held)
    assert clean == OWNED + b"".join(row for n, row in enumerate(written) if n not in held)


def test_a_claim_that_cannot_be_judged_is_held(tmp_path: Path) -> None:
    rows = lines("A Somebody 77092", "A Somebody 99213", "B Somebody 77080", "C Medicare 77092")
    result = checked(put(tmp_path / "a.csv", rows))
    assert parts(result) == (TOP + b"".join(rows[2:]), TOP + b"".join(rows[:2]))
    assert parts(result, with_unjudged=False) == (TOP + b"".join(rows), TOP)


def test_lists_name_the_claims_to_hold_and_to_release(tmp_path: Path, scrub: Scrub) -> None:
    rows = owned(
        f"A P1 {NPI} 77092 26", f"A P1 {NPI} 99213", f"A P2 {NPI} 77092", f"B P1 {NPI} 77092",
        f"C P1 {NPI} 77O92", f"D P1 {NPI} 99213", f"- P1 {NPI} 77092", f"E P1 {NPI} 77080",
    )  # fmt: skip
    rows += [b"F,Nobody,,,2026-03-02,77092,\n", b"G,Medicare,,,2026-03-02,77092,,1,2,3\n"]
    source = put(tmp_path / "a.csv", rows, OWNED)
    hold, release = tmp_path / "hold.csv", tmp_path / "release.csv"
    code, message = scrub(source, "--hold-list", hold, "--release-list", release)
    assert code == 2
    head = "claim_id,payer,payer_id,billing_npi,reason\n"
    assert hold.read_text(encoding="utf-8") == head + (
        f"A,Medicare,,{NPI},MO001 modifier-26-not-allowed\n"
        f"C,Medicare,,{NPI},a procedure code that could not be read\n"
        'F,Nobody,,,"payer not recognized, so modifier 26 was not judged"\n'
        "G,,,,a row that could not be read\n"
    )
    assert release.read_text(encoding="utf-8") == head + (
        f"B,Medicare,,{NPI},clear\nE,Medicare,,{NPI},clear\n"
    )
    assert stat.S_IMODE(hold.stat().st_mode) == stat.S_IMODE(release.stat().st_mode) == 0o600
    assert message.endswith(
        f"{release}: 2 claims; {hold}: 4 claims\n"
        "1 clear claim in no list: a held claim of another patient has the same number and payer.\n"
    )


def test_lists_are_of_any_files(tmp_path: Path, scrub: Scrub) -> None:
    hold = tmp_path / "hold.csv"
    scrub(EXAMPLES / "claims.xlsx", EXAMPLES / "batch.837", "-q", "--hold-list", hold)
    assert "A-1002,Medicare," in hold.read_text(encoding="utf-8")


def test_single_lines_are_held_where_asked_for(tmp_path: Path) -> None:
    result = checked(put(tmp_path / "a.csv", MIXED))
    clean, flagged = parts(result, whole_claims=False)
    assert (clean, flagged) == (TOP + b"".join(MIXED[1:]), TOP + MIXED[0])


def test_claims_are_told_apart_by_their_payers_whatever_policy_they_are_checked_against(
    tmp_path: Path,
) -> None:
    result = checked(put(tmp_path / "a.csv", MIXED), payer="medicare")
    assert parts(result)[1] == TOP + b"".join(MIXED[:2])


def test_a_claim_over_two_files_is_held_in_both(tmp_path: Path) -> None:
    first = put(tmp_path / "a.csv", lines("B Medicare 77092", "A Medicare 99213"))
    first.write_bytes(first.read_bytes().rstrip(b"\n"))
    second = put(tmp_path / "b.csv", lines("A Medicare 77092 26", "C Medicare 77092"))
    clean, flagged = parts(checked(first, second))
    assert clean == TOP + b"".join(lines("B Medicare 77092", "C Medicare 77092"))
    assert flagged == TOP + b"".join(lines("A Medicare 99213", "A Medicare 77092 26"))


def test_what_counts_is_what_counts_for_the_exit_code(tmp_path: Path) -> None:
    result = checked(put(tmp_path / "a.csv", MIXED))
    whole = TOP + b"".join(MIXED)
    assert parts(result, severities=()) == (whole, TOP)
    everything = checked(put(tmp_path / "a.csv", MIXED), select=["DX001"])
    assert parts(everything, severities=tuple(Severity)) == (whole, TOP)
    clean, flagged = parts(everything, severities=(), with_unchecked=True)
    assert flagged == TOP + MIXED[0] + MIXED[1] + MIXED[3] + MIXED[4]
    assert clean == TOP + MIXED[2]


def test_a_claim_with_a_row_that_could_not_be_read_is_held(tmp_path: Path) -> None:
    broken = b'B,"Medicare,2026-03-02,77092,\n'
    long = b"C,Medicare,2026-03-02,77092,,1,2,3\n"
    kept = lines("B Medicare 77092", "C Medicare 99213", "D Medicare 77092")
    result = checked(put(tmp_path / "a.csv", [broken, kept[0], long, *kept[1:]]))
    assert b"".join(result.batch.rejected_rows()) == TOP + broken + long
    assert parts(result) == (TOP + kept[2], TOP + kept[0] + kept[1])
    assert parts(result, whole_claims=False) == (TOP + b"".join(kept), TOP)


def test_nul_bytes_and_broken_letters_of_other_columns_stay(tmp_path: Path) -> None:
    top = b"claim_id,payer,dos,cpt,mod1,note\n"
    rows = [b"A,Medicare,2026-03-02,77092,,a\0b\n", b"B,Medicare,2026-03-02,77092,26,\0\n"]
    assert parts(checked(put(tmp_path / "a.csv", rows, top))) == (top + rows[0], top + rows[1])


def test_a_row_with_several_lines_goes_where_its_worst_line_goes(tmp_path: Path) -> None:
    top = b"claim_id,payer,dos 1,cpt 1,mod1 1,dos 2,cpt 2,mod1 2\n"
    rows = [
        b"A,Medicare,2026-03-02,99213,,2026-03-02,77092,26\n",
        b"B,Medicare,2026-03-02,77092,,,,\n",
        b"A,Medicare,2026-03-02,99213,,,,\n",
    ]
    layout = tmp_path / "layout.yaml"
    layout.write_text(
        "columns:\n  hcpcs_code: [cpt 1, cpt 2]\n  hcpcs_modifier_1: [mod1 1, mod1 2]\n"
        "  claim_line_start_date: [dos 1, dos 2]\n"
    )
    result = checked(put(tmp_path / "a.csv", rows, top), layout=str(layout))
    assert parts(result) == (top + rows[1], top + rows[0] + rows[2])


def test_a_file_that_changed_in_between_is_not_cut(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", MIXED)
    result = checked(path)
    put(path, MIXED[1:])
    with pytest.raises(ClaimsError, match="changed while it was checked"):
        parts(result)
    path.unlink()
    with pytest.raises(ClaimsError, match="cannot be read again"):
        parts(result)


# Parquet


def table(*rows: str) -> pl.DataFrame:
    frame = pl.read_csv(TOP + b"".join(lines(*rows)), schema_overrides={"cpt": pl.Int32})
    return frame.with_columns(
        pl.col("dos").str.to_date(),
        pl.col("payer").cast(pl.Categorical),
        extra=pl.struct(pl.lit(1, pl.Int8).alias("deep")),
    )


ROWS = (
    "A Medicare 99213",
    "B Medicare 77092",
    "A Medicare 77092 26",
    "C Medicare 99213",
    "C Medicare 99214",
)


def test_rows_of_parquet_keep_their_types_and_order(tmp_path: Path) -> None:
    whole = table(*ROWS)
    one, two = tmp_path / "1.parquet", tmp_path / "kind=x" / "2.parquet"
    two.parent.mkdir()
    whole[:2].write_parquet(one)
    whole[2:].write_parquet(two, row_group_size=1)
    result = checked(one, two)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "BLOCK", 2)
        with pytest.raises(OutputError, match="not have the same columns"):
            parts(result, "part.parquet")
        plain = tmp_path / "2.parquet"
        plain.write_bytes(two.read_bytes())
        clean, flagged = parts(checked(one, plain), "part.parquet")
        alone = parts(checked(two), "part.parquet")
    assert_frame_equal(pl.read_parquet(clean), whole[[1, 3, 4]])
    assert_frame_equal(pl.read_parquet(flagged), whole[[0, 2]])
    assert_frame_equal(pl.read_parquet(alone[0]), whole[[3, 4]])  # no column out of a folder
    assert_frame_equal(pl.read_parquet(alone[1]), whole[[2]])


# The command

Scrub = Callable[..., tuple[int, str]]


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str]) -> Scrub:
    """Runs the command; gives its exit code and what it said on standard error."""

    def ran(*arguments: object) -> tuple[int, str]:
        command = ["check", *arguments, "--as-of", DAY, "--select", "MO001"]
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in command])
        return int(stop.value.code or 0), capfd.readouterr().err

    return ran


def test_the_command_writes_both_parts_for_their_owner(tmp_path: Path, scrub: Scrub) -> None:
    source = put(tmp_path / "a.csv", MIXED)
    clean, flagged = tmp_path / "clean.csv.gz", tmp_path / "flagged.csv"
    code, message = scrub(source, "--clean-to", clean, "--flagged-to", flagged)
    assert code == 2
    assert f"{clean}: 3 rows; {flagged}: 2 rows\n" in message
    assert gzip.decompress(clean.read_bytes()) == TOP + b"".join(MIXED[2:])
    assert flagged.read_bytes() == TOP + b"".join(MIXED[:2])
    assert stat.S_IMODE(clean.stat().st_mode) == stat.S_IMODE(flagged.stat().st_mode) == 0o600


def test_a_part_may_be_packed_with_zstandard_and_read_again(tmp_path: Path, scrub: Scrub) -> None:
    clean = tmp_path / "clean.csv.zst"
    scrub(put(tmp_path / "a.csv", MIXED), "--clean-to", clean, "--hold", "line", "-q")
    assert checked(clean).batch.total.rows == 4


def test_standard_input_is_split_as_a_file_is(
    tmp_path: Path, scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = io.TextIOWrapper(io.BytesIO(TOP + b"".join(MIXED)))
    monkeypatch.setattr("sys.stdin", source)
    flagged = tmp_path / "flagged.csv"
    assert scrub("-", "--flagged-to", flagged)[0] == 2
    assert flagged.read_bytes() == TOP + b"".join(MIXED[:2])


def test_the_names_of_parts_are_filled_in_and_held(tmp_path: Path, scrub: Scrub) -> None:
    source = put(tmp_path / "a.csv", MIXED)
    assert scrub(source, "-q", "--clean-to", tmp_path / "{stem}-{date}.csv")[0] == 2
    assert (tmp_path / "a-2026-11-23.csv").read_bytes() == TOP + b"".join(MIXED[2:])
    code, message = scrub(source, "--flagged-to", tmp_path / "{day}.csv")
    assert code == 2
    assert "--flagged-to" in message
    assert "{day} is not known here" in message
    clean = str(tmp_path / "clean.csv")
    with output_locks([], others=[("--clean-to", clean)]):
        code, message = scrub(source, "--clean-to", clean)
    assert (code, f"--clean-to {clean}: another run is writing it" in message) == (2, True)


@pytest.mark.slow
def test_it_says_that_no_row_is_lost_and_how_far_clean_is_clean(
    tmp_path: Path, scrub: Scrub
) -> None:
    unsure = b"D,Medicare,,77092,26\n"  # without a date no policy speaks
    long = b"C,Medicare,2026-03-02,77092,,1,2,3\n"
    source = put(tmp_path / "a.csv", [*MIXED, unsure, long])
    clean, flagged = tmp_path / "clean.csv", tmp_path / "flagged.csv"
    _, message = scrub(source, "--clean-to", clean, "--flagged-to", flagged)
    assert message.endswith(
        f"{clean}: 4 rows; {flagged}: 2 rows\n"
        "7 rows = 4 clean + 2 flagged + 1 rejected.\n"
        "1 flagged row held for another row of the claim.\n"
        "Clean in the edits that ran: on 1 clean line some edit could not run; "
        "--fail-on not-checked flags these too.\n"
    )
    _, message = scrub(source, "--clean-to", clean, "--fail-on", "not-checked", "--hold", "line")
    assert message.endswith("7 rows = 4 clean + 2 flagged + 1 rejected.\n")
    code, message = scrub(source, "--clean-to", clean, "--log-format", "json")
    events = [json.loads(line) for line in message.splitlines()]
    (event,) = [event for event in events if event["event"] == "split"]
    assert (code, event["file"], event["part"], event["rows"]) == (2, str(clean), "clean", 4)


def test_what_nothing_would_hold_back_is_refused(tmp_path: Path, scrub: Scrub) -> None:
    source = put(tmp_path / "a.csv", MIXED)
    code, message = scrub(source, "--clean-to", tmp_path / "o.csv", "--fail-on", "never")
    assert (code, "no row would be held back" in message) == (2, True)
    assert not (tmp_path / "o.csv").exists()
    whole = put(tmp_path / "whole.csv", MIXED[:4])
    assert scrub(whole, "-q", "--clean-to", tmp_path / "o.csv", "--exit-zero")[0] == 0


def test_nothing_is_split_where_a_file_cannot_be_read(tmp_path: Path, scrub: Scrub) -> None:
    (tmp_path / "in").mkdir()
    put(tmp_path / "in" / "a.csv", MIXED)
    (tmp_path / "in" / "b.csv").write_bytes(b"")
    (tmp_path / "in" / "c.csv").write_bytes(b"x,y\n1,2\n")
    clean = tmp_path / "clean.csv"
    code, message = scrub(tmp_path / "in", "--clean-to", clean)
    assert code == 2
    reason = "clean.csv: not written, since 2 files could not be read and may hold lines"
    assert reason in message
    assert not clean.exists()


def test_a_part_that_cannot_be_written_does_not_stop_the_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = put(tmp_path / "a.csv", MIXED)
    (tmp_path / "folder.csv").mkdir()
    flagged = tmp_path / "flagged.csv"
    arguments = ("--clean-to", tmp_path / "folder.csv", "--flagged-to", flagged)
    with pytest.raises(SystemExit) as stop:
        main.main([str(a) for a in (source, *arguments, "--select", "MO001", "--as-of", DAY)])
    out, message = capfd.readouterr()
    assert (stop.value.code, "folder.csv: cannot be written" in message) == (2, True)
    assert flagged.read_bytes() == TOP + b"".join(MIXED[:2])
    assert "MO001" in out, "the findings are told all the same"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path, scrub: Scrub) -> None:
    source = put(tmp_path / "a.csv", MIXED)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        came = pool.submit(pipe.read_bytes)
        assert scrub(source, "-q", "--clean-to", pipe, "--flagged-to", os.devnull)[0] == 2
        assert came.result(timeout=10) == TOP + b"".join(MIXED[2:])
    assert pipe.is_fifo()
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode), "not replaced by a file"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_standard_input_of_another_format_is_refused_after_the_check(
    tmp_path: Path, scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (EXAMPLES / "claims.parquet").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    code, output = scrub("-", "--flagged-to", tmp_path / "flagged.csv")
    message = "- is Parquet, and its rows are written as they are"
    assert (code, message in output, "checked" in output) == (2, True, True), "the rest is told"
    assert not list(tmp_path.iterdir())


def test_rows_of_a_workbook_become_csv(tmp_path: Path, scrub: Scrub) -> None:
    clean, flagged = tmp_path / "clean.csv", tmp_path / "flagged.csv"
    book = EXAMPLES / "claims.xlsx"
    _, message = scrub(book, "--clean-to", clean, "--flagged-to", flagged)
    assert message.endswith("The rows of the workbook were written as CSV, each cell as text.\n")
    parts = [pl.read_csv(part, infer_schema=False) for part in (clean, flagged)]
    whole = checked(book).batch.scans[0].opened
    assert isinstance(whole, ExcelFile)
    rows = whole.rows.drop(INDEX).with_columns(pl.all().replace("", None))
    assert parts[0].columns == list(whole.written.values())
    both = pl.concat(parts).rename(dict(zip(parts[0].columns, rows.columns, strict=True)))
    assert_frame_equal(both, rows, check_row_order=False)
    number = whole.written[whole.headers.columns["claim_id"]]
    assert set(parts[1][number]).isdisjoint(parts[0][number].drop_nulls())
    assert "A-1002" in parts[1][number]


def test_a_file_named_as_standard_input_is_not_it(
    tmp_path: Path, scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "-", MIXED[2:])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TOP + b"".join(MIXED))))
    assert scrub("-", "-q", "--flagged-to", "flagged.csv")[0] == 2
    assert Path("flagged.csv").read_bytes() == TOP + b"".join(MIXED[:2])


def test_a_file_of_plain_ascii_stands_beside_any_encoding_of_its_bytes(tmp_path: Path) -> None:
    accented = [b"Caf\xe9,Medicare,2026-03-02,77092,26\n", *lines("C Medicare 77092")]
    for first, second in ((MIXED, accented), (accented, MIXED)):
        one, other = put(tmp_path / "1.csv", first), put(tmp_path / "2.csv", second)
        clean, flagged = parts(checked(one, other))
        assert sorted([*clean.splitlines(), *flagged.splitlines()[1:]]) == sorted(
            [TOP.strip(), *(row.strip() for row in (*MIXED, *accented))]
        )


def test_two_encodings_of_other_bytes_are_refused(tmp_path: Path, scrub: Scrub) -> None:
    one = put(tmp_path / "1.csv", [b"Caf\xe9,Medicare,2026-03-02,77092,26\n"])
    other = put(tmp_path / "2.csv", ["Caf\u00e9,Medicare,2026-03-02,77092,26\n".encode()])
    code, message = scrub(one, other, "--clean-to", tmp_path / "o.csv")
    assert (code, "do not have the same encoding" in message) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{a}", "--clean-to", "-"), "--clean-to -: standard output is for the findings"),
        (("{a}", "--clean-to", "{a}"), "inputs are never changed"),
        (("{a}", "--clean-to", "{o}", "--flagged-to", "{o}"), "another option writes that file"),
        (("{a}", "--clean-to", "{o}", "--rejects", "{o}"), "another option writes that file"),
        (("{a}", "--flagged-to", "{dir}/none/x.csv"), "does not exist"),
        (("{a}", "--flagged-to", "{dir}/x.parquet"), "is text"),
        (("{a}", "--flagged-to", "{dir}/x.xlsx"), "is text"),
        (("{parquet}", "--clean-to", "{o}"), "is Parquet"),
        (("{a}", "{b}", "--clean-to", "{o}"), "not have the same header"),
        (("{a}", "{semicolons}", "--clean-to", "{o}"), "not have the same separator"),
        (("{a}", "{wide}", "--clean-to", "{o}"), "not have the same encoding"),
        (("{a}", "{cr}", "--clean-to", "{o}"), "not have the same line ends"),
        (("{a}", "{parquet}", "--clean-to", "{o}"), "not have the same format"),
        (("{examples}/claims.xlsx", "--clean-to", "{dir}/o.xlsx"), "rows are written as CSV"),
        (("{examples}/claims.xlsx", "{a}", "--clean-to", "{o}"), "not have the same format"),
        (("{examples}/batch.837", "--clean-to", "{o}"), "is an 837P, and its rows"),
        (("{examples}/batch.837", "--hold", "line", "--clean-to", "{dir}/o.837"), "whole claims"),
        (("{a}", "--hold-list", "{dir}/x.xlsx"), "a list is CSV"),
        (("{a}", "--hold-list", "{o}", "--hold", "line"), "a list names whole claims"),
        (("{a}", "--hold-list", "{o}", "--release-list", "{o}"), "another option writes that"),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, scrub: Scrub
) -> None:
    text = TOP + b"".join(MIXED)
    contents = {
        "b.csv": text.replace(b"mod1", b"mod 1", 1),
        "semicolons.csv": text.replace(b",", b";"),
        "wide.csv": text.decode().encode("utf-16"),
        "cr.csv": text.replace(b"\n", b"\r"),
        "a.csv": text,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    table(*ROWS).write_parquet(tmp_path / "parquet.parquet")
    names = {Path(name).stem: tmp_path / name for name in [*contents, "parquet.parquet"]}
    names |= {"o": tmp_path / "o.csv", "dir": tmp_path}
    names["examples"] = EXAMPLES
    code, output = scrub(*(argument.format(**names) for argument in arguments), "-q")
    assert code == 2
    assert output.count("\n") == 1
    assert message in output
    assert not (tmp_path / "o.csv").exists()
    assert names["a"].read_bytes() == text
