"""837P files: every service line is found where it stands, or the file is refused in one line.

Lines are read a second time with pyx12's segment reader, which knows nothing of loops: what it
sees in CLM, LX and SV1 is what the program must see.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092 import findings
from cpt77092.claims.columns import BY_NAME, DIAGNOSES, UNREADABLE_TEXT
from cpt77092.cli import main
from cpt77092.engine import Result, check, needed_columns
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.policies import PolicySet, load_policies
from cpt77092.readers import (
    Batch,
    Options,
    Selection,
    Tally,
    find_files,
    open_claims,
    read_batch,
    read_history,
)
from cpt77092.readers.signatures import is_x12
from cpt77092.readers.x12 import interchange
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import CATALOGUE
from cpt77092.run import Request, run
from tests.claim_strategies import Batch as Rows
from tests.claim_strategies import runs, vocabulary
from tests.oracle import read_policies
from tests.readers.x12_writer import MODIFIERS, Row, Style, segments_of, written, x12

ROOT = Path(__file__).parents[2]
SHARED = Path(__file__).parents[3] / "shared" / "data" / "x12"
EVERYTHING = frozenset(BY_NAME)
AS_OF = date(2026, 11, 23)
PLAIN = Style()

LINE = {
    "claim_id": "A-1",
    "person_id": "P1",
    "payer": "Medicare",
    "payer_id": "99901",
    "claim_filing_indicator": "MB",
    "billing_npi": "1555001019",
    "rendering_npi": "1555000011",
    "ordering_npi": "1555002017",
    "hcpcs_code": "77092",
    "charge_amount": "45.00",
    "service_unit_quantity": "1",
    "place_of_service_code": "11",
    "claim_line_start_date": "2026-03-02",
    "claim_line_end_date": "2026-03-02",
    "claim_frequency_code": "1",
    "diagnosis_code_1": "M810",
    "diagnosis_pointer": "1",
}


def read(
    *files: Path | str,
    scope: frozenset[str] = CHECKED,
    payer: str | None = None,
    lenient: bool = False,
) -> Batch:
    options = Options(payer=payer, lenient=lenient)
    return read_batch(
        [str(file) for file in files], needed=EVERYTHING, scope=scope, options=options
    )


def kept(folder: Path, data: bytes, name: str = "batch.837") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def refusal(file: Path, *, lenient: bool = False) -> str:
    """The one line that a refused file is told with, without the folder."""
    with pytest.raises(ClaimsError) as problem:
        read(file, lenient=lenient)
    (line,) = problem.value.lines
    assert line.startswith(str(file))
    return line.removeprefix(str(file.parent)).lstrip("/")


def lines_of(folder: Path, segments: Sequence[str], style: Style = PLAIN) -> Batch:
    return read(kept(folder, written(counted(segments, style), style)), scope=CHECKED)


def counted(segments: Sequence[str], style: Style = PLAIN) -> list[str]:
    """The same segments with the right counts in their trailers."""
    out: list[str] = []
    begun = sets = 0
    for segment in segments:
        tag, *rest = segment.split(style.element)
        begun, sets = (len(out), sets + 1) if tag == "ST" else (begun, sets)
        fixed = segment
        if tag == "SE":
            fixed = style.element.join(("SE", str(len(out) - begun + 1), *rest[1:]))
        if tag == "GE":
            fixed, sets = style.element.join(("GE", str(sets), *rest[1:])), 0
        out.append(fixed)
    return out


def one_line(**cells: str) -> list[str]:
    return segments_of([LINE | cells])


def with_behind(segments: Sequence[str], start: str, *more: str) -> list[str]:
    """More segments behind the first one that starts so."""
    place = next(n for n, segment in enumerate(segments) if segment.startswith(start)) + 1
    return [*segments[:place], *more, *segments[place:]]


def without(segments: Sequence[str], start: str) -> list[str]:
    return [segment for segment in segments if not segment.startswith(start)]


def replaced(segments: Sequence[str], start: str, new: str) -> list[str]:
    return [new if segment.startswith(start) else segment for segment in segments]


# A second reading, by pyx12


def second_reading(data: bytes) -> list[dict[str, str]]:
    """Claim, line number, code, modifiers, charge and units of every SV1, as pyx12 parts them."""
    reader = pytest.importorskip("pyx12.x12file", reason="pyx12 is not installed")
    seen: list[dict[str, str]] = []
    claim = number = ""
    for segment in reader.X12Reader(io.StringIO(data.decode("latin-1"))):
        tag = segment.get_seg_id()
        if tag == "CLM":
            claim = segment.get_value("CLM01")
        elif tag == "LX":
            number = segment.get_value("LX01")
        elif tag == "SV1":
            cells = {
                f"hcpcs_modifier_{n}": segment.get_value(f"SV101-{n + 2}") for n in range(1, 5)
            }
            cells |= {
                "claim_id": claim,
                "claim_line_number": number,
                "qualifier": segment.get_value("SV101-1"),
                "hcpcs_code": segment.get_value("SV101-2"),
                "charge_amount": segment.get_value("SV102"),
                "service_unit_quantity": segment.get_value("SV104"),
            }
            seen.append({name: (value or "").strip() for name, value in cells.items()})
    return seen


def assert_read_alike(file: Path) -> None:
    seen = second_reading(file.read_bytes())
    parted = [row for row in seen if row["hcpcs_code"]]
    batch = read(file, scope=frozenset(row["hcpcs_code"].upper() for row in parted))
    assert batch.total.rows == len(seen)
    assert batch.total.rejected == len(seen) - len(parted)
    assert batch.total.in_scope == len(parted)
    for row, line in zip(parted, batch.lines.iter_rows(named=True), strict=True):
        for name in ("claim_id", *MODIFIERS):
            assert line[name] == row[name]
        assert line["hcpcs_code"] == row["hcpcs_code"].upper()
        assert line["claim_line_number"] == int(row["claim_line_number"])
        assert line["charge_amount"] == Decimal(row["charge_amount"])
        assert line["service_unit_quantity"] == float(row["service_unit_quantity"])


def public_files(folder: str) -> list[Path]:
    return sorted((SHARED / folder).glob("*")) or [Path(folder)]


@pytest.mark.parametrize("file", public_files("837p"), ids=lambda file: file.name)
def test_public_files_are_read_as_pyx12_reads_them(file: Path) -> None:
    if not file.is_file():
        pytest.skip("../shared is absent")
    assert_read_alike(file)


def test_a_part_that_the_isa_does_not_declare_is_a_rejected_line() -> None:
    file = SHARED / "837p" / "lfh__demo.example11.837"
    if not file.is_file():
        pytest.skip("../shared is absent")
    batch = read(file)  # its ISA declares : and its composites are parted by >
    message = "SV101 is not separated by :, which the ISA declares"
    assert batch.rejects["reject_reason"].to_list() == [message, message]
    assert batch.rejects["source_row"].to_list() == [31, 35]


@pytest.mark.parametrize("file", public_files("835"), ids=lambda file: file.name)
def test_remittances_are_no_claims(file: Path) -> None:
    if not file.is_file():
        pytest.skip("../shared is absent")
    assert ":3: a remittance (835); scrub reads professional claims" in refusal(file)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("imsweb__x12_no_isa_line.txt", ":1: the file begins with no ISA segment"),
        ("imsweb__x12_bad_segment_identifier.txt", ":6: a segment without a valid tag"),
        ("tigershark__837-example_unpadded_ISA.txt", ":1: the ISA is not padded"),
    ],
)
def test_public_malformed_files(name: str, message: str) -> None:
    file = SHARED / "malformed" / name
    if not file.is_file():
        pytest.skip("../shared is absent")
    assert message in refusal(file)


def test_an_unpadded_isa_can_be_read_past() -> None:
    file = SHARED / "malformed" / "tigershark__837-example_unpadded_ISA.txt"
    if not file.is_file():
        pytest.skip("../shared is absent")
    batch = read(file, lenient=True)  # a 4010 file
    assert batch.total == Tally(rows=2, in_scope=0, no_code=0, not_data=0, rejected=0)
    assert len(batch.faults) == 1
    assert batch.commonest_codes == (("T1018", 2),)


# The same claims in two forms

MARKS = "*|!@#%&+:>;~\x1c\x1d\x1e\x1f\xa6\xa7"  # ^ parts repetitions
BREAKS = ("", "\n", "\r\n", "\r")
NOT_OF_AN_837P = {
    "plan_name",
    "hcpcs_modifier_5",
    "paid_amount",
    "allowed_amount",
    "submission_date",
    "report_signed_date",
}
"""What rules about filing and reports ask for, what was paid, and the plan, whose place (SBR04) may
as well hold an employer: neither form has it here."""
COLUMNS = [name for name in BY_NAME if name not in NOT_OF_AN_837P]
RUNS = st.deferred(lambda: runs(vocabulary(read_policies(ROOT / "policies"), AS_OF)))
DOT = r"\b([A-Z][0-9A-Z][0-9A-Z])\.([0-9A-Z]{1,4})\b"
"""A dot where it belongs in a diagnosis; an 837P has none there."""


@st.composite
def styles(draw: st.DrawFn, used: set[str]) -> Style:
    free = sorted(set(MARKS) - used)
    element, component, terminator = draw(st.permutations(free))[:3]
    if draw(st.booleans()):
        terminator = draw(st.sampled_from(("\n", "\r", terminator)))
    breaks = [mark for mark in BREAKS if not (mark and terminator in "\r\n" and mark != "\n")]
    size = st.sampled_from((1, 2, 3, 1000))
    return Style(
        element=element,
        component=component,
        terminator=terminator,
        line_break=draw(st.sampled_from(breaks if terminator != "\n" else [""])),
        claims_per_set=draw(size),
        sets_per_group=draw(size),
        groups_per_interchange=draw(size),
        as_dependents=draw(st.booleans()),
        providers_on_claim=draw(st.booleans()),
        version=draw(st.sampled_from(("005010X222A1", "005010X222", "004010X098A1"))),
    )


def in_both_forms(row: Row, number: int) -> dict[str, str]:
    """A drawn row with what an 837P always has; its dates of service are one day or a range.

    Its diagnoses stand without gaps, since an 837P has no place for a blank one between others.
    """
    cells = {name: row.get(name, "").strip() for name in COLUMNS}
    # A date that cannot be read is quoted as it stands, and an 837P writes dates without dashes.
    days = [cells["claim_line_start_date"], cells["claim_line_end_date"]]
    is_range = all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)
    start, end = (re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\1\2\3", day) for day in days)
    filled = [cells[name] for name in DIAGNOSES if cells[name]]
    pointer = cells["diagnosis_pointer"]
    if not re.fullmatch(r"[1-9](:[1-9]){0,3}", pointer):
        pointer = "1" if filled else ""
    filled += [""] * (len(DIAGNOSES) - len(filled))
    return cells | {
        **dict(zip(DIAGNOSES, filled, strict=True)),
        "claim_line_number": cells["claim_line_number"] or str(number),
        "patient_birth_date": "1958-02-03",  # a dependent is told by name and birth date
        "diagnosis_pointer": pointer,
        "claim_frequency_code": cells["claim_frequency_code"] or "1",
        "claim_line_start_date": start,
        "claim_line_end_date": end if is_range else start,
    }


def with_own_diagnoses(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows, none of which has the diagnoses of its claim's other rows, as lines of a table do.

    In an 837P each is written as a claim by itself.
    """
    numbers = Counter(row["claim_id"].strip() for row in rows)
    return [
        row if row[DIAGNOSES[0]] or numbers[row["claim_id"].strip()] == 1 else row | OWN_DIAGNOSIS
        for row in rows
    ]


