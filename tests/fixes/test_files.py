"""Files of every form: the cells of the fixes change, and every other byte or value is equal.

The files are written here from cells whose texts and fixed texts are both known, so what a fixed
file should be is known to the byte, without the reader.
"""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cpt77092.fixes import Fixed, SafeOnly, fix_file, undo
from cpt77092.run import Request
from tests.readers.x12_writer import Row, Style, segments_of, written

DAY = date(2026, 11, 23)
EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER = ("claim_id", "person_id", "payer", "dos", "pos", "cpt", "mod1", "mod2", "note")
SAME = ("same", "same")
CASES: Sequence[tuple[str, tuple[str, str], tuple[str, str]]] = [
    ("77092", ("26", ""), ("", "")),
    ("77092", ("GA", "26"), ("GA", "")),
    ("77092", ("26", "GA"), ("GA", "")),
    ("77092", ("26", "26"), ("", "")),
    ("77092", ("", "26"), ("", "")),
    ("77092", ("ga", ""), ("GA", "")),
    ("77092", ("ga", "GA"), ("GA", "")),
    ("77092", ("", "GA"), ("GA", "")),
    ("77092", ("", "ga"), ("GA", "")),
    ("77092", ("59", "59"), ("59", "")),
    ("77080", ("59", "26"), ("26", "59")),
    ("77080", ("26", "59"), SAME),
    ("77092", ("", ""), SAME),
    ("77092", ("li", ""), SAME),
    ("99213", ("26", "26"), SAME),
]
"""Code, modifiers of a Medicare line, and what they are once all safe fixes are made."""


def fixed(path: Path, folder: Path) -> Fixed:
    return fix_file(Request(paths=[str(path)], as_of=DAY), folder, SafeOnly())


def put_back(path: Path, one: Fixed, name: str) -> bytes:
    out = io.BytesIO()
    undo(Request(paths=[str(path)], as_of=DAY), one.edits, out, name)
    return out.getvalue()


