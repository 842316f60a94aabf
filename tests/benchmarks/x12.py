"""How fast a generated 837P is read, in megabytes a second: python -m tests.benchmarks.x12.

Every service line is read with every column; `mixed` keeps one in a hundred.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from cpt77092.claims import BY_NAME
from cpt77092.codes import CHECKED
from cpt77092.readers import Options, read_batch
from tests.x12_writer import Style, x12

CODES = {"tbs": ("77092", "77089", "77080", "77091"), "mixed": ("77092", *("99213",) * 99)}


def batch(lines: int, codes: tuple[str, ...]) -> bytes:
    """A file of so many lines, two to a claim and a hundred claims to a transaction set."""
    rows = [
        {
            "claim_id": f"A-{number // 2:08}",
            "claim_line_number": str(number % 2 + 1),
            "person_id": f"P{number // 6}",
            "payer": "Medicare",
            "payer_id": "99901",
            "billing_npi": "1555001019",
            "rendering_npi": "1555000011",
            "ordering_npi": "1555002017",
            "hcpcs_code": codes[number % len(codes)],
            "hcpcs_modifier_1": ("", "26")[number // 2 % 2],
            "claim_line_start_date": f"2026-03-{number % 28 + 1:02}",
            "place_of_service_code": "11",
            "service_unit_quantity": "1",
            "charge_amount": "45.00",
            "diagnosis_code_1": "M810",
            "diagnosis_pointer": "1",
            "claim_frequency_code": "1",
        }
        for number in range(lines)
    ]
    return x12(rows, Style(claims_per_set=100, providers_on_claim=True, line_break="\n"))


def main() -> None:
    """Write the files, read each some times, and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind, codes in CODES.items():
            file = Path(folder) / f"{kind}.837"
            file.write_bytes(batch(given.lines, codes))
            seconds = []
            for _ in range(given.runs + 1):
                begin = time.perf_counter()
                read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())
                seconds.append(time.perf_counter() - begin)
            megabytes = file.stat().st_size / 1e6
            middle = statistics.median(seconds[1:])
            print(f"{kind:6} {megabytes:6.1f} MB {middle:6.2f} s {megabytes / middle:6.1f} MB/s")


if __name__ == "__main__":
    main()