OWN_DIAGNOSIS = {DIAGNOSES[0]: "M81.0", "diagnosis_pointer": "1"}


def as_csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def undotted(row: Row) -> dict[str, str]:
    """The row with its diagnoses as an 837P has them; a dot out of place stays, for DX002."""
    codes = {name: re.sub(rf"^{DOT}$", r"\1\2", row[name]) for name in DIAGNOSES}
    return {**row, **codes}


@cache
def policies() -> PolicySet:
    return load_policies(None)


def checked(file: Path, history: Path | None) -> Result:
    needed, scope = needed_columns(CATALOGUE), CHECKED | policies().partner_codes()
    batch = read_batch([str(file)], needed=needed, scope=scope, options=Options())
    past = None
    if history is not None:
        past = read_history(
            [str(history)], batch=batch, needed=needed, scope=scope, options=Options()
        )
    return check(batch, policies(), CATALOGUE, as_of=AS_OF, history=past)


def outcome(result: Result) -> tuple[pl.DataFrame, list[tuple[str, str, str, int]]]:
    """Findings; and on how many lines each rule was not checked, and why.

    Rows and segments are numbered in their own ways, past files have names of their own, and
    messages quote diagnoses as they stand.
    """
    texts = pl.col("message", "fix")
    texts = texts.str.replace_all(DOT, "${1}${2}").str.replace_all(
        r"\brow \d+( of past\.\w+)?", "row"
    )
    found_lines = findings.as_table(result).drop("source_file", "source_row").with_columns(texts)
    return found_lines, sorted(findings.totals(result).not_checked)


