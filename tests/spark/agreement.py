"""Spark comes to what one call comes to: the comparison, and batches to compare."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

import cpt77092
from cpt77092.findings.schema import FINDING, NOT_CHECKED_ROW, TOTALS
from cpt77092.policies import PolicySet
from tests.agreement import enlarged
from tests.claim_strategies import Batch, run_of, vocabulary
from tests.spark.session import from_spark, to_spark

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = date(2026, 11, 23)
KEY = "line_key"


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with a number for each row."""
    return frame.with_row_index(KEY, 1).with_columns(pl.col(KEY).cast(pl.Int64))


def example(name: str) -> pl.DataFrame:
    """A file of the examples, as it is written."""
    return pl.read_csv(EXAMPLES / name, infer_schema=False)


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


def assert_as_in_one_call(
    session: Any,
    lines: pl.DataFrame,
    past: pl.DataFrame | None = None,
    policies: PolicySet | None = None,
    **resources: Any,
) -> None:
    """Findings, what was not checked and why, and totals are those of `cpt77092.check`."""
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
        of_history = "of the history without a readable"
        assert apart.unchecked == tuple(why for why in one.unchecked if of_history not in why)
    finally:
        apart.release()


def examples_and_a_batch(session: Any) -> None:
    """Compare on the examples with earlier claims, and on a batch of the oracle."""
    policies = cpt77092.load_policies(EXAMPLES / "policies")
    lines, past = numbered(example("visits.csv")), example("history.csv")
    assert_as_in_one_call(session, lines, past, policies, parts=2)
    lines, past = drawn(range(4), apart=True)
    assert_as_in_one_call(session, lines, past, enlarged().packaged, parts=2)
