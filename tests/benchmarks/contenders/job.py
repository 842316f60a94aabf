"""What every contender is handed: the files, the lists, and the codes of the rules."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RULES = (
    "MO001", "MO004", "MO005", "MO006", "MO009", "UN002", "DT001", "DT002", "DT003",
    "PO002", "PO003", "ID001", "ID003", "CH001",
)  # fmt: skip
"""Rules of a line alone that all contenders can express: five of them ask the policy."""
NOTICED = ("payer", "code", "first_day", "until")
PARAMETERS = (
    "modifier_26", "modifier_tc", "in_force", "ordering_provider", "technical_in_facility",
    "facility_place_of_service",
)  # fmt: skip
"""Columns of the policy table behind `NOTICED`; the last is the number of a set of places."""


@dataclass(frozen=True, slots=True)
class Job:
    """One batch to check."""

    batch: str
    policies: str
    """CSV: payer as the batch writes it, code, first day, day after the last, `PARAMETERS`."""
    facilities: str
    """CSV: number of a set of facility places, and a place of it."""
    as_of: str
    checked: list[str]
    family: list[str]
    technical: list[str]
    places: list[str]
    """Places of service that CMS assigns."""


def load() -> tuple[Job, str]:
    """The job whose folder, batch and output are the command's three arguments."""
    folder, batch, output = sys.argv[1:]
    record: dict[str, Any] = json.loads((Path(folder) / "job.json").read_text(encoding="utf-8"))
    record |= {name: str(Path(folder) / f"{name}.csv") for name in ("policies", "facilities")}
    return Job(batch=batch, **record), output


def is_npi(npi: str) -> bool:
    """Ten digits, the first 1 or 2, the last a check digit (Luhn, with 80840 before them)."""
    if len(npi) != 10 or not npi.isascii() or not npi.isdigit() or npi[0] not in "12":
        return False
    digits = [int(digit) * (2 - place % 2) for place, digit in enumerate(npi)]
    return (24 + sum(digit - 9 if digit > 9 else digit for digit in digits)) % 10 == 0
