"""An 837P split by whole claims: each in one part as it stood, under envelopes that are right.

What a file should be is worked out from its segments, without the reader; and pyx12, which shares
no code with it, reads the parts through its map of the 837P.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cpt77092.errors import OutputError
from cpt77092.rule import Severity
from cpt77092.run import Request, run
from cpt77092.split import CLEAN, FLAGGED, Split
from tests.readers.x12_writer import Row, Style, segments_of, written

DAY = date(2026, 11, 23)
LINE = {
    "payer": "Medicare", "payer_id": "00123", "claim_filing_indicator": "MB", "person_id": "P1",
    "billing_npi": "1234567893", "claim_id": "A", "claim_frequency_code": "1",
    "patient_sex": "F", "patient_birth_date": "19500102", "diagnosis_code_1": "M810",
    "diagnosis_pointer": "1", "place_of_service_code": "11", "hcpcs_code": "77092",
    "charge_amount": "45.00", "service_unit_quantity": "1",
    "claim_line_start_date": "2026-03-02", "rendering_npi": "1245319599",
}  # fmt: skip


def split(*files: Path) -> tuple[bytes, bytes]:
    """The clean part and the flagged one: Medicare wants no 26 on 77092."""
    names = [str(file) for file in files]
    result = run(Request(paths=names, as_of=DAY, select=["MO001"]))
    parts = Split(result, (Severity.ERROR,))
    streams = io.BytesIO(), io.BytesIO()
    for part, stream in zip((CLEAN, FLAGGED), streams, strict=True):
        parts.write(stream, "part.837", part)
    return streams[0].getvalue(), streams[1].getvalue()


def rows_of(chance: Random) -> list[Row]:
    rows: list[Row] = []
    for number in range(chance.randint(1, 7)):
        claim = LINE | {"claim_id": f"A{number}", "person_id": f"P{chance.randint(1, 3)}"}
        for line in range(chance.randint(1, 3)):
            modifier = chance.choice(("", "", "26"))
            code = chance.choice(("77092", "99213"))
            cells = {"claim_line_number": str(line + 1), "charge_amount": f"{line}5.00"}
            rows.append(claim | cells | {"hcpcs_code": code, "hcpcs_modifier_1": modifier})
    return rows


def is_wrong(row: Row) -> bool:
    return row["hcpcs_code"] == "77092" and row.get("hcpcs_modifier_1") == "26"


def grouped(segments: Sequence[str], style: Style) -> list[str]:
    """The segments, those of claims under one billing provider and patient put together.

    The writer opens a billing provider for each claim; a practice opens one for many.
    """
    mark, last, out = style.element, "", []
    for is_loop, some in groupby(segments, key=_Loops(style)):
        loop = list(some)
        if not is_loop:
            out += loop
            continue
        claim = next(n for n, one in enumerate(loop) if one.startswith(f"CLM{mark}"))
        around, body = loop[:claim], loop[claim:]
        key = re.sub(r"(?m)^HL.*$", "", "\n".join(around))
        out += body if key == last else loop
        last = key
    return out


class _Loops:
    """Numbers the loops of billing providers; 0 outside of them."""

    def __init__(self, style: Style) -> None:
        self.mark, self.number = style.element, 0

    def __call__(self, segment: str) -> int:
        tag = segment.split(self.mark)[0]
        if tag == "HL" and segment.split(self.mark)[3] == "20":
            self.number += 1
        elif tag in ("SE", "ST"):
            self.number = -abs(self.number)
        return max(self.number, 0)


def with_addresses(segments: Sequence[str], style: Style) -> list[str]:
    """The segments with the address that the guide wants behind a patient's name."""
    mark = style.element
    out: list[str] = []
    for segment in segments:
        out.append(segment)
        if segment.startswith(f"NM1{mark}QC"):
            out += [f"N3{mark}1 EXAMPLE STREET", mark.join(("N4", "SPRINGFIELD", "IL", "62701"))]
    return out


def recounted(segments: Sequence[str], style: Style) -> list[str]:
    """The same with levels and SE01 counted from what is there."""
    mark, start = style.element, 0
    out: list[str] = []
    numbers: dict[str, str] = {}
    for segment in segments:
        parts = segment.split(mark)
        if parts[0] == "ST":
            start, numbers = len(out), {}
        elif parts[0] == "HL":
            numbers[parts[1]] = str(len(numbers) + 1)
            parts[1], parts[2] = numbers[parts[1]], numbers.get(parts[2], "")
        elif parts[0] == "SE":
            parts[1] = str(len(out) - start + 1)
        out.append(mark.join(parts))
    return out


