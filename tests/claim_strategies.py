"""Batches of claim lines that collide: few claims, people, days and payers, many odd cells.

A finding often rests on several lines of one claim or one person and day, and on a date beside
the day a policy changes. Cells drawn one by one from everything possible would almost never meet,
so each batch first draws a small pool for every column and its lines draw from the pools.

Half of the batches are drawn by Hypothesis, which likes the same cell everywhere and shrinks what
fails; the other half by a plain random generator, which spreads over all of it evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from hypothesis import strategies as st

from tests.oracle import MODIFIER_COLUMNS, Policies, Row

Batch = list[Row]

OPTIONAL = (
    "claim_line_number",
    "person_id",
    "payer",
    "payer_id",
    "claim_line_end_date",
    "place_of_service_code",
    *MODIFIER_COLUMNS,
    "service_unit_quantity",
    "charge_amount",
    "rendering_npi",
    "billing_npi",
    "claim_frequency_code",
    "patient_birth_date",
    "submission_date",
    "report_signed_date",
)
"""Columns that a file may lack; of `payer` and `payer_id` it must have one."""

CODES = ("77092", "77092", "77092", "77092", "77089", "77090", "77091", "77091")
COMPANION_CODES = ("77080", "77080", "77081", "77085", "77086", "77078", "76977", "G0130")
ODD_CODES = (
    "77092-26", "77092 26", "7709226", "77092.0", "77092.", "77089.00", "g0130", "77091-",
    "77080TC", "G0130/1", "770921", "77092ABC", "99213", "36591", "", " 77092 ",
)  # fmt: skip
CLAIMS = ("A-1", "A-2", "B1", "10", "9", "")
PEOPLE = ("P1", "P2", "P3", "", " P1 ")
PAYERS = (
    "Medicare", "MEDICARE", "Aetna", "Cigna", "UnitedHealthcare", "BCBS", "Acme Health",
    "acme  health.", "Other Plan", "", "Aetna Medicare Advantage", "Medicare Advantage", "default",
    "cms", "United-Healthcare",
)  # fmt: skip
DATES = (
    "2021-12-31", "2022-01-01", "2022-12-31", "2023-01-01", "2024-06-30", "2024-07-01",
    "2026-03-02", "2026-03-03", "2025-06-15", "2026-11-23", "2026-11-24", "2030-01-01",
)  # fmt: skip
ODD_DATES = (
    "", "03/02/2026", "3/2/26", "20260302", "02-Mar-2026", "2026-02-30", "13/40/2025", "soon",
    "0026-03-02", "1850-01-01", "1900-01-01", "12/31/1969", "1970-01-01", "9999-12-31", "2026",
    " 2026-03-02 ",
)  # fmt: skip
PLACES = ("11", "11", "22", "19", "21", "24", "49", "02", "31", "15")
ODD_PLACES = ("", "1", "28", "00", "ab", "99", "011", " 22 ")
MODIFIERS = ("26", "TC", "59", "GA", "GZ", "GX", "GY", "76", "77", "50", "LT", "25", "95", "KX")
MODIFIER_HABITS = (
    ("26",), ("26", "59"), ("26", "TC"), ("GA", "GZ"), ("GX", "GA", "26"), ("TC", "76"),
    ("26", "50", "25"),
)  # fmt: skip
"""What one office writes again and again, so that modifiers that clash meet on a line."""
ODD_MODIFIERS = (
    "2 6", "26.0", "tc", "t c", "ga", "ZZ", "Q0", "0X", "2", "260", "-", " 26 ", "2-", "26,59",
)  # fmt: skip
UNITS = ("1", "1", "1", "1", "2", "2", "3", "1.0")
ODD_UNITS = ("", "0", "0.5", "1.5", "NaN", "inf", "-1", "one", "1000", " 1 ", "1,000")
CHARGES = ("45", "45.00", "$45.00", "$1,045.00", "153.1")
ODD_CHARGES = ("", "0", "0.00", "$0.00", "(45.00)", "($45.00)", "-45", "x", "-$45.00", "45.00 USD")
NPIS = ("1234567893", "1245319599", "2000000002")
ODD_NPIS = (
    "",
    "1234567890",
    "123456789",
    "3234567893",
    "12345678930",
    "ABCDEFGHIJ",
    " 1234567893 ",
)
FREQUENCIES = ("1", "1", "1", "", "7", "8")
LINE_NUMBERS = ("1", "2", "3", "4", "10")
ODD_LINE_NUMBERS = ("", "1.0", "1.5", "two")


PARAMETERS = frozenset(
    {
        "facility_place_of_service", "in_force", "inapplicable_modifiers", "max_units_per_day",
        "modifier_26", "modifier_tc", "notice_modifiers", "place_of_service",
        "technical_in_facility", "typical_place_of_service",
    }
)  # fmt: skip
"""What the oracle's rules ask a policy; the change days of other things (fees) tell nothing."""


