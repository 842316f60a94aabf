"""Spark comes to what one call comes to, row for row, whatever happens to its workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cpt77092
from cpt77092 import ClaimsError, ColumnsError, UsageError
from cpt77092.findings.schema import FINDING, NOT_CHECKED_ROW, TOTALS
from cpt77092.policies import PolicySet
from tests.agreement import enlarged
from tests.claim_strategies import Batch, run_of, vocabulary
from tests.conftest import OWN_STEP
from tests.spark.session import from_spark, local_session, to_spark

pytest.importorskip("pyspark", reason=f"the extra spark is not installed; {OWN_STEP}")
pytest.importorskip("pyarrow", reason=f"the extra spark is not installed; {OWN_STEP}")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason=f"Java is not installed; {OWN_STEP}"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning:pyspark"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
AS_OF = date(2026, 11, 23)
KEY = "line_key"


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with local_session() as one:
        yield one


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index(KEY, 1).with_columns(pl.col(KEY).cast(pl.Int64))


def example(name: str) -> pl.DataFrame:
    return pl.read_csv(EXAMPLES / name, infer_schema=False)


def assert_as_in_one_call(
    session: Any,
    lines: pl.DataFrame,
    past: pl.DataFrame | None = None,
    policies: PolicySet | None = None,
    **resources: Any,
) -> None:
    """Findings, what was not checked, and totals are those of `cpt77092.check`."""
    from cpt77092 import spark

    known = {"as_of": AS_OF, "policies": policies, "row_id": KEY}
    one = cpt77092.check(lines, history=past, **known)  # type: ignore[arg-type]
    earlier = None if past is None else to_spark(session, past)
    apart = spark.checked(to_spark(session, lines), history=earlier, **known, **resources)  # type: ignore[arg-type]
    try:
        findings = from_spark(apart.findings, FINDING)
        assert_frame_equal(findings, one.findings.sort(pl.all()))
        assert_frame_equal(
            from_spark(apart.not_checked, NOT_CHECKED_ROW), one.not_checked.sort(pl.all())
        )
        assert_frame_equal(from_spark(apart.totals, TOTALS), one.totals)
    finally:
        apart.release()


# --- the same as in one call -------------------------------------------------------------------


def test_examples_with_history(session: Any) -> None:
    policies = cpt77092.load_policies(EXAMPLES / "policies")
    lines, past = numbered(example("visits.csv")), example("history.csv")
    assert_as_in_one_call(session, lines, past, policies, parts=4)
    assert_as_in_one_call(session, numbered(example("claims.csv")), parts=2)


def drawn(seeds: range, *, apart: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Adversarial batches of the oracle in one, and their earlier claims.

    With `apart`, people and claims of each batch are its own, so that there are many groups.
    """
    words = vocabulary(enlarged().plain, AS_OF)
    own: Batch = []
    earlier: Batch = []
    for seed in seeds:
        rows, past = run_of(Random(seed), words, numbered=False)
        for row in (*rows, *(past or ())):
            for name in ("person_id", "claim_id", "original_reference_number"):
                if apart and row.get(name, "").strip():
                    row[name] = f"{row[name]}-{seed}"
        own += rows
        earlier += past or []
    frames = [pl.DataFrame(rows, infer_schema_length=None) for rows in (own, earlier)]
    return numbered(frames[0].fill_null("")), frames[1].fill_null("")


@pytest.mark.parametrize("apart", [True, False])
def test_adversarial_batches(session: Any, *, apart: bool) -> None:
    lines, past = drawn(range(40), apart=apart)
    assert "person_id" in past.columns
    assert_as_in_one_call(session, lines, past, enlarged().packaged, parts=7)