def claims_in(segments: Sequence[str], style: Style) -> list[list[str]]:
    """The segments of each claim."""
    claims: list[list[str]] = []
    inside = False
    for segment in segments:
        tag = segment.split(style.element)[0]
        if tag == "CLM":
            claims.append([])
        inside = tag == "CLM" or (inside and tag not in ("HL", "SE"))
        if inside:
            claims[-1].append(segment)
    return claims


def segments_in(data: bytes, style: Style) -> list[str]:
    return data.decode("latin-1").replace("\r\n", "").replace("\n", "").split(style.terminator)[:-1]


def assert_counted(segments: Sequence[str], style: Style) -> None:
    """Counts, levels and control numbers, as the guide defines them."""
    mark = style.element
    parts = [segment.split(mark) for segment in segments]
    sets = groups = levels = start = 0
    heads: dict[str, list[str]] = {}
    below: dict[str, int] = {}
    for place, elements in enumerate(parts):
        tag = elements[0]
        heads[tag] = elements
        if tag == "ISA":
            groups = 0
        elif tag == "GS":
            sets, groups = 0, groups + 1
        elif tag == "ST":
            sets, levels, start, below = sets + 1, 0, place, {}
        elif tag == "HL":
            levels += 1
            assert elements[1] == str(levels)
            below[elements[1]] = 0
            if elements[2]:
                below[elements[2]] += 1
        elif tag == "SE":
            assert elements[1:] == [str(place - start + 1), heads["ST"][2]]
            stated = {e[1]: e[4] for e in parts[start:place] if e[0] == "HL"}
            assert stated == {number: "1" if some else "0" for number, some in below.items()}
        elif tag == "GE":
            assert elements[1:] == [str(sets), heads["GS"][6]]
        elif tag == "IEA":
            assert elements[1:] == [str(groups), heads["ISA"][13]]


def assert_valid(data: bytes) -> None:
    """No segment is out of place or missing, says pyx12."""
    document = pytest.importorskip("pyx12.x12n_document", reason="pyx12 is not installed")
    params = pytest.importorskip("pyx12.params", reason="pyx12 is not installed")
    answer = io.StringIO()
    text = io.StringIO(data.decode("latin-1"))
    assert document.x12n_document(params.ParamsBase(), text, answer, None), answer.getvalue()


@st.composite
def styles(draw: st.DrawFn) -> Style:
    return Style(
        element=draw(st.sampled_from("*|")),
        terminator=draw(st.sampled_from("~'")),
        line_break=draw(st.sampled_from(["", "\n", "\r\n"])),
        claims_per_set=draw(st.integers(1, 4)),
        sets_per_group=draw(st.integers(1, 3)),
        groups_per_interchange=draw(st.integers(1, 2)),
        as_dependents=draw(st.booleans()),
        providers_on_claim=True,
    )


@pytest.mark.slow
@settings(
    max_examples=4,
    phases=[Phase.generate],  # pyx12 takes a second, too long to shrink by
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chance=st.randoms(use_true_random=False), style=styles(), data=st.data())
def test_every_claim_is_in_one_part_as_it_stood(
    tmp_path: Path, chance: Random, style: Style, data: st.DataObject
) -> None:
    rows = rows_of(chance)
    segments = with_addresses(segments_of(rows, style), style)
    if data.draw(st.booleans()):
        segments = grouped(segments, style)
    segments = recounted(segments, style)
    text = written(segments, style)
    path = tmp_path / "claims.837"
    path.write_bytes(gzip.compress(text) if data.draw(st.booleans()) else text)
    parts = split(path)
    wrong = {row["claim_id"] for row in rows if is_wrong(row)}
    every = claims_in(segments, style)
    for part, is_held in zip(parts, (False, True), strict=True):
        here = segments_in(part, style)
        expected = [c for c in every if (c[0].split(style.element)[1] in wrong) is is_held]
        assert claims_in(here, style) == expected
        assert_counted(here, style)
        around = {s for s in here if s.split(style.element)[0] not in ("HL", "SE", "GE", "IEA")}
        assert around <= set(segments), "nothing else is changed"
        if part:
            assert_valid(part)
    if not wrong:
        assert parts == (text, b"")
    elif wrong == {row["claim_id"] for row in rows}:
        assert parts == (b"", text)


SHARED = [
    LINE | {"claim_id": "A1", "person_id": "P1"},
    LINE | {"claim_id": "A2", "person_id": "P1", "hcpcs_modifier_1": "26"},
    LINE | {"claim_id": "A3", "person_id": "P2", "hcpcs_modifier_1": "26"},
    LINE | {"claim_id": "A4", "person_id": "P3"},
]