@pytest.mark.slow
@settings(
    max_examples=7,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=RUNS, data=st.data())
def test_the_same_claims_give_the_same_findings(
    tmp_path: Path, drawn: tuple[Rows, Rows | None], data: st.DataObject
) -> None:
    rows, past = (
        with_own_diagnoses(
            [in_both_forms(row, number) for number, row in enumerate(some or [], start=1)]
        )
        for some in drawn
    )
    used = {character for row in (*rows, *past) for cell in row.values() for character in cell}
    style = data.draw(styles(used))
    file = kept(tmp_path, x12([undotted(row) for row in rows], style))
    twin = kept(tmp_path, as_csv(rows), "twin.csv")
    old_file = old_twin = None
    if past:
        old_file = kept(tmp_path, x12([undotted(row) for row in past], style), "past.837")
        old_twin = kept(tmp_path, as_csv(past), "past.csv")
    scope = CHECKED | policies().partner_codes()
    ours, theirs = read(file, scope=scope), read(twin, scope=scope)
    assert ours.total == theirs.total
    same = [
        name
        for name in ours.lines.columns
        if name in theirs.lines.columns
        and not name.startswith(("source", "person_id", "hcpcs_modifier_5"))
        and not name.endswith((".state", UNREADABLE_TEXT))
    ]
    assert set(COLUMNS) - {"person_id"} <= set(same)
    undot = pl.col(DIAGNOSES).cast(pl.String).str.replace_all(f"^{DOT}$", "${1}${2}")
    undot = undot.cast(pl.Categorical)
    assert ours.lines.select(same).equals(theirs.lines.select(same).with_columns(undot))
    for side in (ours, theirs):  # people are told apart alike, whatever they are called
        people = side.lines.select(pl.col("person_id").rank("dense"))["person_id"]
        assert people.n_unique() == ours.lines["person_id"].n_unique()
    result, expected = checked(file, old_file), checked(twin, old_twin)
    (found_lines, unchecked), (same_found, same_unchecked) = outcome(result), outcome(expected)
    assert_frame_equal(found_lines, same_found)
    assert unchecked == same_unchecked
    if result.history and expected.history:
        histories = (result.history, expected.history)
        tally, same_tally = (replace(one.tally, first_no_code=()) for one in histories)
        assert tally == same_tally
        for name in ("first_day", "last_day"):
            dates = (result.history.covered, expected.history.covered)
            assert len({getattr(one, name) for one in dates}) == 1
        assert result.history.lines.height == expected.history.lines.height


@pytest.mark.slow
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chance=st.randoms(use_true_random=False), data=st.data())
def test_generated_files_are_read_as_pyx12_reads_them(
    tmp_path: Path, chance: Random, data: st.DataObject
) -> None:
    rows = [
        LINE
        | {"claim_id": f"A-{chance.randint(1, 4)}", "hcpcs_code": chance.choice(sorted(CHECKED))}
        | {name: chance.choice(("", "26", "59", "TC")) for name in MODIFIERS}
        | {"claim_line_number": str(number), "charge_amount": str(chance.randint(1, 99))}
        for number in range(1, chance.randint(2, 12))
    ]
    used = {character for row in rows for cell in row.values() for character in cell}
    style = data.draw(styles(used | set("\xa6\xa7\x1c\x1d\x1e\x1f")))
    assert_read_alike(kept(tmp_path, x12(rows, style)))


# Loops


def only(batch: Batch) -> dict[str, object]:
    assert batch.total.rejected == 0
    (line,) = batch.lines.iter_rows(named=True)
    return line


def test_a_line_says_all_that_the_contract_wants(tmp_path: Path) -> None:
    cells = {
        "claim_line_number": "7",
        "line_control_number": "0007-A",
        "claim_line_end_date": "2026-03-04",
        **dict(zip(MODIFIERS, ("26", "59", "GA", "KX"), strict=True)),
        "diagnosis_pointer": "2:1",
        "prior_authorization_number": "AUTH1",
        "claim_frequency_code": "7",
        "original_reference_number": "ICN0001",
        "patient_sex": "F",
        "patient_birth_date": "19580203",
    }
    line = only(read(kept(tmp_path, x12([LINE | cells]))))
    as_text = {name: "" if value is None else str(value) for name, value in line.items()}
    expected = LINE | cells
    expected |= {"charge_amount": "45.0000", "service_unit_quantity": "1.0"}
    expected |= {"patient_birth_date": "1958-02-03"}
    assert {name: as_text[name] for name in expected} == expected
    assert as_text["hcpcs_modifier_5"] == ""


