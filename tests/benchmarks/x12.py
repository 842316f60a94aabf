"""Reads an 837P and adds it up: `python -m tests.benchmarks.x12 READER FILE OUTPUT`.

The readers keep what the file says of each service line, and write how many lines there are, how
many are of a checked code, and what those charge.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

Sums = dict[str, float]
CHECKED = frozenset({
    "77089", "77090", "77091", "77092",
    "77080", "77081", "77085", "77086", "77078", "76977", "G0130",
})  # fmt: skip


def scrub(file: str) -> Sums:
    """Our reader alone, with every column it knows."""
    from cpt77092.claims.columns import BY_NAME
    from cpt77092.readers import Options, read_batch

    batch = read_batch([file], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())
    charges = sum(batch.lines["charge_amount"].drop_nulls())
    return _sums(batch.total.rows, batch.lines.height, charges)


def openx12(file: str) -> Sums:
    """The whole file as nested dicts of claims and services."""
    from openx12 import x837p

    claims = x837p.parse(Path(file).read_text(encoding="latin-1")).claims
    services = [service for claim in claims for service in claim["services"]]
    checked = [service for service in services if service["cpt_code"] in CHECKED]
    return _sums(len(services), len(checked), Decimal(sum(s["charge"] for s in checked)))


def pyx12(file: str) -> Sums:
    """Segment by segment, without the maps that would also tell loops apart and validate them."""
    from pyx12.x12file import X12Reader

    rows: list[dict[str, str]] = []
    claim: dict[str, str] = {}
    with Path(file).open(encoding="latin-1") as stream:
        for segment in X12Reader(io.StringIO(stream.read())):
            tag = segment.get_seg_id()
            if tag == "CLM":
                claim = {"claim_id": segment.get_value("CLM01")}
            elif tag == "SV1":
                names = {"hcpcs_code": "SV101-2", "charge_amount": "SV102", "units": "SV104"}
                names |= {f"modifier_{n}": f"SV101-{n + 2}" for n in range(1, 5)}
                rows.append(claim | {name: segment.get_value(at) for name, at in names.items()})
    checked = [row for row in rows if row["hcpcs_code"] in CHECKED]
    return _sums(len(rows), len(checked), sum(Decimal(row["charge_amount"]) for row in checked))


def _sums(lines: int, checked: int, charges: Decimal | int) -> Sums:
    return {"lines": lines, "checked": checked, "charges": float(charges)}


READERS: dict[str, Callable[[str], Sums]] = {"scrub": scrub, "openx12": openx12, "pyx12": pyx12}


def main() -> None:
    """Read the file and write the sums."""
    reader, file, output = sys.argv[1:]
    Path(output).write_text(json.dumps(READERS[reader](file)), encoding="utf-8")


if __name__ == "__main__":
    main()