def test_a_loop_that_still_has_a_claim_stays_and_an_empty_one_goes(tmp_path: Path) -> None:
    style = Style(line_break="\n")
    segments = recounted(grouped(segments_of(SHARED, style), style), style)
    path = tmp_path / "claims.837"
    path.write_bytes(written(segments, style))
    clean, flagged = (segments_in(part, style) for part in split(path))

    def levels(some: Sequence[str]) -> list[str]:
        return [s for s in some if s.startswith(("HL*", "CLM*", "NM1*IL"))]

    member = "NM1*IL*1*SYNTHETIC*MEMBER****MI*"
    claim = next(s for s in segments if s.startswith("CLM"))[len("CLM*A1") :]
    assert levels(clean) == [
        "HL*1**20*1", "HL*2*1*22*0", f"{member}P1", f"CLM*A1{claim}",
        "HL*3**20*1", "HL*4*3*22*0", f"{member}P3", f"CLM*A4{claim}",
    ]  # fmt: skip
    assert levels(flagged) == [
        "HL*1**20*1", "HL*2*1*22*0", f"{member}P1", f"CLM*A2{claim}",
        "HL*3**20*1", "HL*4*3*22*0", f"{member}P2", f"CLM*A3{claim}",
    ]  # fmt: skip
    assert_counted(clean, style)
    assert_counted(flagged, style)


def test_a_subscriber_who_lost_each_dependent_has_none_below(tmp_path: Path) -> None:
    style = Style()
    own = segments_of([LINE | {"claim_id": "A1"}], style)
    child = segments_of(
        [LINE | {"claim_id": "A2", "hcpcs_modifier_1": "26"}], replace(style, as_dependents=True)
    )
    begin = next(n for n, s in enumerate(child) if s.startswith("HL*3*"))
    merged = [*own[:-3], *child[begin:-3], *own[-3:]]
    merged = [s.replace("HL*2*1*22*0", "HL*2*1*22*1") for s in merged]
    path = tmp_path / "claims.837"
    path.write_bytes(written(recounted(merged, style), style))
    clean, flagged = (segments_in(part, style) for part in split(path))
    assert [s for s in clean if s.startswith("HL")] == ["HL*1**20*1", "HL*2*1*22*0"]
    assert [s for s in flagged if s.startswith("HL")] == [
        "HL*1**20*1",
        "HL*2*1*22*1",
        "HL*3*2*23*0",
    ]
    assert [c[0].split("*")[1] for c in claims_in(flagged, style)] == ["A2"]


def test_a_claim_with_a_loop_that_cannot_be_read_is_held_whole(tmp_path: Path) -> None:
    style = Style(line_break="\n")
    segments = segments_of([LINE, LINE | {"claim_id": "B", "person_id": "P2"}], style)
    last = max(n for n, s in enumerate(segments) if s.startswith("SV1"))
    segments = recounted([*segments[:last], *segments[last + 1 :]], style)
    path = tmp_path / "claims.837"
    path.write_bytes(written(segments, style))
    clean, flagged = (claims_in(segments_in(part, style), style) for part in split(path))
    assert [c[0].split("*")[1] for c in clean] == ["A"]
    assert [c[0].split("*")[1] for c in flagged] == ["B"]


def test_other_transactions_go_with_the_clean_claims(tmp_path: Path) -> None:
    style = Style(line_break="\n", claims_per_set=1)
    segments = segments_of([LINE, LINE | {"claim_id": "B", "hcpcs_modifier_1": "26"}], style)
    status = ["ST*276*0009*005010X212", "BHT*0010*13*1*20260301*0800", "SE*3*0009"]
    end = next(n for n, s in enumerate(segments) if s.startswith("GE"))
    segments = [*segments[:end], *status, "GE*3*1", *segments[end + 1 :]]
    path = tmp_path / "claims.837"
    path.write_bytes(written(segments, style))
    clean, flagged = (segments_in(part, style) for part in split(path))
    assert status[0] in clean
    assert "GE*2*1" in clean
    assert [s for s in flagged if s.startswith(("ST", "GE"))] == [
        "ST*837*0002*005010X222A1", "GE*1*1",
    ]  # fmt: skip


def test_interchanges_of_two_files_follow_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "1.837", tmp_path / "2.837"
    first = written(segments_of([LINE]), Style())
    second = written(segments_of([LINE | {"claim_id": "B"}], Style(element="|")), Style())
    one.write_bytes(b"\n" + first)
    other.write_bytes(second)
    assert split(one, other) == (first + second, b"")


def test_a_file_with_wrong_counts_is_not_split(tmp_path: Path) -> None:
    path = tmp_path / "claims.837"
    path.write_bytes(written(segments_of([LINE])).replace(b"GE*1*", b"GE*4*"))
    result = run(Request(paths=[str(path)], as_of=DAY, select=["MO001"], lenient=True))
    with pytest.raises(OutputError, match="wrong counts"):
        Split(result, (Severity.ERROR,)).write(io.BytesIO(), "o.837", CLEAN)