@pytest.mark.parametrize(
    ("segment", "start", "end"),
    [
        ("DTP*472*D8*20260302", "2026-03-02", "2026-03-02"),
        ("DTP*472*RD8*20260302-20260305", "2026-03-02", "2026-03-05"),
        ("DTP*472*RD8*20260302", "2026-03-02", "None"),
        ("DTP*471*D8*20260101", "None", "None"),  # a date of something else
    ],
)
def test_dates(tmp_path: Path, segment: str, start: str, end: str) -> None:
    line = only(lines_of(tmp_path, replaced(one_line(), "DTP", segment)))
    assert str(line["claim_line_start_date"]) == start
    assert str(line["claim_line_end_date"]) == end


def test_another_payer_is_not_the_one_that_is_asked(tmp_path: Path) -> None:
    segments = with_behind(
        one_line(),
        "NM1*82",  # moved before the other payer below, where it is the claim's
        "LX*1",
    )
    segments = without(segments, "LX")
    segments = with_behind(
        without(segments, "NM1*82"),
        "HI",
        "REF*G1*OWN",
        "NM1*82*1*READER*OWN****XX*1555000029",
        "SBR*S*18*******CI",
        "OI***Y*P**Y",
        "DMG*D8*19000101*M",
        "NM1*IL*1*SYNTHETIC*OTHER****MI*OTHER",
        "NM1*PR*2*Cigna*****PI*62308",
        "REF*G1*OTHERS",
        "NM1*DN*1",
        "NM1*82*1*READER*OTHER****XX*1555000037",
        "LX*1",
    )
    line = only(lines_of(tmp_path, segments))
    assert (line["payer"], line["payer_id"]) == ("Medicare", "99901")
    assert (line["person_id"], line["patient_sex"]) == ("P1", "")
    assert line["prior_authorization_number"] == "OWN"
    assert line["rendering_npi"] == "1555000029"


def test_a_line_overrides_its_claim(tmp_path: Path) -> None:
    style = Style(providers_on_claim=True)
    segments = segments_of([LINE | {"prior_authorization_number": "CLAIMS"}], style)
    segments = replaced(segments, "SV1", "SV1*HC:77092*45.00*MJ*1*22**1")
    segments = with_behind(
        segments,
        "DTP",
        "REF*G1*OTHERS**2U:62308",
        "REF*G1*LINES",
        "NM1*82*1*READER*TWO****XX*1555000029",
        "NM1*77*2*SITE*****XX*1555000045",
        "NM1*DK*1*ORDERER*TWO****XX*1555002025",
    )
    line = only(lines_of(tmp_path, segments))
    assert line["place_of_service_code"] == "22"
    assert line["prior_authorization_number"] == "LINES"
    assert line["rendering_npi"] == "1555000029"
    assert line["ordering_npi"] == "1555002025"
    assert line["diagnosis_pointer"] == "1"


def test_the_control_number_of_a_line_is_its_own(tmp_path: Path) -> None:
    segments = with_behind(one_line(), "HI", "REF*6R*CLAIMS")
    assert not only(lines_of(tmp_path, segments))["line_control_number"]
    segments = with_behind(segments, "DTP", "REF*9F*REFERRAL", "REF*6R*LINES", "REF*6R*SECOND")
    assert only(lines_of(tmp_path, segments))["line_control_number"] == "LINES"


def test_without_a_rendering_provider_the_billing_provider_rendered(tmp_path: Path) -> None:
    line = only(lines_of(tmp_path, without(one_line(), "NM1*82")))
    assert line["rendering_npi"] == LINE["billing_npi"]
    nameless = replaced(one_line(), "NM1*82", "NM1*82*1*SYNTHETIC*READER")
    assert only(lines_of(tmp_path, nameless))["rendering_npi"] == ""


def test_a_tax_number_is_no_npi(tmp_path: Path) -> None:
    segments = replaced(one_line(), "NM1*85", "NM1*85*2*RADIOLOGY*****24*123456789")
    assert only(lines_of(tmp_path, segments))["billing_npi"] == ""


def test_diagnoses_over_several_segments_keep_their_order(tmp_path: Path) -> None:
    more = [f"HI*BF:{n}*BH:99:D8:20260101" for n in range(2, 13)]
    segments = with_behind(replaced(one_line(), "HI", "HI*BK:1"), "HI", *more)
    line = only(lines_of(tmp_path, segments))
    assert [line[name] for name in DIAGNOSES] == [str(n) for n in range(1, 13)]
    batch = lines_of(tmp_path, with_behind(segments, "HI", "HI*ABF:13"))
    assert batch.rejects["reject_reason"].to_list() == ["more than 12 diagnoses (HI)"]


def family(tmp_path: Path) -> Batch:
    """A member with a claim of her own, two dependents, and a member behind them."""
    segments = one_line()
    hl = next(n for n, segment in enumerate(segments) if segment.startswith("CLM"))
    end = next(n for n, segment in enumerate(segments) if segment.startswith("SE"))
    claim = segments[hl:end]
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*SYNTHETIC*TWIN", "DMG*D8*20100101*M", *claim]
    other = ["HL*4*2*23*0", "PAT*19", "NM1*QC*1*SYNTHETIC*OTHER TWIN", "DMG*D8*20100101*F", *claim]
    again = ["HL*5*1*22*0", "SBR*P*18*******CI", "NM1*IL*1*SYNTHETIC*X****MI*P9", *claim]
    return lines_of(tmp_path, [*segments[:end], *child, *other, *again, *segments[end:]])


