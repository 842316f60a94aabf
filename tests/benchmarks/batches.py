"""Makes the files that are measured, from a seed: the same seed, the same claim lines.

Run as a process of its own, `python -m tests.benchmarks.batches KIND FILE --lines N`, so that the
one that measures stays small. A large file is made in pieces, in little memory, and is the same
as one made at once.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from tests.readers.x12_writer import Style, x12

AS_OF = date(2026, 11, 23)
SEED = 77092
PIECE = 1_000_000
"""Lines made at once; even, since a claim has two."""

CODES = {
    "tbs": ["77092", "77092", "77092", "77089", "77091", "77090", "77080", "77085"],
    "other": ["99213", "99214", "93010", "71046", "80053", "36415", "85025", "20610"],
}
COLUMNS = {
    "payer": ["Medicare", "Aetna", "Cigna", "UnitedHealthcare", "BCBS", "Lakeside Health"],
    "place_of_service_code": ["11", "11", "11", "22", "19", "21", "49", "81"],
    "hcpcs_modifier_1": ["", "26", "26", "", "TC", "59", "LT", ""],
    "hcpcs_modifier_2": ["", "", "", "", "", "26", "", "", "GA", ""],
    "service_unit_quantity": ["1"] * 9 + ["2"],
    "charge_amount": ["45.00", "60.25", "120.00", "45.00", "95.00", "0.00"],
    "diagnosis_code_1": ["M81.0", "Z78.0", "M85.80", "M85.851"],
    "diagnosis_code_2": ["", "E21.0", "Z79.52"],
    "rendering_npi": ["1555000011", "1555000029", "1234567890"],
    "billing_npi": ["1555001019", "1555001027"],
    "ordering_npi": ["1555002017", ""],
}
MISTAKES: list[dict[str, str]] = [
    {"claim_line_start_date": ""},
    {"claim_line_start_date": "2021-12-30"},
    {"claim_line_start_date": "2026-12-24"},
    {"hcpcs_modifier_1": "26", "hcpcs_modifier_2": "TC"},
    {"hcpcs_modifier_1": "59", "hcpcs_modifier_2": "59"},
    {"hcpcs_modifier_1": "", "hcpcs_modifier_2": "26"},
    {"place_of_service_code": ""},
    {"place_of_service_code": "7"},
    {"service_unit_quantity": "0"},
    {"service_unit_quantity": "1.5"},
    {"charge_amount": ""},
    {"charge_amount": "-45.00"},
    {"diagnosis_code_1": "", "diagnosis_code_2": ""},
    {"rendering_npi": ""},
    {"rendering_npi": "3555000011"},
]
"""What is written over some lines of the contenders' batch; each meets one of their rules."""
FAULTS: list[dict[str, str]] = [
    {"charge_amount": "0.00"},
    {"service_unit_quantity": "0"},
    {"rendering_npi": "1234567890"},
    {"diagnosis_code_1": "M81"},
]
"""What is written over a flagged line of a batch that is clean without: one finding each."""


