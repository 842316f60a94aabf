"""The diagnoses of a claim's first row alone are those of its lines, whatever that row bills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cpt77092.claims.columns import BETWEEN_DIAGNOSES, BY_NAME
from cpt77092.readers import Frame, Options, read_batch
from cpt77092.reference.codes import CHECKED

COLUMNS = ("claim_id", "claim_line_number", "person_id", "hcpcs_code", "diagnosis_code_1")
CLAIMS = {
    "another service is first": (["A", "1", "P1", "99213", "M81.0"], ["A", "2", "P1", "77092", ""]),
    "by its line number": (["A", "2", "P1", "77092", ""], ["A", "1", "P1", "99213", "M81.0"]),
    "a blank patient is the claim's": (
        ["A", "1", "P1", "99213", "M81.0"],
        ["A", "2", "", "77092", ""],
    ),
    "the first row has none": (["A", "1", "P1", "77092", ""], ["A", "2", "P1", "99213", "M81.0"]),
    "another row has some too": (
        ["A", "1", "P1", "99213", "M81.0"],
        ["A", "2", "P1", "99214", "E11.9"],
        ["A", "3", "P1", "77092", ""],
    ),
    "another patient's": (["A", "1", "P1", "99213", "M81.0"], ["A", "2", "P2", "77092", ""]),
    "nobody's number": (["", "1", "P1", "99213", "M81.0"], ["", "2", "P1", "77092", ""]),
}
GIVEN = {"another service is first", "by its line number", "a blank patient is the claim's"}


def as_csv(rows: pl.DataFrame, folder: Path) -> str:
    rows.write_csv(folder / "claims.csv")
    return str(folder / "claims.csv")


def as_damaged_csv(rows: pl.DataFrame, folder: Path) -> str:
    text = rows.write_csv() + 'X,1,P9,77092,"M81\n'
    (folder / "claims.csv").write_text(text, encoding="utf-8")
    return str(folder / "claims.csv")


def as_parquet(rows: pl.DataFrame, folder: Path) -> str:
    rows.write_parquet(folder / "claims.parquet")
    return str(folder / "claims.parquet")


def as_frame(rows: pl.DataFrame, _: Path) -> Frame:
    return Frame(rows.lazy(), "frame")


@pytest.mark.parametrize("form", [as_csv, as_damaged_csv, as_parquet, as_frame])
@pytest.mark.parametrize("claim", CLAIMS)
def test_the_first_row_alone_gives_its_diagnoses(
    claim: str, form: Callable[[pl.DataFrame, Path], str | Frame], tmp_path: Path
) -> None:
    rows = pl.DataFrame(CLAIMS[claim], schema=COLUMNS, orient="row")
    batch = read_batch(
        [form(rows, tmp_path)], needed=frozenset(BY_NAME), scope=CHECKED, options=Options()
    )
    (given,) = batch.lines["claim_diagnoses"].cast(pl.String)
    assert (given or "").strip(BETWEEN_DIAGNOSES) == ("M81.0" if claim in GIVEN else "")


@pytest.mark.slow
def test_rows_of_a_claim_may_come_in_several_parts_of_a_frame(tmp_path: Path) -> None:
    others = [["B", str(n), "P3", "99213", ""] for n in range(200_000)]
    rows = [*others, *CLAIMS["another service is first"], *others]
    frame = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    files = []
    for cut in (200_000, 200_001, 200_002):  # the claim's rows are in two files or in one
        parts = [frame[:cut], frame[cut:]]
        paths = [tmp_path / f"{cut}-{n}.parquet" for n in range(2)]
        for part, path in zip(parts, paths, strict=True):
            part.write_parquet(path)
        files.append(Frame(pl.scan_parquet(paths), "frame"))
    for file in files:
        batch = read_batch([file], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())
        assert batch.lines["claim_diagnoses"].null_count() == 0
