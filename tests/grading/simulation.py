"""A simulated payer: it answers every line of a batch by lot, and its 835 is written.

What the grades must be is counted here line by line, in plain Python.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.remittances.x12_835 import Claim, Payment, Service

ANSWERS = (
    *("paid", "paid", "paid", "denied as predicted", "denied otherwise", "deductible", "zero"),
    *("no answer", "reversed", "corrected", "changed", "split", "answered again", "secondary"),
    *("forwarded", "part denied", "renamed"),
)
OTHER_CODE = "197"
"""A reason that no simulated prediction names."""
FIRST = date(2026, 4, 1)


@dataclass(slots=True)
class Simulation:
    """Payments in the order of their days, and what was drawn for each line."""

    claims: dict[date, list[Claim]] = field(default_factory=dict)
    drawn: dict[tuple[str, int], str] = field(default_factory=dict)
    """Answer by file and row of the line."""

    def add(self, day: date, claim: Claim) -> None:
        self.claims.setdefault(day, []).append(claim)

    def payments(self) -> list[Payment]:
        return [
            Payment(payer="SIMULATED HEALTH", day=day, claims=claims, withheld=[("WO", Decimal(5))])
            for day, claims in sorted(self.claims.items())
        ]


def simulate(lines: Sequence[dict[str, Any]], carcs: dict[Any, str], seed: int) -> Simulation:
    """Answer every line by lot.

    Args:
        lines: rows of `checked_lines` of a JSON report.
        carcs: the predicted code of each line that has one, by file and row.
        seed: of the lot.
    """
    lot = random.Random(seed)
    simulation = Simulation()
    for line in lines:
        key = (line["source_file"], line["source_row"])
        answer = lot.choice(ANSWERS)
        if line["modifiers"] is None or line["claim_line_start_date"] is None:
            answer = "no answer"
        if not line["charge_amount"] or line["charge_amount"] <= 0:
            answer = "no answer"
        if answer in {"denied as predicted", "part denied"} and key not in carcs:
            answer = "denied otherwise"
        simulation.drawn[key] = answer
        if answer == "no answer":
            continue
        for day, status, services in _answers(line, answer, carcs.get(key, "")):
            claim = Claim(number=line["claim_id"], status=status, services=services)
            simulation.add(FIRST + timedelta(days=day), claim)
    return simulation


def _answers(line: dict[str, Any], answer: str, carc: str) -> list[tuple[int, str, list[Service]]]:
    """Day, claim status and services of each payment."""
    charge = Decimal(str(line["charge_amount"])).quantize(Decimal("0.01"))
    modifiers = (line["modifiers"] or "").split()
    code = line["hcpcs_code"]

    def service(paid: Decimal, *adjustments: tuple[str, str, Decimal], **more: Any) -> Service:
        named = {"code": code, "modifiers": modifiers, "charge": charge}
        named["day"] = date.fromisoformat(line["claim_line_start_date"])
        return Service(**{**named, "paid": paid, "adjustments": adjustments, **more})

    nothing, half = Decimal(0), (charge / 2).quantize(Decimal("0.01"))
    rest = charge - half
    paid = service(charge)
    denied = service(nothing, ("CO", carc or OTHER_CODE, charge))
    otherwise = service(nothing, ("CO", OTHER_CODE, charge))
    renamed = [m for m in modifiers if m != "26"] if "26" in modifiers else [*modifiers, "26"]
    bundled = service(charge, code="76499", modifiers=(), submitted=(code, *modifiers))
    table: dict[str, list[tuple[int, str, list[Service]]]] = {
        "paid": [(0, "1", [paid])],
        "denied as predicted": [(0, "1", [denied])],
        "denied otherwise": [(0, "4", [otherwise])],
        "deductible": [(0, "1", [service(nothing, ("PR", "1", charge))])],
        "zero": [(0, "1", [service(nothing, ("CO", "45", charge))])],
        "reversed": [(0, "1", [paid]), (9, "22", [service(-charge, charge=-charge)])],
        "corrected": [
            (0, "1", [otherwise]),
            (9, "22", [service(nothing, ("CO", OTHER_CODE, -charge), charge=-charge)]),
            (9, "1", [paid]),
        ],
        "changed": [(0, "1", [service(charge, modifiers=renamed)])],
        "split": [(0, "1", [service(half, charge=half), service(rest, charge=rest)])],
        "answered again": [(0, "1", [otherwise]), (20, "1", [paid])],
        "secondary": [(0, "1", [denied]), (5, "2", [paid])],
        "forwarded": [(0, "23", [service(nothing, ("OA", "23", charge))])],
        "part denied": [(0, "1", [service(half, ("CO", carc, rest))])],
        "renamed": [(0, "1", [bundled])],
    }
    return table[answer]


OUTCOMES = {
    "paid": "paid", "denied as predicted": "denied", "denied otherwise": "denied",
    "deductible": "paid", "zero": "zero", "no answer": "unanswered", "reversed": "reversed",
    "corrected": "paid", "changed": "changed", "split": "paid", "answered again": "paid",
    "secondary": "denied", "forwarded": "unanswered", "part denied": "paid", "renamed": "paid",
}  # fmt: skip
"""What becomes of a line that is answered so."""


def expected_outcomes(simulation: Simulation) -> Counter[str]:
    """How many lines there are of each outcome."""
    return Counter(OUTCOMES[answer] for answer in simulation.drawn.values())
