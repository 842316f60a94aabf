"""A million lines give the same findings, however they are read: threads, pieces, engine, order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.benchmarks import batches

ROOT = Path(__file__).parents[2]
LINES = 1_000_000
SHARE = 0.03
PLACE = ("source_file", "source_row")

IN_MEMORY = """
import sys
import polars as pl
from polars.lazyframe.frame import LazyFrame

collect, many = LazyFrame.collect, pl.collect_all
LazyFrame.collect = lambda self, **options: collect(self, **{**options, "engine": "in-memory"})
LazyFrame.sink_batches = lambda self, take, **options: take(collect(self, engine="in-memory"))
pl.collect_all = lambda plans, **options: many(plans, **{**options, "engine": "in-memory"})

from cpt77092.cli import main

main.main(sys.argv[1:])
"""


@dataclass
class Answer:
    """What a run found."""

    findings: pl.DataFrame
    totals: dict[str, Any]
    not_checked: list[Any]


def answer(claims: Path, *, code: str | None = None, **environment: str) -> Answer:
    """Run the command as a process of its own."""
    report = claims.parent / "report.json"
    program = [sys.executable, "-m", "cpt77092"] if code is None else [sys.executable, "-c", code]
    done = subprocess.run(
        [*program, str(claims), "--as-of", "2026-11-23", "-q", "-o", str(report)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (summary,) = done.stderr.splitlines()
    assert summary.startswith("scrub: ")
    contents = json.loads(report.read_bytes())
    findings = pl.DataFrame(contents["findings"], infer_schema_length=None)
    return Answer(findings, contents["totals"], contents["not_checked"])


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    return batches.mistaken(LINES, SHARE, batches.SEED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("claims")


@pytest.fixture(scope="module")
def file(lines: pl.DataFrame, folder: Path) -> Path:
    file = folder / "claims.csv"
    lines.write_csv(file)
    return file


@pytest.fixture(scope="module")
def expected(file: Path) -> Answer:
    actual = answer(file)
    # Enough of everything that a difference would show.
    assert actual.totals["rows"] == LINES
    assert actual.totals["checked_lines"] > LINES * SHARE / 2
    assert actual.findings["rule"].n_unique() > 25
    return actual


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"POLARS_MAX_THREADS": "1"},
        {"POLARS_MAX_THREADS": "2", "POLARS_IDEAL_MORSEL_SIZE": "777"},
    ],
)
def test_threads_and_pieces_change_nothing(
    file: Path, expected: Answer, environment: dict[str, str]
) -> None:
    actual = answer(file, **environment)
    assert actual.findings.equals(expected.findings)
    assert (actual.totals, actual.not_checked) == (expected.totals, expected.not_checked)


@pytest.mark.slow
def test_the_engine_of_the_reader_changes_nothing(file: Path, expected: Answer) -> None:
    actual = answer(file, code=IN_MEMORY)
    assert actual.findings.equals(expected.findings)
    assert (actual.totals, actual.not_checked) == (expected.totals, expected.not_checked)


@pytest.mark.slow
def test_the_order_of_rows_changes_nothing(
    lines: pl.DataFrame, folder: Path, expected: Answer
) -> None:
    file = folder / "shuffled.csv"
    lines.sample(fraction=1.0, shuffle=True, seed=7).write_csv(file)
    assert_same_but_for_places(answer(file), expected)


@pytest.mark.slow
def test_files_and_row_groups_change_nothing(
    lines: pl.DataFrame, folder: Path, expected: Answer
) -> None:
    parts = folder / "parts"
    parts.mkdir()
    cuts = [0, 2, 1_000, 300_000, 300_100, 999_998, LINES]
    for number, (begin, end) in enumerate(pairwise(cuts)):
        part = lines.slice(begin, end - begin)
        part.write_parquet(parts / f"{number}.parquet", row_group_size=10_007)
    assert_same_but_for_places(answer(parts), expected)


def assert_same_but_for_places(actual: Answer, expected: Answer) -> None:
    """The same lines are found by the same rules; messages may name rows."""
    key = ["claim_id", "claim_line_number", "rule"]
    ours, theirs = (one.findings.drop(*PLACE, "message").sort(key) for one in (actual, expected))
    assert ours.equals(theirs)
    assert (actual.totals, actual.not_checked) == (expected.totals, expected.not_checked)
