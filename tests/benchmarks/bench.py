"""Times `scrub` as a whole process beside a bare Polars scan and filter of the same file.

Makes a mixed batch (1% TBS) and an all-TBS batch, CSV and Parquet, from a fixed seed; runs the two
contenders in turn; prints the median wall time, the peak memory and the ratio of each pair.

    python tests/benchmarks/bench.py --lines 1000000
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

CODES = {
    "tbs": ["77092", "77092", "77092", "77089", "77091", "77090", "77080", "77085"],
    "other": ["99213", "99214", "93010", "71046", "80053", "36415", "85025", "20610"],
}
COLUMNS = {
    "payer": ["Medicare", "Aetna", "Cigna", "UnitedHealthcare", "BCBS", "Lakeside Health"],
    "place_of_service_code": ["11", "11", "11", "22", "19", "21", "49", "81"],
    "hcpcs_modifier_1": ["", "26", "26", "", "TC", "59", "LT", ""],
    "hcpcs_modifier_2": ["", "", "", "", "", "26", "", "", "GA", ""],
    "service_unit_quantity": ["1"] * 9 + ["2"],
    "charge_amount": ["45.00", "60.25", "120.00", "45.00", "95.00", "0.00"],
    "diagnosis_code_1": ["M81.0", "Z78.0", "M85.80", "M85.851"],
    "diagnosis_code_2": ["", "E21.0", "Z79.52"],
    "rendering_npi": ["1555000011", "1555000029", "1234567890"],
    "billing_npi": ["1555001019", "1555001027"],
    "ordering_npi": ["1555002017", ""],
}
BARE = """
import sys, polars as pl
path, kind, codes = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
if path.endswith(".csv"):
    header = open(path, encoding="utf-8").readline().strip().split(",")
    rows = pl.scan_csv(path, schema=dict.fromkeys(header, pl.String))
else:
    rows = pl.scan_parquet(path)
if kind == "mixed":
    rows = rows.filter(pl.col("hcpcs_code").is_in(codes))
print(rows.collect(engine="streaming").height)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: wall seconds and peak memory in MB."""

    seconds: float
    megabytes: float


def batch(lines: int, share: float, seed: int) -> pl.DataFrame:
    """Synthetic claim lines, two to a claim; `share` of them are bone-health lines."""
    import polars as pl

    number = pl.int_range(lines, eager=True)

    def pick(values: list[str], salt: int) -> pl.Series:
        draw = number.hash(seed + salt) % len(values)
        return pl.Series(values).gather(draw.cast(pl.UInt32))

    is_tbs = (number.hash(seed) % 10_000) < round(share * 10_000)
    days = (number // 2).hash(seed + 99) % 1700
    code = pl.when(is_tbs).then(pick(CODES["tbs"], 1)).otherwise(pick(CODES["other"], 2))
    return pl.DataFrame(
        {
            "claim_id": "C" + (number // 2).cast(pl.String),
            "claim_line_number": (number % 2 + 1).cast(pl.String),
            "person_id": "P" + ((number // 2) % max(lines // 6, 1)).cast(pl.String),
            "claim_line_start_date": pl.select(
                pl.lit(date(2022, 1, 1)) + pl.duration(days=pl.lit(days.cast(pl.Int64)))
            ).to_series(),
            "hcpcs_code": pl.select(code).to_series(),
            **{name: pick(values, salt) for salt, (name, values) in enumerate(COLUMNS.items(), 3)},
        }
    )


def make(file: Path, lines: int, share: float, seed: int) -> None:
    """Write a batch in a process of its own: a child's peak counts its parent's memory."""
    parts = [sys.executable, __file__, "--make", str(file), "--lines", str(lines)]
    subprocess.run([*parts, "--share", str(share), "--seed", str(seed)], check=True)


def timed(arguments: list[str]) -> Run:
    """Run a process to its end, its output thrown away."""
    begin = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{arguments} exited with {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def compare(file: Path, kind: str, runs: int) -> None:
    """Time both contenders on one file in turn, after one warm-up of each, and print a row."""
    codes = ",".join(CODES["tbs"])
    bare = [sys.executable, "-c", BARE, str(file), kind, codes]
    scrub = [sys.executable, "-m", "cpt77092", str(file), "--as-of", "2026-11-23"]
    scrub += ["--format", "table"]
    pairs = [(timed(bare), timed(scrub)) for _ in range(runs + 1)][1:]
    ratios = [ours.seconds / theirs.seconds for theirs, ours in pairs]
    memory = [ours.megabytes / theirs.megabytes for theirs, ours in pairs]
    middle = statistics.median
    seconds = [middle(run.seconds for run in side) for side in zip(*pairs, strict=True)]
    peak = [middle(run.megabytes for run in side) for side in zip(*pairs, strict=True)]
    print(
        f"{kind:8} {file.suffix[1:]:8} {seconds[0]:8.2f} {seconds[1]:8.2f}"
        f" {middle(ratios):7.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        f" {peak[0]:8.0f} {peak[1]:8.0f} {middle(memory):7.2f}"
    )


def main() -> None:
    """Make the batches, time them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=77092)
    parser.add_argument("--make", type=Path, help="only write a batch to this file")
    parser.add_argument("--share", type=float, default=1.0, help="with --make: share of TBS lines")
    given = parser.parse_args()
    if given.make is not None:
        lines = batch(given.lines, given.share, given.seed)
        is_csv = given.make.suffix == ".csv"
        lines.write_csv(given.make) if is_csv else lines.write_parquet(given.make)
        return
    version = metadata.version("polars")
    print(f"{given.lines:,} lines, {given.runs} runs, Polars {version}, {os.cpu_count()} cores")
    print("batch    file       bare s  scrub s   ratio (min-max)   bare MB scrub MB   ratio")
    with tempfile.TemporaryDirectory() as folder:
        for kind, share in (("mixed", 0.01), ("all-TBS", 1.0)):
            for ending in ("csv", "parquet"):
                file = Path(folder) / f"{kind}.{ending}"
                make(file, given.lines, share, given.seed)
                compare(file, kind, given.runs)
                file.unlink()


if __name__ == "__main__":
    main()