@dataclass(frozen=True, repr=False)
class Vocabulary:
    """What a set of policies adds: the payers it knows and the days around its changes."""

    payers: tuple[tuple[str, ...], ...]
    """For each policy the names that it goes by."""
    payer_ids: tuple[tuple[str, ...], ...]
    """For each policy that has any, its numbers."""
    days: tuple[str, ...]


def vocabulary(policies: Policies) -> Vocabulary:
    """Take the words of the policy files themselves, so that new files are exercised unasked."""
    files = policies.files.values()
    first_days = {
        first
        for policy in files
        for parameters in policy.values.values()
        for parameter, entries in parameters.items()
        if parameter in PARAMETERS
        for first in entries
    }
    around = {first + timedelta(days=step) for first in first_days for step in (-1, 0, 1)}
    return Vocabulary(
        payers=tuple(tuple(sorted(policy.names)) for policy in files),
        payer_ids=tuple(tuple(sorted(policy.payer_ids)) for policy in files if policy.payer_ids),
        days=tuple(day.isoformat() for day in sorted(around)),
    )


def batches(words: Vocabulary, *, numbered: bool = False) -> st.SearchStrategy[Batch]:
    """Files of claim lines: one dict per row, all with the same columns, every value a cell's text.

    Args:
        words: of the policies in force.
        numbered: give every row a line number of its own, so that nothing hangs on row order.
    """
    spread = st.integers(0, 2**32 - 1).map(Random)
    chance = st.one_of(st.randoms(use_true_random=False), spread)
    return chance.map(lambda chosen: _batch(chosen, words, numbered=numbered))


def _some(chance: Random, cells: Sequence[str], least: int, most: int) -> list[str]:
    return [chance.choice(cells) for _ in range(chance.randint(least, most))]


def _batch(chance: Random, words: Vocabulary, *, numbered: bool) -> Batch:
    absent: set[str] = set()
    if chance.random() < 0.4:
        absent.update(_some(chance, OPTIONAL, 1, 4))
    if chance.randint(0, 11) == 7:
        absent.update(MODIFIER_COLUMNS)
    if numbered:
        absent.discard("claim_line_number")
    if "payer_id" in absent:
        absent.discard("payer")

    def named_by_id(name: str) -> bool:
        return name == "payer_id" and "payer" in absent

    def pool(usual: Sequence[str], odd: Sequence[str], size: int) -> list[str]:
        """Few cells for this batch: mostly usual ones, now and then odd ones."""
        return 3 * _some(chance, usual, 1, size) + _some(chance, odd, 0, 2)

    codes = chance.choice((CODES, CODES, (*CODES, *COMPANION_CODES), COMPANION_CODES))
    days = (*DATES, *words.days)
    payers = _some(chance, PAYERS, 0, 2)
    payers += [chance.choice(chance.choice(words.payers)) for _ in range(chance.randint(1, 2))]
    payer_ids = ["", "", "", "", "", "00000"]
    payer_ids += [
        chance.choice(chance.choice(words.payer_ids)) for _ in range(chance.randint(0, 2))
    ]
    modifiers = [*chance.choice(MODIFIER_HABITS), *_some(chance, MODIFIERS, 0, 3)]
    modifiers += _some(chance, ODD_MODIFIERS, 0, 1) if chance.random() < 0.4 else []
    modifiers += [""] * chance.randint(1, 8)
    pools: dict[str, list[str]] = {
        "claim_id": _some(chance, CLAIMS, 1, 4),
        "claim_line_number": pool(LINE_NUMBERS, ODD_LINE_NUMBERS, 4),
        "person_id": _some(chance, PEOPLE, 1, 3),
        "payer": payers,
        "payer_id": payer_ids,
        "claim_line_start_date": pool(days, ODD_DATES, 3),
        "claim_line_end_date": pool(days, ODD_DATES, 1),
        "place_of_service_code": pool(PLACES, ODD_PLACES, 3),
        "hcpcs_code": pool(codes, ODD_CODES, 4),
        **dict.fromkeys(MODIFIER_COLUMNS, modifiers),
        "service_unit_quantity": pool(UNITS, ODD_UNITS, 3),
        "charge_amount": pool(CHARGES, ODD_CHARGES, 2),
        "rendering_npi": pool(NPIS, ODD_NPIS, 1),
        "billing_npi": pool(NPIS, ODD_NPIS, 2),
        "claim_frequency_code": _some(chance, FREQUENCIES, 1, 3),
        "patient_birth_date": pool(("1958-02-03",), ODD_DATES, 1),
        "submission_date": pool(days, ODD_DATES, 1),
        "report_signed_date": pool(days, ODD_DATES, 1),
    }
    rows = [
        {
            # Without a payer column every line must name its payer's number; the reader sees to it.
            name: chance.choice([c for c in cells if c.strip()] if named_by_id(name) else cells)
            for name, cells in pools.items()
            if name not in absent
        }
        for _ in range(chance.randint(1, 25))
    ]
    if numbered:
        for number, row in enumerate(rows, start=1):
            row["claim_line_number"] = str(number)
    return rows