def test_dependents_are_told_apart_and_a_new_subscriber_ends_them(tmp_path: Path) -> None:
    lines = family(tmp_path).lines
    people = lines["person_id"].to_list()
    assert (people[0], people[3]) == ("P1", "P9")
    assert len(set(people)) == 4
    for person in people[1:3]:
        assert person.startswith("P1/")
        assert "TWIN" not in person
    assert lines["patient_sex"].to_list() == ["", "M", "F", ""]
    assert lines["payer"].to_list() == ["Medicare", "Medicare", "Medicare", ""]


@pytest.mark.parametrize(
    ("member", "name", "person"),
    [
        ("NM1*IL*1*SYNTHETIC*MEMBER", "NM1*QC*1*SYNTHETIC*CHILD", ""),
        ("NM1*IL*1*SYNTHETIC*MEMBER****MI*M1", "NM1*QC*1", ""),
        ("NM1*IL*1*SYNTHETIC*MEMBER****MI*M1", "NM1*QC*1*SYNTHETIC*CHILD****MI*OWN", "OWN"),
    ],
)
def test_a_dependent_who_cannot_be_told_is_unknown(
    tmp_path: Path, member: str, name: str, person: str
) -> None:
    segments = segments_of([LINE], Style(as_dependents=True))
    segments = replaced(replaced(segments, "NM1*IL", member), "NM1*QC", name)
    assert only(lines_of(tmp_path, segments))["person_id"] == person


# Every service line is somewhere


def test_segments_are_numbered_through_the_file(tmp_path: Path) -> None:
    rows = [LINE | {"claim_id": f"A-{n}", "claim_line_number": str(n)} for n in range(1, 6)]
    style = Style(claims_per_set=2, sets_per_group=1, groups_per_interchange=1)
    segments = segments_of(rows, style)
    other = Style(element="|", terminator="\n", component=">")
    data = written(segments, style) + b"\r\n" + x12(rows, other)
    numbers = read(kept(tmp_path, data)).lines["source_row"].to_list()
    every = [*segments, *segments_of(rows, other)]
    assert [every[n - 1] for n in numbers[:5]] == [f"LX*{n}" for n in range(1, 6)]
    assert [every[n - 1] for n in numbers[5:]] == [f"LX|{n}" for n in range(1, 6)]


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 300, 2000])
@pytest.mark.parametrize("line_break", ["", "\r\n"])
def test_a_long_file_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, line_break: str
) -> None:
    rows = [LINE | {"claim_id": f"A-{n}", "person_id": f"P{n}"} for n in range(12)]
    style = Style(claims_per_set=2, sets_per_group=3, line_break=line_break)
    file = kept(tmp_path, x12(rows, style) * 2)
    off = kept(tmp_path, re.sub(rb"SE\*\d+", b"SE*7", x12(rows, style)), "off.837")
    whole, message = read(file), refusal(off)
    monkeypatch.setattr(interchange, "PIECE", size)
    batch = read(file)
    assert batch.lines.equals(whole.lines)
    assert batch.total == whole.total
    assert refusal(off) == message


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (lambda s: without(s, "SV1"), ["no SV1 after this LX"]),
        (lambda s: without(s, "LX"), ["SV1 outside a service line: no LX before it"]),
        (lambda s: without(without(s, "LX"), "SV1"), ["a claim without a service line"]),
        (lambda s: without(s, "CLM"), ["a service line outside a claim: no CLM before its LX"]),
        (lambda s: with_behind(s, "SV1", "SV1*HC:99213*0*UN*1"), ["a second SV1 after one LX"]),
        (lambda s: replaced(s, "SV1", "SV1*77092*1*UN*1"), ["SV101 is not separated by :"]),
        (lambda s: replaced(s, "SV1", "SV1*CJ:77092*1*UN*1"), ["SV101 does not have HC"]),
        (lambda s: replaced(s, "SV1", "SV1*:77092*1*UN*1"), ["SV101 does not have HC"]),
        (lambda s: with_behind(s, "DTP", "DTP*472*D8*20260303"), ["two different dates"]),
    ],
)
def test_a_line_that_cannot_be_read_is_rejected_by_name(
    tmp_path: Path, change: Callable[[list[str]], list[str]], reasons: list[str]
) -> None:
    batch = lines_of(tmp_path, change(segments_of([LINE, LINE | {"claim_id": "A-2"}])[:]))
    messages = batch.rejects["reject_reason"].unique().sort().to_list()
    assert len(messages) == len(reasons)
    for text, reason in zip(messages, sorted(reasons), strict=True):
        assert text.startswith(reason)
    total = batch.total
    assert total.rows == total.in_scope + total.out_of_scope + total.rejected


@pytest.mark.parametrize(
    ("procedure", "tally"),
    [
        ("HC:77092:26", (1, 0, 0)),
        ("hc:77092", (1, 0, 0)),
        ("HC:77092-26", (1, 0, 0)),
        ("HC:99213", (0, 1, 0)),
        ("IV:S9500", (0, 1, 0)),
        ("HC:", (0, 0, 0)),
        ("", (0, 0, 0)),
        ("HC::26", (0, 0, 0)),
    ],
)
def test_what_a_code_is(tmp_path: Path, procedure: str, tally: tuple[int, int, int]) -> None:
    total = lines_of(tmp_path, replaced(one_line(), "SV1", f"SV1*{procedure}*45*UN*1")).total
    assert (total.in_scope, total.out_of_scope, total.rejected) == tally
    assert total.no_code == 1 - sum(tally)


# Texts as they come


