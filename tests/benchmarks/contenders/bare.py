"""The floor: a Polars streaming scan of the file, filtered to some codes; no rule at all.

`bare FILE CODES`, with `-` for all codes. FILE may be a folder of Parquet parts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl


def main() -> None:
    """Print how many lines are left."""
    path, codes = sys.argv[1:]
    if path.endswith(".csv"):
        with Path(path).open(encoding="utf-8") as stream:
            header = stream.readline().strip().split(",")
        rows = pl.scan_csv(path, schema=dict.fromkeys(header, pl.String))
    else:
        rows = pl.scan_parquet(path)
    if codes != "-":
        rows = rows.filter(pl.col("hcpcs_code").is_in(codes.split(",")))
    print(rows.collect(engine="streaming").height)


if __name__ == "__main__":
    main()
