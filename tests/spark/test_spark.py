"""Spark comes to what one call comes to, row for row, whatever happens to its workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cpt77092
from cpt77092 import ClaimsError, ColumnsError, UsageError
from cpt77092.findings.schema import FINDING
from tests.agreement import enlarged
from tests.readers.test_unread_columns import table
from tests.spark.agreement import (
    AS_OF,
    EXAMPLES,
    KEY,
    assert_as_in_one_call,
    drawn,
    example,
    numbered,
)
from tests.spark.required import IN_PROCESS, require_spark
from tests.spark.session import from_spark, local_session, to_spark

require_spark()

pytestmark = IN_PROCESS


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with local_session() as one:
        yield one


# --- the same as in one call -------------------------------------------------------------------


def test_examples_with_history(session: Any) -> None:
    policies = cpt77092.load_policies(EXAMPLES / "policies")
    lines, past = numbered(example("visits.csv")), example("history.csv")
    assert_as_in_one_call(session, lines, past, policies, parts=4)
    assert_as_in_one_call(session, numbered(example("claims.csv")), parts=2)


@pytest.mark.parametrize("apart", [True, False])
def test_adversarial_batches(session: Any, *, apart: bool) -> None:
    """With a column of plans, which earlier claims have or lack."""
    lines, past = drawn(range(8), apart=apart)
    assert {"person_id", "plan_name"} <= {*lines.columns} & {*past.columns}
    past = past if apart else past.drop("plan_name")
    assert_as_in_one_call(session, lines, past, enlarged().packaged, parts=4)


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

    lines, _ = drawn(range(100, 108), apart=True)
    frame = to_spark(session, lines.drop(KEY), 5)
    findings = [
        from_spark(spark.check(frame, as_of=AS_OF, parts=parts), FINDING) for parts in (1, 5)
    ]
    assert findings[0].height > 100
    assert_frame_equal(*findings)


def test_findings_that_workers_write(session: Any, tmp_path: Path) -> None:
    """The rows of the frame; a folder that is there is left as it is."""
    from cpt77092 import spark

    lines, _ = drawn(range(8), apart=True)
    checked = spark.checked(to_spark(session, lines), as_of=AS_OF, row_id=KEY, parts=3)
    folder = tmp_path / "findings"
    number = checked.write(str(folder))
    findings = from_spark(checked.findings, FINDING)
    assert_frame_equal(from_spark(session.read.parquet(str(folder)), FINDING), findings)
    assert number == findings.height > 100
    assert {file.name for file in tmp_path.iterdir()} == {"findings"}
    before = sorted(folder.iterdir())
    for there, why in ((str(folder), "name a new folder"), ("s3://a/b", "findings.write.parquet")):
        with pytest.raises(UsageError, match=why):
            checked.write(there)
    assert sorted(folder.iterdir()) == before
    checked.release()


def test_diagnoses_on_another_row(session: Any) -> None:
    """On the row of an office visit, and on another line of a claim."""
    claims = example("claims.csv")
    visits = claims.unique("Claim ID", maintain_order=True).with_columns(
        pl.lit("99213").alias("CPT"), pl.lit("1").alias("Line")
    )
    bare = claims.with_columns(pl.lit("").alias(n) for n in ("Dx1", "Dx2"))
    for others in (visits, visits.with_columns(pl.lit("77080").alias("CPT"))):
        assert_as_in_one_call(session, numbered(pl.concat([others, bare])), parts=2)


def test_rows_of_several_lines(session: Any) -> None:
    wide = pl.read_csv(EXAMPLES / "claims-wide.csv", separator=";", skip_rows=1, infer_schema=False)
    bare = wide.with_columns(pl.lit("").alias("Dx Codes"))
    assert_as_in_one_call(session, numbered(pl.concat([wide, bare])), parts=2)


# --- what goes wrong ---------------------------------------------------------------------------


def test_modifiers_below_the_first_rows_are_asked_for(session: Any) -> None:
    lines = numbered(table("X2", "26")).drop("Mod 1")
    assert "'X2' holds 26 or TC and is not used" in cpt77092.check(lines, as_of=AS_OF).unchecked
    assert_as_in_one_call(session, lines, parts=2)


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
    lines, past = drawn(range(4), apart=True)
    assert_as_in_one_call(session, lines, past, enlarged().packaged, parts=3)
    assert len(list(tmp_path.iterdir())) > 5