@pytest.mark.slow
def test_line_breaks_marks_and_blanks_around_a_file_change_nothing(tmp_path: Path) -> None:
    plain = x12([LINE])
    expected = only(read(kept(tmp_path, plain)))
    wrapped = b"\r\n".join(plain[n : n + 80] for n in range(0, len(plain), 80))
    for data in (
        b"\xef\xbb\xbf" + plain,
        b"\r\n\r\n  " + plain + b"\r\n\x1a",
        wrapped,
        plain.replace(b"~", b"~\r\n"),
        plain.replace(b"READER", b"R\xc9ADER"),  # Latin-1
        plain.replace(b"READER", "RÉADER".encode()),
        plain.replace(b"READER", b'R"EAD,ER'),
    ):
        assert only(read(kept(tmp_path, data))) == expected


def test_texts_that_are_not_ascii_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "latin-1"):
        data = x12([LINE | {"payer": "Quebec"}]).replace(b"Quebec", "Québec".encode(encoding))
        assert only(read(kept(tmp_path, data)))["payer"] == "Québec"


def test_4010_is_read(tmp_path: Path) -> None:
    segments = segments_of([LINE], Style(version="004010X098A1"))
    segments = replaced(segments, "ST", "ST*837*0001")
    assert only(lines_of(tmp_path, segments))["hcpcs_code"] == "77092"


# Files that are refused


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("005010X223A2", "an institutional claim file (837I)"),
        ("004010X096A1", "an institutional claim file (837I)"),
        ("005010X224A2", "a dental claim file (837D)"),
        ("005010X298", "a file of claims already paid"),
        ("006020X323", "a claim file of version '006020X323'"),
        ("", "a claim file of unknown kind"),
    ],
)
def test_other_claims(tmp_path: Path, version: str, message: str) -> None:
    file = kept(tmp_path, x12([LINE], Style(version=version)))
    assert f"batch.837:3: {message}" in refusal(file)
    assert message in refusal(file, lenient=True)


@pytest.mark.parametrize("kind", ["270", "271", "276", "277", "278", "820", "834", "835", "999"])
def test_other_transactions(tmp_path: Path, kind: str) -> None:
    segments = replaced(one_line(), "ST", f"ST*{kind}*0001")
    message = refusal(kept(tmp_path, written(segments)))
    assert message.startswith("batch.837:3: a")
    assert f"({kind}); scrub reads professional claims (837P" in message


def test_an_interchange_without_claims(tmp_path: Path) -> None:
    first, *_, last = one_line()
    file = kept(tmp_path, written([first, "TA1*000000001*260301*0800*A*000", last]))
    assert "no service line" in refusal(file, lenient=True)


@pytest.mark.parametrize("cut", [3, 4, 50, 103, 104, 105, 106, 107, 400])
def test_a_file_cut_off_in_its_beginning(tmp_path: Path, cut: int) -> None:
    message = refusal(kept(tmp_path, x12([LINE])[:cut]), lenient=True)
    assert "cut off" in message


@pytest.mark.parametrize("part", ["GS", "ST"])
def test_a_part_of_an_interchange(tmp_path: Path, part: str) -> None:
    data = x12([LINE])
    file = kept(tmp_path, data[data.index(part.encode() + b"*") :])
    assert "the file begins with no ISA segment" in refusal(file)


def test_text_behind_the_end(tmp_path: Path) -> None:
    message = refusal(kept(tmp_path, x12([LINE]) + b"-- end of report --"))
    assert "after the IEA the file goes on with no ISA" in message


def batch_of_three() -> list[str]:
    rows = [LINE | {"claim_id": f"A-{n}"} for n in range(1, 4)]
    return segments_of(rows, Style(claims_per_set=2, sets_per_group=1))


def test_no_truncation_is_silent(tmp_path: Path) -> None:
    segments = batch_of_three()
    for cut in range(1, len(segments)):
        message = refusal(kept(tmp_path, written(segments[:cut])), lenient=True)
        assert "cut off" in message
    data = written(segments)
    for cut in range(len(data) - 60, len(data)):
        assert "cut off" in refusal(kept(tmp_path, data[:cut]))


@pytest.mark.slow
def test_no_lost_segment_is_silent(tmp_path: Path) -> None:
    segments = batch_of_three()
    whole = read(kept(tmp_path, written(segments))).total
    for gone in range(len(segments)):
        file = kept(tmp_path, written(segments[:gone] + segments[gone + 1 :]))
        assert refusal(file)
        try:  # with --lenient, what is lost is still said
            batch = read(file, lenient=True)
        except ClaimsError:
            continue
        assert batch.faults
        assert batch.total.rows in {whole.rows, whole.rows - 1}


def test_two_files_of_which_the_first_is_cut_off(tmp_path: Path) -> None:
    half = written(one_line()[:12])
    message = refusal(kept(tmp_path, half + x12([LINE])), lenient=True)
    assert "out of place" in message
    assert ":13: " in message


@pytest.mark.parametrize(
    ("start", "new", "message"),
    [
        ("SE", "SE*99*0001", "SE counts 99, there are 22 segments"),
        ("SE", "SE**0001", "SE counts nothing, there are 22 segments"),
        ("SE", "SE*22*0002", "SE has another control number than its header"),
        ("GE", "GE*2*1", "GE counts 2, there is 1 transaction set"),
        ("GE", "GE*1*9", "GE has another control number"),
        ("IEA", "IEA*0*000000001", "IEA counts 0, there is 1 functional group"),
        ("IEA", "IEA*1*000000002", "IEA has another control number"),
        ("N3", "n3*1 EXAMPLE STREET", "a segment without a valid tag"),
        ("N3", "N3XX*1 EXAMPLE STREET", "a segment without a valid tag"),
        ("N3", "", "a segment without a valid tag"),
        ("HL*2", "HL*2*7*22*0", "this HL is not under the level it names"),
        ("HL*1", "HL*1**19*0", "this HL is not under the level it names"),
    ],
)
def test_counts_that_are_off(tmp_path: Path, start: str, new: str, message: str) -> None:
    segments = one_line()
    place = next(n for n, segment in enumerate(segments, start=1) if segment.startswith(start))
    file = kept(tmp_path, written(replaced(segments, start, new)))
    refused = refusal(file)
    assert refused.startswith(f"batch.837:{place}: {message}")
    assert refused.endswith("Get the file again, or read it with --lenient")
    batch = read(file, lenient=True)
    assert batch.total.in_scope == 1
    assert f"{file}:{place}: {message}" in batch.faults[0]


