"""Rows that could not be read are written, whatever the kind of file; odd columns stop none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.readers.workbooks import write_workbook

AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]
LINES = pl.DataFrame(
    {
        "claim_id": ["C1", "C2", "C\n3"],
        "payer": ["medicare"] * 3,
        "claim_line_start_date": ["2026-03-02"] * 3,
        "hcpcs_code": ["77092"] * 3,
        "hcpcs_modifier_1": ["26"] * 3,
    }
)
ODD = {
    "bytes": pl.Series([b"\xff\xfe", b"a", None]),
    "duration": pl.Series([dt.timedelta(days=1)] * 3),
    "zoned": pl.Series([dt.date(2026, 1, 1)] * 3)
    .cast(pl.Datetime)
    .dt.replace_time_zone("Asia/Kathmandu"),
    "decimal": pl.Series(["1.5"] * 3).cast(pl.Decimal(38, 2)),
    "time": pl.Series([dt.time(1)] * 3),
    "record": pl.Series([{"a": 1}] * 3),
    "nothing": pl.Series([None] * 3),
    "large": pl.Series([1] * 3).cast(pl.Int128),
}


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "csv"])
def test_every_row_goes_somewhere(scrub: Scrub, tmp_path: Path, kind: str) -> None:
    if kind == "parquet":
        LINES.write_parquet(tmp_path / "claims.parquet")
    elif kind == "xlsx":
        write_workbook(tmp_path / "claims.xlsx", {"One": [LINES.columns, *LINES.rows()]})
    else:
        LINES.write_csv(tmp_path / "claims.csv")
    assert scrub(f"claims.{kind}", *AS_OF, "-q", "--rejects", "rejects.csv")[0] == 2
    rejects = pl.read_csv(tmp_path / "rejects.csv", infer_schema=False)
    assert rejects.rows() == [LINES.row(2)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_a_column_that_nobody_needs_stops_no_file(scrub: Scrub, tmp_path: Path, name: str) -> None:
    lines = LINES.with_columns(ODD[name].alias(name))
    lines.head(2).write_parquet(tmp_path / "claims.parquet")
    assert scrub("columns", "claims.parquet")[0] == 0
    assert scrub("claims.parquet", *AS_OF, "-q", "--without", "pos")[0] in (1, 2)
    lines.write_parquet(tmp_path / "claims.parquet")
    assert scrub("claims.parquet", *AS_OF, "-q", "--rejects", "rejects.csv")[0] == 2
    assert pl.read_csv(tmp_path / "rejects.csv", infer_schema=False).height == 1
