"""Says where a contender's findings differ from those of `scrub`: `agree SCRUB.csv OTHER.csv N`.

Only the first N lines of the batch are compared: a contender may have had no more. Exit code 1
where any line and rule stands in one file alone.
"""

from __future__ import annotations

import sys

import polars as pl


def main() -> None:
    """Compare the two."""
    ours_path, theirs_path, first = sys.argv[1:]
    text = {"line": pl.UInt32, "rule": pl.String}
    theirs = pl.read_csv(theirs_path, schema_overrides=text).select("line", "rule")
    ours = (
        pl.scan_csv(ours_path, infer_schema=False)
        .select(line=pl.col("source_row").cast(pl.UInt32) - 1, rule="rule")
        .filter(pl.col("line") <= int(first))
        .collect()
    )
    pair = ["line", "rule"]
    alone = [ours.join(theirs, on=pair, how="anti"), theirs.join(ours, on=pair, how="anti")]
    twice = theirs.height - theirs.unique().height
    if not any(part.height for part in alone) and not twice:
        return
    for name, part in zip(("scrub alone", "the contender alone"), alone, strict=True):
        for rule, count in part["rule"].value_counts().sort("rule").iter_rows():
            lines = sorted(part.filter(pl.col("rule") == rule)["line"])
            print(f"{rule}: {count} found by {name}, first on line {lines[0]}", file=sys.stderr)
    print(f"{twice} found twice by the contender", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