def test_many_faults_are_few_notes(tmp_path: Path) -> None:
    rows = [LINE | {"claim_id": f"A-{n}"} for n in range(9)]
    segments = segments_of(rows, Style(claims_per_set=1))
    segments = [s.replace("SE*22*", "SE*21*") for s in segments]
    file = kept(tmp_path, written(segments))
    assert "(and 8 more such)" in refusal(file)
    assert len(read(file, lenient=True).faults) == 6


# The command


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main.main([*(str(argument) for argument in arguments), "--as-of", str(AS_OF)])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return command


Scrub = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
def test_a_finding_names_file_and_segment_claim_and_line(scrub: Scrub, tmp_path: Path) -> None:
    file = kept(tmp_path, x12([LINE | {"hcpcs_modifier_1": "26"}]))
    code, out, _ = scrub(file)
    assert code == 1
    assert out.startswith(f"{file}:19: error MO001 A-1/1 77092 2026-03-02 medicare:")
    _, out, _ = scrub(file, "--format", "table")
    assert "segment 19" in out


@pytest.mark.slow
def test_lenient_never_looks_clean(scrub: Scrub, tmp_path: Path) -> None:
    clean = kept(tmp_path, x12([LINE]))
    assert scrub(clean)[0] == 0
    off = kept(tmp_path, written(replaced(one_line(), "SE", "SE*21*0001")))
    code, out, err = scrub(off)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    code, out, err = scrub(off, "--lenient")
    assert code == 2
    assert err.startswith("Lines may be missing: 1 damaged file read with --lenient.")
    assert (
        f"Read with --lenient, lines may be missing: {off}:24: SE counts 21, there are 22 segments"
        in err
    )
    code, out, _ = scrub(off, "--lenient", "--format", "json")
    assert '"faults": [' in out


@pytest.mark.slow
def test_patients_stay_out_of_reports(scrub: Scrub, tmp_path: Path) -> None:
    row = LINE | {"hcpcs_modifier_1": "26", "person_id": "SECRET", "patient_birth_date": "19580203"}
    file = kept(tmp_path, x12([row], Style(as_dependents=True)))
    for form in ("concise", "table", "json", "csv"):
        _, out, err = scrub(file, "--format", form)
        for secret in ("SECRET", "CHILD", "1958", "MEMBER"):
            assert secret not in out + err
    assert "MSECRET/" in scrub(file, "--show-phi")[1]