def batch(
    lines: int, share: float, seed: int, *, start: int = 0, total: int | None = None
) -> pl.DataFrame:
    """Synthetic claim lines, two to a claim; `share` of them are bone-health lines.

    Args:
        lines: how many lines to make.
        share: how many of them are of a checked code.
        seed: of all that is drawn.
        start: number of the first line, an even one, where this is a piece of a larger batch.
        total: lines of that larger batch.
    """
    number = _numbers(start, lines)
    is_tbs = (number.hash(seed) % 10_000) < round(share * 10_000)
    days = (number // 2).hash(seed + 99) % 1700
    tbs, other = (_pick(number, CODES[kind], seed + n) for n, kind in enumerate(CODES, 1))
    person = (number // 2) % max((total or lines) // 6, 1)
    return pl.DataFrame(
        {
            "claim_id": "C" + (number // 2).cast(pl.String),
            "claim_line_number": (number % 2 + 1).cast(pl.String),
            "person_id": "P" + person.cast(pl.String),
            "claim_line_start_date": _day(date(2022, 1, 1), days),
            "hcpcs_code": pl.select(pl.when(is_tbs).then(tbs).otherwise(other)).to_series(),
            **{
                name: _pick(number, values, seed + salt)
                for salt, (name, values) in enumerate(COLUMNS.items(), 3)
            },
        }
    )


def mistaken(
    lines: int, share: float, seed: int, *, start: int = 0, total: int | None = None
) -> pl.DataFrame:
    """Such a batch in which one line in ten holds a mistake that `batch` makes nowhere."""
    frame = batch(lines, share, seed, start=start, total=total)
    number = _numbers(start, lines)
    draw = number.hash(seed + 200) % (len(MISTAKES) * 10)
    return _with(frame, draw, MISTAKES)


def flagged(
    lines: int, share: float, seed: int, *, start: int = 0, total: int | None = None
) -> pl.DataFrame:
    """A scan and its read to a claim, nothing wrong with them but `share` of the lines.

    What no policy speaks against may change with the policies; the suite tells how many lines of
    each batch were flagged.
    """
    del total
    number = _numbers(start, lines)
    claim = number // 2
    is_read = number % 2 == 1
    frame = pl.DataFrame(
        {
            "claim_id": "C" + claim.cast(pl.String),
            "claim_line_number": (number % 2 + 1).cast(pl.String),
            "person_id": "P" + claim.cast(pl.String),
            "claim_line_start_date": _day(date(2026, 9, 20), claim.hash(seed + 99) % 60),
            "hcpcs_code": pl.select(
                pl.when(is_read).then(pl.lit("77092")).otherwise(pl.lit("77080"))
            ).to_series(),
            "payer": _pick(claim, ["Medicare", "Cigna"], seed + 3),
            "place_of_service_code": _pick(claim, ["11", "49"], seed + 4),
            "hcpcs_modifier_1": pl.select(
                pl.when(is_read).then(pl.lit("")).otherwise(pl.lit("26"))
            ).to_series(),
            "hcpcs_modifier_2": pl.repeat("", lines, eager=True),
            "service_unit_quantity": pl.repeat("1", lines, eager=True),
            "charge_amount": _pick(number, ["145.00", "160.25", "195.00"], seed + 8),
            "diagnosis_code_1": pl.repeat("M81.0", lines, eager=True),
            "rendering_npi": _pick(claim, ["1555000011", "1555000029"], seed + 11),
            "billing_npi": _pick(claim, ["1555001019", "1555001027"], seed + 12),
            "ordering_npi": pl.repeat("1555002017", lines, eager=True),
        }
    )
    is_faulty = (number.hash(seed) % 10_000) < round(share * 10_000)
    draw = pl.select(
        pl.when(is_faulty).then(number.hash(seed + 200) % len(FAULTS)).otherwise(len(FAULTS))
    ).to_series()
    return _with(frame, draw, FAULTS)


def earlier(
    lines: int, share: float, seed: int, *, start: int = 0, total: int | None = None
) -> pl.DataFrame:
    """Earlier claims of the persons of a batch and of many more, as a practice keeps them."""
    frame = batch(lines, share, seed + 1, start=start, total=total)
    days = _numbers(start, lines).hash(seed + 98) % 1400
    return frame.with_columns(
        claim_id="H" + pl.col("claim_id"), claim_line_start_date=_day(date(2021, 6, 1), days)
    )


Maker = Callable[..., pl.DataFrame]
KINDS: dict[str, Maker] = {
    "batch": batch,
    "mistaken": mistaken,
    "flagged": flagged,
    "earlier": earlier,
}


def _numbers(start: int, lines: int) -> pl.Series:
    return pl.int_range(start, start + lines, eager=True)


def _pick(number: pl.Series, values: Sequence[str], seed: int) -> pl.Series:
    draw = number.hash(seed) % len(values)
    return pl.Series(values).gather(draw.cast(pl.UInt32))


def _day(first: date, days: pl.Series) -> pl.Series:
    day = pl.lit(first) + pl.duration(days=pl.lit(days.cast(pl.Int64)))
    return pl.select(day.dt.to_string()).to_series()


def _with(frame: pl.DataFrame, draw: pl.Series, overwrites: list[dict[str, str]]) -> pl.DataFrame:
    """Write the drawn overwrite over each line whose draw is the number of one."""
    changed = {name for overwrite in overwrites for name in overwrite}
    columns = []
    for name in sorted(changed):
        value = pl.col(name)
        for number, overwrite in enumerate(overwrites):
            if name in overwrite:
                value = pl.when(draw == number).then(pl.lit(overwrite[name])).otherwise(value)
        columns.append(value.alias(name))
    return frame.with_columns(columns)


def write(kind: str, file: Path, lines: int, share: float, seed: int) -> None:
    """Write a batch piece by piece; a path without an ending becomes a folder of Parquet parts."""
    pieces = [(start, min(PIECE, lines - start)) for start in range(0, max(lines, 1), PIECE)]

    def piece(start: int, size: int) -> pl.DataFrame:
        frame = KINDS[kind](size, share, seed, start=start, total=lines)
        # Dates are dates in Parquet, and text in a CSV, where a mistake may leave them out.
        day = pl.col("claim_line_start_date")
        return frame if file.suffix == ".csv" else frame.with_columns(day.str.to_date(strict=False))

    if file.suffix == ".csv":
        with file.open("wb") as stream:
            for start, size in pieces:
                # Blank cells as most programs write them, and not as "".
                part = piece(start, size)
                part.write_csv(stream, include_header=start == 0, quote_style="never")
        return
    if file.suffix == ".parquet":
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            _write_parts(Path(folder), pieces, piece)
            pl.scan_parquet(f"{folder}/*.parquet").sink_parquet(file)
        return
    file.mkdir()
    _write_parts(file, pieces, piece)


def _write_parts(
    folder: Path, pieces: list[tuple[int, int]], piece: Callable[[int, int], pl.DataFrame]
) -> None:
    for number, (start, size) in enumerate(pieces):
        piece(start, size).write_parquet(folder / f"part-{number:05}.parquet")


X12_CODES = {"tbs": ("77092", "77089", "77080", "77091"), "mixed": ("77092", *("99213",) * 99)}


def x12_file(lines: int, codes: Sequence[str]) -> bytes:
    """An 837P of so many lines, two to a claim and a hundred claims to a transaction set."""
    rows = [
        {
            "claim_id": f"A-{number // 2:08}",
            "claim_line_number": str(number % 2 + 1),
            "person_id": f"P{number // 6}",
            "payer": "Medicare",
            "payer_id": "99901",
            "billing_npi": "1555001019",
            "rendering_npi": "1555000011",
            "ordering_npi": "1555002017",
            "hcpcs_code": codes[number % len(codes)],
            "hcpcs_modifier_1": ("", "26")[number // 2 % 2],
            "claim_line_start_date": f"2026-03-{number % 28 + 1:02}",
            "place_of_service_code": "11",
            "service_unit_quantity": "1",
            "charge_amount": "45.00",
            "diagnosis_code_1": "M810",
            "diagnosis_pointer": "1",
            "claim_frequency_code": "1",
        }
        for number in range(lines)
    ]
    return x12(rows, Style(claims_per_set=100, providers_on_claim=True, line_break="\n"))


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=[*KINDS, *(f"x12-{kind}" for kind in X12_CODES)])
    parser.add_argument("file", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    prefix, _, rest = given.kind.partition("-")
    if prefix == "x12":
        given.file.write_bytes(x12_file(given.lines, X12_CODES[rest]))
    else:
        write(given.kind, given.file, given.lines, given.share, given.seed)


if __name__ == "__main__":
    main()