class CsvWriter:
    """A text file of a random form, as it is before the fixes and after them."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.separator = chance.choice(",;\t|")
        self.end = chance.choice(("\n", "\r\n", "\r"))
        self.has_quotes = chance.random() < 0.7
        self.encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"))
        self.order = list(HEADER)
        chance.shuffle(self.order)

    def cell(self, name: str, before: str, after: str) -> tuple[str, str]:
        """A cell in a random form, and the same with the other value."""
        odd = {"note": 'Müller "TBS"' + self.separator + " " if self.has_quotes else " Müller "}
        before, after = odd.get(name, before), odd.get(name, after)
        is_quoted = self.has_quotes and (name == "note" or self.chance.random() < 0.4)
        if not is_quoted:
            padded = " " * self.chance.choice((0, 0, 1)) + before
            return padded, padded if before == after else after
        lead = " " * self.chance.choice((0, 0, 2))
        before, after = (lead + '"' + text.replace('"', '""') + '"' for text in (before, after))
        return before, after

    def write(self, rows: int) -> tuple[bytes, bytes]:
        """The bytes before and after."""
        texts = [self.separator.join(self.order) + self.end] * 2
        for number in range(rows):
            code, modifiers, after = self.chance.choice(CASES)
            after = modifiers if after == SAME else after
            fields = {
                "claim_id": f"A{number}", "person_id": f"P{number}", "payer": "Medicare",
                "dos": "2026-03-02", "pos": "11", "cpt": code, "note": "",
            }  # fmt: skip
            old = {**fields, "mod1": modifiers[0], "mod2": modifiers[1]}
            new = {**fields, "mod1": after[0], "mod2": after[1]}
            cells = [self.cell(name, old[name], new[name]) for name in self.order]
            for side in (0, 1):
                texts[side] += self.separator.join(cell[side] for cell in cells) + self.end
        if self.chance.random() < 0.3:
            texts = [text.removesuffix(self.end) for text in texts]
        return texts[0].encode(self.encoding), texts[1].encode(self.encoding)


@pytest.mark.slow
@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=4)
def test_text_keeps_every_other_byte(seed: int, is_packed: bool) -> None:
    before, after = CsvWriter(Random(seed)).write(12)
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / ("claims.csv.gz" if is_packed else "claims.csv")
        file.write_bytes(gzip.compress(before) if is_packed else before)
        one = fixed(file, folder / "one")
        assert one.copy.read_bytes() == after
        again = fixed(one.copy, folder / "two")
        assert again.steps == []
        assert again.copy.read_bytes() == after
        assert put_back(one.copy, one, "back.csv") == before


LINE = {
    "payer": "Medicare", "payer_id": "00123", "claim_filing_indicator": "MB",
    "billing_npi": "1234567893", "claim_frequency_code": "1",
    "patient_sex": "F", "patient_birth_date": "19500102", "diagnosis_code_1": "M810",
    "diagnosis_pointer": "1", "place_of_service_code": "11", "charge_amount": "45.00",
    "service_unit_quantity": "1", "claim_line_start_date": "2026-03-02",
    "rendering_npi": "1245319599",
}  # fmt: skip


X12_MODIFIERS = ("hcpcs_modifier_1", "hcpcs_modifier_2")


def x12_rows(chance: Random) -> tuple[list[Row], list[Row]]:
    """Claims before and after; some with a diagnosis in small letters."""
    before: list[Row] = []
    after: list[Row] = []
    for number in range(chance.randint(1, 8)):
        diagnosis = chance.choice(("M810", "m810"))
        for line in range(chance.randint(1, 2)):
            code, old, new = chance.choice(CASES)
            own = LINE | {
                "claim_id": f"A{number}", "person_id": f"P{number}-{line}", "hcpcs_code": code,
                "claim_line_number": str(line + 1), "diagnosis_code_1": diagnosis,
            }  # fmt: skip
            own["person_id"] = f"P{number}"
            own["claim_line_start_date"] = f"2026-0{3 + line}-02"
            is_seen = code != "99213"
            new = old if new == SAME else new
            fine = diagnosis.upper() if is_seen or line else diagnosis
            before.append(
                own | dict(zip(("hcpcs_modifier_1", "hcpcs_modifier_2"), old, strict=True))
            )
            after.append(
                own | dict(zip(X12_MODIFIERS, new, strict=True)) | {"diagnosis_code_1": fine}
            )
    return before, after


@pytest.mark.slow
@given(st.integers(0, 10**6))
@settings(max_examples=4)
def test_an_837p_keeps_every_other_segment(seed: int) -> None:
    chance = Random(seed)
    style = Style(
        element=chance.choice("*|"),
        component=chance.choice(":>"),
        terminator=chance.choice("~'"),
        line_break=chance.choice(("", "\n", "\r\n")),
        claims_per_set=chance.choice((2, 1000)),
    )
    before, after = x12_rows(chance)
    old = segments_of(before, style)
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "batch.837"
        file.write_bytes(written(old, style))
        one = fixed(file, folder / "one")
        got = one.copy.read_bytes().decode("latin-1").split(style.terminator)
        was = file.read_bytes().decode("latin-1").split(style.terminator)
        assert len(got) == len(was)
        changed = {(a.strip()[:3], b.strip()[:3]) for a, b in zip(was, got, strict=True) if a != b}
        assert changed <= {("SV1", "SV1"), ("HI" + style.element, "HI" + style.element)}
        services = [[row["hcpcs_modifier_1"], row["hcpcs_modifier_2"]] for row in after]
        read = [
            [*segment.strip().split(style.element)[1].split(style.component), "", ""][2:4]
            for segment in got
            if segment.strip().startswith("SV1")
        ]
        assert read == services
        assert fixed(one.copy, folder / "two").steps == []
        assert put_back(one.copy, one, "back.837") == file.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Int64, pl.Float64])
def test_parquet_keeps_every_other_value_and_all_types(tmp_path: Path, dtype: type) -> None:
    cases = [case for case in CASES if all(cell.isdigit() or not cell for cell in case[1])]
    after = [old if new == SAME else new for _, old, new in cases]
    count = len(cases)
    frame = pl.DataFrame(
        {
            "claim_id": [f"A{n}" for n in range(count)],
            "person_id": [f"P{n}" for n in range(count)],
            "payer": ["Medicare"] * count,
            "dos": [date(2026, 3, 2)] * count,
            "cpt": [int(code) for code, *_ in cases],
            "mod1": pl.Series([old[0] or None for _, old, _ in cases]).cast(dtype),
            "mod2": pl.Series([old[1] or None for _, old, _ in cases]).cast(dtype),
            "list": [[n, None] for n in range(count)],
            "charge": pl.Series([45.1] * count).cast(pl.Decimal(18, 4)),
        }
    )
    expected = frame.with_columns(
        pl.Series("mod1", [new[0] or None for new in after]).cast(dtype),
        pl.Series("mod2", [new[1] or None for new in after]).cast(dtype),
    )
    file = tmp_path / "claims.parquet"
    frame.write_parquet(file)
    one = fixed(file, tmp_path / "one")
    assert one.steps
    assert_frame_equal(pl.read_parquet(one.copy), expected)
    assert fixed(one.copy, tmp_path / "two").steps == []
    assert_frame_equal(pl.read_parquet(io.BytesIO(put_back(one.copy, one, "back.parquet"))), frame)


@pytest.mark.slow
def test_blank_texts_and_nulls_of_a_parquet_file_come_back_as_they_were(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "claim_id": ["A", "B"], "payer": ["Medicare"] * 2, "dos": ["2026-03-02"] * 2,
            "cpt": ["77092"] * 2, "mod1": ["", None], "mod2": ["GA", "GA"],
        }
    )  # fmt: skip
    file = tmp_path / "claims.parquet"
    frame.write_parquet(file)
    one = fixed(file, tmp_path / "one")
    assert pl.read_parquet(one.copy)["mod1"].to_list() == ["GA", "GA"]
    assert_frame_equal(pl.read_parquet(io.BytesIO(put_back(one.copy, one, "b.parquet"))), frame)


def csv_of(folder: Path, *rows: Mapping[str, str], name: str = "claims.csv") -> Path:
    """A file of Medicare lines with 77092; a row states what else it has."""
    usual = {"claim_id": "A", "line": "1", "payer": "Medicare", "dos": "2026-03-02", "pos": "11"}
    usual |= {"cpt": "77092", "mod1": "", "mod2": "", "units": "1", "charge": "45.00"}
    header = list(dict.fromkeys([*usual, *(name for row in rows for name in row)]))
    cells = [",".join(({**usual, **row}).get(name, "") for name in header) for row in rows]
    file = folder / name
    file.write_text("\n".join([",".join(header), *cells]) + "\n", encoding="utf-8")
    return file


def test_broken_utf_16_is_refused(tmp_path: Path) -> None:
    text = csv_of(tmp_path, {"mod1": "26", "note": "x"}).read_text(encoding="utf-8")
    damaged = codecs.BOM_UTF16_LE + text.encode("utf-16-le").replace(b"x\0", b"\x00\xd8")
    file = tmp_path / "wide.csv"
    file.write_bytes(damaged)
    with pytest.raises(Exception, match=r"wide\.csv"):
        fixed(file, tmp_path / "one")