def test_columns_are_shown(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main.main(["columns", str(kept(tmp_path, x12([LINE])))])
    out = capfd.readouterr().out
    assert "(X12 837P)" in out
    assert "SV101-2" in out
    assert "--map" not in out


def test_headers_cannot_be_mapped(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no headers to map"):
        open_claims(str(kept(tmp_path, x12([LINE]))), Options(overrides={"hcpcs_code": "CPT"}))


def test_a_file_that_goes_away_is_said(tmp_path: Path) -> None:
    file = kept(tmp_path, x12([LINE]))
    opened = open_claims(str(file), Options())
    assert "SV101-2" in opened.names
    file.unlink()
    with pytest.raises(ClaimsError, match="cannot be read"):
        opened.read(Selection(EVERYTHING, CHECKED))


@pytest.mark.slow
def test_the_ending_does_not_matter_and_folders_are_searched(tmp_path: Path) -> None:
    for number, ending in enumerate(("837", "x12", "edi", "txt", "csv")):
        kept(tmp_path, x12([LINE | {"claim_id": f"A-{number}"}]), f"batch.{ending}")
    assert read(*find_files([str(tmp_path)])).total.in_scope == 5


def test_a_payer_named_for_all_leaves_that_of_the_claim(tmp_path: Path) -> None:
    line = only(read(kept(tmp_path, x12([LINE])), payer="cigna"))
    assert (line["payer"], line["payer_id"]) == ("Medicare", "99901")


@pytest.mark.slow
def test_standard_input_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", "-", "--as-of", str(AS_OF)],
        input=x12([LINE]),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# As history


def past_of(claims: Path, *files: Path, lenient: bool = False) -> Result:
    history = [str(file) for file in files]
    return run(Request(paths=[str(claims)], as_of=AS_OF, history=history, lenient=lenient))


def messages(result: Result, *rules: str) -> list[tuple[str, str]]:
    table = findings.as_table(result).filter(pl.col("rule").is_in(rules))
    return table.select("claim_id", "message").rows()


@pytest.mark.slow
def test_earlier_claims_are_matched_by_patient_and_claim(tmp_path: Path) -> None:
    rows = [
        LINE | {"claim_id": "H-1", "person_id": "P1", "claim_line_start_date": "2025-12-01"},
        LINE | {"claim_id": "B-2", "person_id": "P2"},
        LINE | {"claim_id": "H-3", "person_id": "P3", "hcpcs_code": "77080"},
        LINE | {"claim_id": "H-4", "person_id": "P9"},
        LINE | {"claim_id": "H-5", "person_id": "P1", "hcpcs_code": "99213"},
    ]
    rows = [row | {"claim_line_end_date": row["claim_line_start_date"]} for row in rows]
    today = [LINE | {"claim_id": f"B-{n}", "person_id": f"P{n}"} for n in (1, 2, 3)]
    past = kept(tmp_path, x12(rows, Style(claims_per_set=2)), "past.837")
    for claims in (kept(tmp_path, x12(today)), kept(tmp_path, as_csv(today), "batch.csv")):
        result = past_of(claims, past)
        assert result.history is not None
        assert (result.history.tally.rows, result.history.lines.height) == (5, 3)
        text = "77092 on 2026-03-02 was already billed: claim B-2, line 1 (row 35 of past.837)."
        assert messages(result, "FR003") == [("B-2", text)]
        assert {claim for claim, _ in messages(result, "BU004")} == {"B-1", "B-2"}
        assert {claim for claim, _ in messages(past_of(claims), "BU004")} == {"B-1", "B-2", "B-3"}


@pytest.mark.slow
def test_dependents_are_known_again_in_history(tmp_path: Path) -> None:
    row = LINE | {"patient_birth_date": "20100203", "hcpcs_code": "77080"}
    before = row | {"claim_id": "H-1", "claim_line_start_date": "2025-12-01"}
    before |= {"claim_line_end_date": "2025-12-01"}
    style = Style(as_dependents=True)
    past = kept(tmp_path, x12([before], style), "past.837")
    result = past_of(kept(tmp_path, x12([row], style)), past)
    assert [claim for claim, _ in messages(result, "FR002")] == ["A-1"]


@pytest.mark.slow
def test_what_a_history_covers_is_told_of_every_service_line(tmp_path: Path) -> None:
    def service(code: str, *dates: str) -> list[str]:
        return [f"SV1*HC:{code}*1*UN*1", *(f"DTP*{date}" for date in dates)]

    segments = with_behind(
        without(without(one_line(), "SV1"), "DTP"),
        "LX*1",
        *service("99213", "472*RD8*20240115-20240220"),
        "LX*2",
        *service("99214", "471*D8*20200101", "472*D8*20251231", "472*D8*20261231"),
        "LX*3",
        *service("99215"),
        "LX*4",
        *service("77092", "472*D8*soon"),
        "LX*5",
    )
    past = kept(tmp_path, written(counted(segments)), "past.837")
    scan, rows = open_claims(str(past), Options()).read(Selection(EVERYTHING, CHECKED))
    days = scan.days.collect()["claim_line_start_date"]
    assert days.to_list() == ["20240115", "20251231", "", "soon", ""]
    assert rows.total == 5
    claims = kept(tmp_path, x12([LINE]))
    history = past_of(claims, kept(tmp_path, x12([LINE]), "same.837")).history
    assert history is not None
    past_dates = history.covered
    assert (past_dates.first_day, past_dates.last_day) == (
        date(2026, 3, 2),
        date(2026, 3, 2),
    )
    history = past_of(claims, past).history
    assert history is not None
    past_dates = history.covered
    assert (past_dates.first_day, past_dates.last_day) == (
        date(2024, 1, 15),
        date(2025, 12, 31),
    )


@pytest.mark.slow
def test_history_that_may_lack_lines_is_refused_or_never_looks_clean(
    scrub: Scrub, tmp_path: Path
) -> None:
    claims = kept(tmp_path, x12([LINE]))
    segments = segments_of([LINE | {"claim_id": "H-1", "person_id": "P7"}])
    past = kept(tmp_path, written(replaced(segments, "SE", "SE*21*0001")), "past.837")
    code, out, err = scrub(claims, "--history", past)
    assert (code, out) == (2, "")
    assert err.startswith(f"scrub: {past}:24: SE counts 21, there are 22 segments")
    code, _, err = scrub(claims, "--history", past, "--lenient")
    assert code == 2
    assert err.startswith("Lines may be missing: 1 damaged file read with --lenient.")
    note = "24: SE counts 21, there are 22 segments; lines may be missing"
    assert f"Read with --lenient in history, lines may be missing: {past}:{note}." in err
    _, out, _ = scrub(claims, "--history", past, "--lenient", "--format", "json")
    manifest = json.loads(out)["manifest"]
    assert manifest["history"]["files"][0]["faults"] == [note]
    assert manifest["inputs"][0]["faults"] == []
    assert manifest["exit"]["code"] == 2


@pytest.mark.slow
def test_lines_that_cannot_be_read_in_history_are_told(scrub: Scrub, tmp_path: Path) -> None:
    segments = replaced(one_line(claim_id="H-1"), "SV1", "SV1*77092*1*UN*1")
    past = kept(tmp_path, written(segments), "past.837")
    code, _, err = scrub(kept(tmp_path, x12([LINE])), "--history", past)
    assert code == 2
    assert f"Rejected in history {past}:19: SV101 is not separated by :" in err


def test_a_csv_is_no_x12() -> None:
    for head in (b"ISABEL,77092", b"ISA_id,cpt", b"ST,claim_id", b"GS,HC", b"claim_id,dos"):
        assert not is_x12(head)
    for head in (b"ISA", b"\xef\xbb\xbf\r\nISA*00", b"ISA|", b"GS*HC*", b"ST*837*1"):
        assert is_x12(head)


def test_a_csv_whose_first_header_begins_like_one(tmp_path: Path) -> None:
    names = [name for name in LINE if name != "claim_id"]
    text = ",".join(["ISA_ID", "claim_id", *names]) + "\n"
    text += ",".join(["7", "A-1", *(LINE[name] for name in names)]) + "\n"
    assert only(read(kept(tmp_path, text.encode(), "claims.csv")))["claim_id"] == "A-1"


def test_a_file_with_two_styles_and_every_count_is_conserved(tmp_path: Path) -> None:
    rows = [
        LINE | {"hcpcs_code": code, "claim_line_number": str(n)}
        for n, code in enumerate(("77092", "99213", "", "77080", "77092-26"), start=1)
    ]
    other = replace(PLAIN, element="|", component="^", terminator="'", line_break="\n")
    data = x12(rows) + x12(rows, other) + x12(rows)
    total = read(kept(tmp_path, data)).total
    assert total == Tally(rows=15, in_scope=9, no_code=3, not_data=0, rejected=0)
    assert total.out_of_scope == 3
