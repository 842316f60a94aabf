"""The rules as steps of a pointblank validation, on the Polars frame of `by_polars`.

Extracts of all failing rows are asked for, since they alone say which lines failed.
"""

from __future__ import annotations

import pointblank as pb

from tests.benchmarks.contenders.by_polars import prepared, rules, write
from tests.benchmarks.contenders.job import load


def main() -> None:
    """Check the batch."""
    job, output = load()
    lines = prepared(job)
    flags = rules(job)
    plan = pb.Validate(lines)
    for flag in flags.values():
        plan = plan.col_vals_expr(~flag.fill_null(value=False))
    plan = plan.interrogate(extract_limit=max(lines.height, 1), collect_tbl_checked=False)
    extracts = plan.get_data_extracts()
    write({code: extracts[n]["line"] for n, code in enumerate(flags, 1) if n in extracts}, output)


if __name__ == "__main__":
    main()
