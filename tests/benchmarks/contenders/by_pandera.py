"""The rules as checks of pandera, on the Polars frame of `by_polars`.

All checks stand on the column of line numbers: what fails is then the number. Checks on the whole
frame would give each failing row as a JSON text, and take far longer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from tests.benchmarks.contenders.by_polars import prepared, rules, write
from tests.benchmarks.contenders.job import load


def _passes(flag: pl.Expr) -> Callable[[Any], pl.LazyFrame]:
    def check(data: Any) -> pl.LazyFrame:
        lines: pl.LazyFrame = data.lazyframe
        return lines.select(~flag.fill_null(value=False))

    return check


def main() -> None:
    """Check the batch."""
    warnings.simplefilter("ignore")
    job, output = load()
    checks = [pa.Check(_passes(flag), name=code) for code, flag in rules(job).items()]
    schema = pa.DataFrameSchema({"line": pa.Column(checks=checks)})
    try:
        schema.validate(prepared(job), lazy=True)
    except SchemaErrors as failures:
        cases: pl.DataFrame = failures.failure_cases
        findings = cases.select(pl.col("failure_case").cast(pl.UInt32).alias("line"), rule="check")
        findings.write_csv(output)
    else:
        write({"": pl.Series([], dtype=pl.UInt32)}, output)


if __name__ == "__main__":
    main()