def test_typed_columns(session: Any) -> None:
    lines = numbered(example("claims.csv")).with_columns(
        pl.col("From Date").str.to_date(strict=False),
        pl.col("To Date").str.to_date(strict=False).cast(pl.Datetime("us")),
        pl.col("Units").cast(pl.Float64, strict=False),
        pl.col("Charge").cast(pl.Decimal(18, 2), strict=False),
        pl.col("CPT").cast(pl.Int64, strict=False),
        pl.concat_list("Mod1", "Mod2").alias("modifiers"),
    )
    assert_as_in_one_call(session, lines.drop("Mod1", "Mod2", "Mod3", "Mod4"))


@pytest.mark.parametrize("day", ["25/03/2025", "03/04/2025"])
def test_dates_that_are_not_month_first(session: Any, day: str) -> None:
    """Read day first, or in two ways; the earlier claims' other columns have another type."""
    first = {
        "claim_id": "A1", "person_id": "P1", "payer": "medicare", "hcpcs_code": "77092",
        "claim_line_start_date": "05/06/2025", "service_unit_quantity": "1",
        "charge_amount": "45.00", "billing_npi": "1234567893",
    }  # fmt: skip
    dates = (day, "26/03/2025" if day[:2] == "25" else day, "04/05/2025")
    rows = [first | {"claim_id": f"B{n}", "claim_line_start_date": d} for n, d in enumerate(dates)]
    lines = numbered(pl.DataFrame([first, *rows]))
    past = pl.DataFrame([first | {"claim_id": "H", "claim_line_start_date": "02/01/2025"}])
    past = past.with_columns(pl.col("charge_amount").cast(pl.Float64))
    assert_as_in_one_call(session, lines, past, parts=3)


def test_how_many_parts_there_are_changes_nothing(session: Any) -> None:
    """Also where lines have no number of their own."""
    from cpt77092 import spark

    lines, _ = drawn(range(100, 120), apart=True)
    frame = to_spark(session, lines.drop(KEY), 5)
    findings = [
        from_spark(spark.check(frame, as_of=AS_OF, parts=parts), FINDING) for parts in (1, 11)
    ]
    assert findings[0].height > 100
    assert_frame_equal(*findings)


# --- what goes wrong ---------------------------------------------------------------------------


def test_what_is_missing_is_named(session: Any) -> None:
    from cpt77092 import spark

    frame = to_spark(session, numbered(example("claims.csv")))
    with pytest.raises(ColumnsError, match="no column for hcpcs_code"):
        spark.check(frame.drop("CPT"), as_of=AS_OF)
    with pytest.raises(UsageError, match="lines has no such column"):
        spark.check(frame, as_of=AS_OF, row_id="nowhere")
    with pytest.raises(ClaimsError, match="no rows; nothing to check"):
        spark.check(frame.limit(0), as_of=AS_OF)


def test_a_failure_on_a_worker_shows_no_cell(session: Any) -> None:
    from cpt77092.spark.arrow import PICKLED, spark_schema
    from cpt77092.spark.worker import on_worker
    from tests.spark.failing import fail_with_cell, pickled_task

    frame = session.createDataFrame([("SMITH",)], "person_id STRING")
    task = on_worker(pickled_task(fail_with_cell), 1)
    with pytest.raises(Exception, match="WorkerError: ValueError") as failure:
        frame.mapInArrow(task, spark_schema(PICKLED)).collect()
    assert "SMITH" not in str(failure.value)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in every pass: while lines are read, tied, parted and checked."""
    from cpt77092.spark import prepare, worker

    alive = worker.on_worker
    calls = iter(range(100))

    def mortal(task: bytes, threads: int) -> Any:
        run, mark = alive(task, threads), str(tmp_path / f"killed-{next(calls)}")

        def once(batches: Any) -> Any:
            for number, batch in enumerate(run(batches)):
                yield batch
                if number == 0 and not os.path.exists(mark):  # noqa: PTH110
                    os.close(os.open(mark, os.O_CREAT))
                    os.kill(os.getpid(), 9)

        return once

    monkeypatch.setattr(prepare, "on_worker", mortal)
    lines, past = drawn(range(200, 210), apart=True)
    assert_as_in_one_call(session, lines, past, enlarged().packaged, parts=3)
    assert len(list(tmp_path.iterdir())) > 5
