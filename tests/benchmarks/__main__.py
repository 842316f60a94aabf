"""The benchmarks: `python -m tests.benchmarks [PART …] --lines 1M,3M --runs 5`.

Times whole processes in turn, prints medians, spreads and ratios; README.md beside this file says
what each part shows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.measure import ChildError, Row, Skipped, measure
from tests.benchmarks.parts import PARTS, PEERS, Given

SEED = 77092


def size(text: str) -> int:
    """`1M`, `0.1M`, `20k` or `20000` as a number."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return round(float(text if factor == 1 else text[:-1]) * factor)


def sizes(text: str) -> list[int]:
    """`1M,3M` as numbers."""
    return [size(part) for part in text.split(",")]


def main() -> None:
    """Measure the parts that were asked for."""
    given = _parsed()
    begun = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": report.revision(),
        "load_before": os.getloadavg()[0],
    }
    rows: list[Row] = []
    skipped: list[Skipped] = []
    print(report.heading(), flush=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        asked = Given(
            folder=Path(folder),
            lines=given.lines,
            seed=given.seed,
            row_lines=given.row_lines,
            contenders=given.contenders,
            only=given.only,
        )
        for part in PARTS if "all" in given.parts else dict.fromkeys(given.parts):
            for case in PARTS[part](asked):
                more, left_out = measure(case, given.runs)
                rows = report.derive([*rows, *more])
                skipped += left_out
                print("\n".join(report.table(rows[-len(more) :], case.description)))
                for one in left_out:
                    print(f"  {one.name}: skipped, {one.why}")
                sys.stdout.flush()
    if not rows:
        raise ValueError("nothing was measured: no batch is named so")
    if given.json is not None:
        comparable = report.as_json(rows, skipped, sys.argv[1:])
        text = json.dumps({"ran": begun, "comparable": comparable}, indent=1)
        given.json.write_text(text + "\n", encoding="utf-8")
    broken = report.passed(rows, given.fail_above, above=True)
    broken += report.passed(rows, given.fail_below, above=False)
    print("".join(f"\n{one}" for one in broken), end="\n" if broken else "")
    sys.exit(1 if broken else 0)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    of_parts = "; ".join(f"{name}: {_first_line(part)}" for name, part in PARTS.items())
    parser.add_argument(
        "parts", nargs="*", default=["batches"], metavar="PART", help=f"all, or some of: {of_parts}"
    )
    parser.add_argument("--lines", type=sizes, help="sizes, as 1M,3M,10M; each part has its own")
    parser.add_argument("--runs", type=int, default=5, help="rounds, after one to warm up")
    parser.add_argument("--seed", type=int, default=SEED, help="of the batches")
    parser.add_argument(
        "--row-lines", type=size, default=100_000, help="lines for the slowest, then scaled"
    )
    parser.add_argument(
        "--contenders",
        type=lambda text: text.split(","),
        default=[],
        help=f"only these of {', '.join(PEERS)}",
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=[],
        help="of batches, only those whose names begin so: mixed, all-tbs-csv",
    )
    parser.add_argument("--json", type=Path, help="write everything to this file, for compare.py")
    parser.add_argument("--folder", type=Path, help="make the batches below this folder")
    for side in ("above", "below"):
        parser.add_argument(
            f"--fail-{side}",
            type=_limit,
            action="append",
            default=[],
            metavar="CASE[:NAME][.MEASURE]=RATIO",
            help=f"exit 1 where the median ratio of such a case lies {side} this",
        )
    given = parser.parse_args()
    unknown = {*given.parts} - {*PARTS, "all"} | {*given.contenders} - {*PEERS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return given


def _limit(text: str) -> report.Limit:
    try:
        return report.Limit.of(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem


def _first_line(part: object) -> str:
    return (part.__doc__ or "").strip().splitlines()[0].rstrip(".")


if __name__ == "__main__":
    try:
        main()
    except (ChildError, ValueError) as problem:
        sys.exit(f"benchmarks: {problem}")
