"""Modifiers far down a column that no header names: asked for, however the rows are read."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from cpt77092.claims.columns import BY_NAME
from cpt77092.readers import Options, open_claims, read_batch
from cpt77092.readers.batch import late_questions as asked_of_columns
from cpt77092.readers.frame import Frame
from cpt77092.readers.scan import MATCHED_ROWS
from cpt77092.reference.codes import CHECKED
from cpt77092.reports.reference_pages import layout_yaml
from tests.large_batch_path import as_sparse

HEADERS = ("claim_id", "payer", "dos", "cpt", "Mod 1")


def table(header: str, cell: str, own: str = "", code: str = "77092") -> pl.DataFrame:
    """Lines of which the last alone has a cell in a column that nothing is read from."""
    plain = ("C1", "medicare", "2026-03-02", "77080", "", "")
    last = ("C2", "medicare", "2026-03-02", code, own, cell)
    return pl.DataFrame([plain] * (MATCHED_ROWS + 1) + [last], [*HEADERS, header], orient="row")


def late_questions(source: str | Frame) -> list[tuple[str, tuple[str, ...]]]:
    batch = read_batch([source], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())
    assert "__unread" not in batch.lines.columns
    return [(question.column, question.headers) for question in batch.scans[0].late_questions]


@pytest.mark.parametrize(
    ("header", "cell", "own", "code", "is_asked"),
    [
        ("X2", "26", "", "77092", True),
        ("X2", "26 59", "", "77092", True),
        ("X2", '="26"', "RT", "77092", True),
        ("X2", "26.0", "", "77092", True),
        ("X2", "26.0", "26", "77092", False),
        ("Unnamed: 5", "TC", "", "77080", True),
        ("Proc Suffix", "26", "", "77092", True),
        ("Modifier status", "26", "", "77092", True),
        ("X2", "\x1f26", "", "77092", True),
        ("X2", "26", "26", "77092", False),
        ("X2", "26", "", "99213", False),
        ("X2", "59", "", "77092", False),
        ("X2", "26 days", "", "77092", False),
        ("X2", "a note on the test of 26 days", "", "77092", False),
        ("Age", "26", "", "77092", False),
        ("Clinic", "26", "59", "77092", False),
    ],
)
def test_modifiers_below_the_first_rows_are_asked_for(
    header: str, cell: str, own: str, code: str, *, is_asked: bool, tmp_path: Path
) -> None:
    file = tmp_path / "claims.csv"
    table(header, cell, own, code).write_csv(file)
    expected = [("hcpcs_modifier_2", (header,))] if is_asked else []
    assert late_questions(str(file)) == expected


def test_the_answer_ends_the_question_and_reads_the_modifier(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    table("X2", "26").write_csv(file)
    options = Options(overrides={"hcpcs_modifier_2": "X2"})
    batch = read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=options)
    assert batch.scans[0].asked == ()
    assert batch.lines["hcpcs_modifier_2"].to_list()[-1] == "26"


def test_they_are_asked_for_however_the_rows_are_read(tmp_path: Path) -> None:
    lines = table("X2", "26")
    csv, utf_16, parquet, packed = (tmp_path / name for name in ("a.csv", "b.csv", "c.pq", "d.gz"))
    lines.write_csv(csv)
    utf_16.write_text(csv.read_text(), encoding="utf-16")
    lines.with_columns(pl.col("X2").replace("", None).cast(pl.Int64)).write_parquet(parquet)
    packed.write_bytes(gzip.compress(csv.read_bytes()))
    expected = [("hcpcs_modifier_2", ("X2",))]
    for source in (str(utf_16), str(parquet), str(packed), Frame(lines.lazy(), "frame")):
        assert late_questions(source) == expected
    with as_sparse():
        assert late_questions(str(csv)) == expected


def test_scrub_columns_asks_for_them_and_a_saved_layout_does_not_rule_them_out(
    tmp_path: Path,
) -> None:
    file = tmp_path / "claims.csv"
    table("X2", "26").write_csv(file)
    opened = open_claims(str(file), Options())
    (question,) = asked_of_columns(opened, CHECKED, Options())
    assert str(question).endswith("--map hcpcs_modifier_2=X2")
    assert "unused" not in layout_yaml(opened, "epic")
