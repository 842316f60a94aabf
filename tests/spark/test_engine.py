"""`--engine spark`: the same findings, streams and exit code as without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092 import ClaimsError
from tests.conftest import Scrub
from tests.spark.agreement import EXAMPLES, example
from tests.spark.required import IN_PROCESS, require_spark

require_spark()

pytestmark = IN_PROCESS
OPTIONS = ("--as-of", "2026-11-23", "--isolated")
SPARK = ("--engine", "spark", "--master", "local[2]")


def test_examples_with_history(scrub: Scrub, tmp_path: Path) -> None:
    """Byte for byte, what is printed and what is written."""
    visits = (EXAMPLES / "visits.csv", "--history", EXAMPLES / "history.csv")
    came_to = []
    for folder, more in (("whole", ()), ("spark", SPARK)):
        (tmp_path / folder).mkdir()
        names = [tmp_path / folder / f"f.{ending}" for ending in ("csv", "json", "parquet")]
        outputs = [part for name in names for part in ("-o", name)]
        policies = ("--policies", EXAMPLES / "policies")
        code, out, err = scrub(*visits, *policies, *OPTIONS, *outputs, "--rework-cost", 25, *more)
        assert code == 1, err
        texts = (code, out, err.replace(f"{folder}/f.", "f."))
        came_to.append((texts, [name.read_bytes() for name in names]))
    assert came_to[0] == came_to[1]
    assert came_to[0][0][0] == 1


def test_a_folder_of_typed_files(scrub: Scrub, tmp_path: Path) -> None:
    """Files and rows are named as they are, also where the rows of several are one table."""
    lines = example("claims.csv").with_columns(pl.col("Charge").cast(pl.Float64, strict=False))
    (tmp_path / "claims").mkdir()
    for number in range(3):
        lines.gather_every(3, number).write_parquet(tmp_path / f"claims/{number}.parquet")
    rows = []
    for more in ((), SPARK):
        scrub("claims", *OPTIONS, "-q", "-o", "f.parquet", *more)
        rows.append(pl.read_parquet("f.parquet"))
    assert rows[0].height > 50
    assert rows[0].drop("message").equals(rows[1].drop("message"))
    place = r"(, )?row \d+( of \d\.parquet)?"  # rows of several files are numbered through
    bare = [each["message"].str.replace_all(place, "") for each in rows]
    assert bare[0].equals(bare[1])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("batch.837", "batch.837: this X12 837P is not handed to Spark; leave out --engine"),
        ("torn.csv", "torn.csv: this CSV is not handed to Spark; leave out --engine"),
    ],
)
def test_what_is_not_handed_over_is_named(scrub: Scrub, name: str, message: str) -> None:
    file = EXAMPLES / name
    if not file.exists():
        file = Path(name)
        text = (EXAMPLES / "claims.csv").read_text().splitlines()
        file.write_bytes("\n".join([*text, text[-1].replace(",", ",\xe9", 1)]).encode("latin-1"))
    code, out, err = scrub(file, *OPTIONS, *SPARK)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_rows_that_cannot_be_read_are_not_left_out_in_silence(scrub: Scrub) -> None:
    text = (EXAMPLES / "claims.csv").read_text().rstrip("\n")
    Path("torn.csv").write_text(f"{text}\n{text.splitlines()[-1]},one,more,and,more\n")
    code, out, err = scrub("torn.csv", *OPTIONS, *SPARK)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "1 rejected; leave out --engine" in err


def test_a_master_that_is_none(scrub: Scrub) -> None:
    code, out, err = scrub(EXAMPLES / "claims.csv", *OPTIONS, "--engine", "spark", "--master", "x")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--master x: Spark does not start with it" in err


def test_a_worker_that_is_lost_is_no_bug(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpt77092.spark import prepare

    def mortal(_task: bytes, _threads: int) -> Any:
        def run(batches: Any) -> Any:
            os.kill(os.getpid(), 9)
            return batches

        return run

    monkeypatch.setattr(prepare, "on_worker", mortal)
    code, out, err = scrub(EXAMPLES / "claims.csv", *OPTIONS, *SPARK)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--master local[2]: a worker ended before its work was done" in err


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("Job aborted: Java heap space OutOfMemoryError", "raise spark.driver.memory"),
        ("ModuleNotFoundError: No module named 'cpt77092'", "on all of them"),
        ("x.RefusedError: No space left on device\n at y", "No space left on device; or leave"),
        ("Job aborted: cell SMITH", r"Spark fails \(SparkRuntimeException\); its own log says why"),
    ],
)
def test_failures_of_a_cluster_in_words(report: str, message: str) -> None:
    from pyspark.errors import SparkRuntimeException

    from cpt77092.spark.failures import cluster_failures

    with pytest.raises(ClaimsError, match=message) as failure, cluster_failures("local[2]"):
        raise SparkRuntimeException(report)
    assert "SMITH" not in str(failure.value)


def test_a_bug_on_a_worker_stays_one() -> None:
    from pyspark.errors import PythonException

    from cpt77092.spark.failures import cluster_failures

    with pytest.raises(PythonException), cluster_failures("local[2]"):
        raise PythonException("cpt77092.spark.worker.WorkerError: ValueError in f")
