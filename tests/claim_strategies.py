"""Batches of claim lines that collide: few claims, people, days and payers, many odd cells.

A finding often rests on several lines of one claim or one person and day, and on a date beside
the day a policy changes. Cells drawn one by one from everything possible would almost never meet,
so each batch first draws a small pool for every column and its lines draw from the pools, as do
those of its history. Some lines are copies of others.

Half of the batches are drawn by Hypothesis, which likes the same cell everywhere and shrinks what
fails; the other half by a plain random generator, which spreads over all of it evenly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle import (
    DATE_COLUMNS,
    GROUPS,
    MODIFIER_COLUMNS,
    NO_PLAN,
    PLAN_NAMES,
    Policies,
    Policy,
    Row,
    later_by,
    month_number,
    plain_name,
)

Batch = list[Row]

DIAGNOSIS_COLUMNS = tuple(f"diagnosis_code_{n}" for n in (1, 2, 3, 4, 12))
"""Those that files have here; 5 to 11 are always absent."""

OPTIONAL = (
    "claim_line_number",
    "person_id",
    "payer",
    "payer_id",
    "plan_name",
    "claim_line_end_date",
    "place_of_service_code",
    *MODIFIER_COLUMNS,
    "service_unit_quantity",
    "charge_amount",
    "paid_amount",
    "allowed_amount",
    "rendering_npi",
    "billing_npi",
    "claim_frequency_code",
    "original_reference_number",
    "patient_birth_date",
    "submission_date",
    "report_signed_date",
    *DIAGNOSIS_COLUMNS,
    "diagnosis_pointer",
    "patient_sex",
    "prior_authorization_number",
    "ordering_npi",
)
"""Columns that a file may lack; of `payer` and `payer_id` it must have one."""

CODES = ("77092", "77092", "77092", "77089", "77089", "77090", "77091", "77091")
COMPANION_CODES = ("77080", "77080", "77081", "77085", "77086", "77078", "76977", "G0130")
CODE_HABITS = (
    ("77089", "77092"), ("77089", "77090", "77091"), ("77089", "77080"), ("77092", "77080"),
    ("77091", "77092"), ("77080", "77085", "G0130"), ("77089",), (),
)  # fmt: skip
"""What may meet on a claim and ought not to, or ought to."""
ODD_CODES = (
    "77092-26", "77092 26", "7709226", "77092.0", "77092.", "77089.00", "g0130", "77091-",
    "77080TC", "G0130/1", "770921", "77092ABC", "99213", "36591-59", "", " 77092 ",
)  # fmt: skip
UNREAD_CODES = ("", "", "N/A", "7709Z2", "7708O", "DEXA")
"""Of earlier claims: what hides a code."""
CLAIMS = ("A-1", "A-2", "B1", "10", "9", "")
PEOPLE = ("P1", "P2", "P3", "", " P1 ")
PAYERS = (
    "Medicare", "MEDICARE", "Aetna", "Cigna", "UnitedHealthcare", "BCBS", "Acme Health",
    "acme  health.", "Other Plan", "", "Aetna Medicare Advantage", "Medicare Advantage", "default",
    "cms", "United-Healthcare", "Self-Pay", "CASH", "BCBS of Texas", "Blue Cross Blue Shield of TX",
    "Anthem BCBS",
)  # fmt: skip
FILING_INDICATORS = ("MB", "CI", "16", "BL", "MC", "ZZ")
DATES = (
    "2021-12-31", "2022-01-01", "2022-12-31", "2023-01-01", "2024-06-30", "2024-07-01",
    "2026-03-02", "2026-03-03", "2025-06-15", "2026-11-23", "2026-11-24", "2030-01-01",
)  # fmt: skip
ODD_DATES = (
    "", "", "", "03/02/2026", "3/2/26", "20260302", "02-Mar-2026", "2026-02-30", "13/40/2025",
    "soon", "0026-03-02", "1850-01-01", "1900-01-01", "12/31/1969", "1970-01-01", "9999-12-31",
    "2026", " 2026-03-02 ",
)  # fmt: skip
PLACES = ("11", "11", "22", "19", "21", "24", "49", "02", "31", "15")
ODD_PLACES = ("", "1", "28", "00", "ab", "99", "011", " 22 ")
MODIFIERS = ("26", "TC", "59", "GA", "GZ", "GX", "GY", "76", "77", "50", "LT", "25", "95", "KX")
MODIFIER_HABITS = (
    ("26",), ("26", "59"), ("26", "TC"), ("GA", "GZ"), ("GX", "GA", "26"), ("TC", "76"),
    ("26", "50", "25"), ("59",), ("XU", "26"),
)  # fmt: skip
"""What one office writes again and again, so that modifiers that clash meet on a line."""
ODD_MODIFIERS = (
    "2 6", "26.0", "tc", "t c", "ga", "ZZ", "Q0", "0X", "2", "260", "-", " 26 ", "2-", "26,59",
)  # fmt: skip
SCAN_HABITS = (("26",), ("26",), ("TC",), ("",), ("", "26"), ("26", "TC"))
"""How the scans of one office are billed."""
UNITS = ("1", "1", "1", "1", "2", "2", "3", "1.0")
ODD_UNITS = ("", "0", "0.5", "1.5", "NaN", "inf", "-1", "one", "1000", " 1 ", "1,000")
CHARGES = ("45", "45.00", "$45.00", "$1,045.00", "153.1")
ODD_CHARGES = ("", "0", "0.00", "$0.00", "(45.00)", "($45.00)", "-45", "x", "-$45.00", "45.00 USD")
PAYMENTS = ("", "", "0.00", "0", "$0.00", "45.00", "-45.00", "denied", "0.01")
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
FREQUENCIES = ("1", "1", "1", "", "7", "8", "07", "7.0")
DIAGNOSES = (
    "M81.0", "M810", "M80.08XA", "M85.80", "M85.80", "M85851", "Z78.0", "Z780", "N95.1", "E28.310",
    "Z90.721", "Z7983", "M81.8", "Z90.710",
)  # fmt: skip
ODD_DIAGNOSES = (
    "m81.0", "M8.10", "M81.", "81.0", "M81.0.0", "M81", "M80.08", "N95", "Z90.72", "M81.1",
    "M81.00", "X99ZZZZ", "M 81.0", "none", " M81.0 ", "M85.8", "M80.08XAA", "M1A.9XX0",
)  # fmt: skip
POINTERS = ("", "", "", "A", "A", "A", "1", "AB", "A,B", "A:B", "1,2", "1:2", "1 2", "12")
ODD_POINTERS = (
    "2", "D", "L", "13", "10", "11", "M", "?", "0", "123", "A-B", "ABCD", "4", " A ", "L,A", "1,12",
)  # fmt: skip
SEXES = ("F", "F", "M", "male", "Female", "1", "2", "", "U", "X")
AUTHORIZATIONS = ("", "", "PA-7", " ")
LINE_NUMBERS = ("1", "2", "3", "4", "10")
ODD_LINE_NUMBERS = ("", "1.0", "1.5", "two")


UNREAD = {"relative_value_units"}
"""What no rule asks a policy; its change days tell nothing."""
LIMITS = {"timely_filing", "timely_filing_replacement"}


@dataclass(frozen=True)
class Edge:
    """Cells that meet where a policy's answer turns."""

    payer: str
    day: str
    codes: tuple[str, ...]
    charges: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Vocabulary:
    """What a set of policies adds: the payers it knows and the days around its changes."""

    payers: tuple[tuple[str, ...], ...]
    """For each policy the names that it goes by; more than once for one that says more."""
    payer_ids: tuple[tuple[str, ...], ...]
    """For each policy that has any, its numbers."""
    days: tuple[str, ...]
    """Around every day on which a value changes."""
    edges: tuple[tuple[Edge, ...], ...]
    """Of each kind: services whose limit for filing is near, charges about the fee, pairs."""
    periods: tuple[str, ...]
    """Limits for filing."""
    partners: tuple[str, ...]
    """Codes that stand in pairs with checked codes."""
    of_kinds: frozenset[str]
    """Names of policies that are for a part of Medicaid, or of another kind of payer."""


def vocabulary(policies: Policies, as_of: date) -> Vocabulary:
    """Take the words of the policy files themselves, so that new files are exercised unasked."""
    files = policies.files.values()
    entries: list[tuple[Policy, str, str, date, Any]] = [
        (policy, code, parameter, first, entry.get("value"))
        for policy in files
        for code, parameters in policy.values.items()
        for parameter, entries in parameters.items()
        if parameter not in UNREAD
        for first, entry in entries.items()
    ]
    first_days = {first for _, _, _, first, _ in entries}
    around = {first + timedelta(days=step) for first in first_days for step in (-1, 0, 1)}
    late, fees, pairs = [], [], []
    for policy, key, parameter, first, value in entries:
        payer, day = min(policy.names), first.isoformat()
        for code in sorted(GROUPS.get(key, {key})) if value else ():
            if parameter in LIMITS:
                late += [Edge(payer, served, (code,)) for served in _late(value, as_of)]
            elif parameter == "fee":
                fees += [Edge(payer, day, (code,), charges=(about,)) for about in _about(value)]
            elif parameter == "pairs":
                both = [(code, pair["with"]) for pair in value]
                pairs += [Edge(payer, day, codes, modifiers=("59",)) for codes in both]
    periods = {value for _, _, name, _, value in entries if name in LIMITS and value}
    return Vocabulary(
        payers=tuple(
            tuple(sorted(policy.names))
            for policy in files
            for _ in range(1 + sum(map(len, policy.values.values())) // 4)
        ),
        payer_ids=tuple(
            tuple(sorted(numbers))
            for policy in files
            if (numbers := policy.payer_ids | policy.shared_ids)
        ),
        days=tuple(day.isoformat() for day in sorted(around)),
        edges=tuple(tuple(kind) for kind in (late, fees, pairs) if kind),
        periods=tuple(sorted(periods)),
        partners=tuple(sorted(policies.partners)),
        of_kinds=frozenset(n for p in files if p.part_of in policies.others for n in p.names),
    )


def _late(period: str, as_of: date) -> list[str]:
    """Dates of service whose limit for filing is about the day of the run."""
    limits = (as_of + timedelta(days=step) for step in (-1, 0, 7, 14, 15))
    return [(limit - (later_by(limit, period) - limit)).isoformat() for limit in limits]


def _about(fee: str | dict[str, str]) -> list[str]:
    """Charges of one unit or two, about the fee or one of its parts."""
    amounts = fee.values() if isinstance(fee, dict) else [fee]
    return [
        str(Decimal(amount) * units + cents)
        for amount in amounts
        for units in (1, 2)
        for cents in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))
    ]


def batches(words: Vocabulary, *, numbered: bool = False) -> st.SearchStrategy[Batch]:
    """Files of claim lines: one dict per row, all with the same columns, every value a cell's text.

    Args:
        words: of the policies in force.
        numbered: give every row a line number of its own, so that nothing hangs on row order.
    """
    return runs(words, numbered=numbered).map(lambda run: run[0])


def runs(
    words: Vocabulary, *, numbered: bool = False
) -> st.SearchStrategy[tuple[Batch, Batch | None]]:
    """Batches, some with a history: a file of earlier claims of the same people.

    Args:
        words: of the policies in force.
        numbered: give every row a line number of its own, so that nothing hangs on row order.
    """
    spread = st.integers(0, 2**32 - 1).map(Random)
    chance = st.one_of(st.randoms(use_true_random=False), spread)
    return chance.map(lambda chosen: run_of(chosen, words, numbered=numbered))


def large_runs(words: Vocabulary) -> st.SearchStrategy[tuple[Batch, Batch | None]]:
    """The same with several circles of people, in one run: more outcomes for its cost."""
    seeds = st.integers(0, 2**32 - 1)
    return seeds.map(lambda seed: run_of(Random(seed), words, circles=CIRCLES))


CIRCLES = 6
"""Circles of people in a large run, each with claims of its own."""
Pools = dict[str, list[str]]


def _some(chance: Random, cells: Sequence[str], least: int, most: int) -> list[str]:
    return [chance.choice(cells) for _ in range(chance.randint(least, most))]


def _pool(chance: Random, usual: Sequence[str], odd: Sequence[str], size: int) -> list[str]:
    """Few cells for this batch: mostly usual ones, now and then odd ones."""
    return 3 * _some(chance, usual, 1, size) + _some(chance, odd, 0, 2)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(month_number(day) - months, 12)
    return date(year, month + 1, min(day.day, 28))


def _edge(chance: Random, words: Vocabulary) -> Edge:
    """A payer and a day that matter to each other, or any."""
    if words.edges and chance.random() < 0.4:
        return chance.choice(chance.choice(words.edges))
    day = chance.choice(chance.choice((DATES, words.days)))
    return Edge(chance.choice(chance.choice(words.payers)), day, ())


def _days_of_service(chance: Random, words: Vocabulary, first: str) -> list[str]:
    """One day or two, and others as far from them as a rule looks back."""
    days = [first, *_some(chance, (*DATES, *words.days), 0, 1)]
    base = date.fromisoformat(days[0])
    for _ in range(chance.randint(0, 2)):
        before = base - timedelta(days=chance.choice((1, 29, 30, 31)))
        months = _months_before(base, chance.choice((1, 11, 12, 22, 23, 24)))
        day = chance.choice((before, months, months.replace(day=1)))
        days.append(day.isoformat())
    return days


def _days_of_filing(chance: Random, words: Vocabulary, days: Sequence[str]) -> list[str]:
    """About the last day for filing one of the services."""
    served, period = date.fromisoformat(chance.choice(days)), chance.choice(words.periods or [""])
    last = later_by(served, period) if period else served
    return [(last + timedelta(days=chance.randint(-1, 3))).isoformat()]


def _pools(chance: Random, words: Vocabulary) -> Pools:
    def pool(usual: Sequence[str], odd: Sequence[str], size: int) -> list[str]:
        return _pool(chance, usual, odd, size)

    together = (*CODES, *COMPANION_CODES)
    codes = chance.choice((CODES, together, together, COMPANION_CODES))
    if words.partners and chance.random() < 0.3:
        codes = (*codes, *(4 * words.partners))
    edge = _edge(chance, words)
    days = _days_of_service(chance, words, edge.day)
    payers = [edge.payer]
    if chance.random() < 0.6:
        payers += [*_some(chance, PAYERS, 0, 2), chance.choice(chance.choice(words.payers))]
    if chance.random() < 0.3:
        payers.append("")  # the claim's other lines name it
    payer_ids = ["", "", "", "", "", "00000"]
    payer_ids += [
        chance.choice(chance.choice(words.payer_ids)) for _ in range(chance.randint(0, 2))
    ]
    modifiers = [*edge.modifiers, *chance.choice(MODIFIER_HABITS), *_some(chance, MODIFIERS, 0, 3)]
    modifiers += _some(chance, ODD_MODIFIERS, 0, 1) if chance.random() < 0.4 else []
    modifiers += [""] * chance.randint(1, 8)
    diagnoses = [*pool(DIAGNOSES, ODD_DIAGNOSES, 3), ""] if chance.random() < 0.9 else [""]
    few_diagnoses = [*diagnoses, *([""] * 2 * len(diagnoses))]
    return {
        "claim_id": _some(chance, CLAIMS, 1, 4),
        "claim_line_number": pool(LINE_NUMBERS, ODD_LINE_NUMBERS, 4),
        "person_id": _some(chance, PEOPLE, 1, 3),
        "payer": payers,
        "plan_name": ["", "", "", NO_PLAN, *_some(chance, PLAN_NAMES, 0, 2)],
        "payer_id": payer_ids,
        "claim_filing_indicator": ["", "", *_some(chance, FILING_INDICATORS, 0, 1)],
        "claim_line_start_date": [*days, *days, *days, *_some(chance, ODD_DATES, 0, 2)],
        "claim_line_end_date": pool([*days, "", days[0]], ODD_DATES, 1),
        "place_of_service_code": pool(PLACES, ODD_PLACES, 3),
        "hcpcs_code": [
            *(3 * edge.codes),
            *pool(codes, ODD_CODES, 3),
            *(3 * chance.choice(CODE_HABITS)),
        ],
        **dict.fromkeys(MODIFIER_COLUMNS, modifiers),
        "service_unit_quantity": pool(UNITS, ODD_UNITS, 3),
        "charge_amount": [*(2 * edge.charges), *pool(CHARGES, ODD_CHARGES, 2)],
        "paid_amount": _some(chance, PAYMENTS, 1, 3),
        "allowed_amount": _some(chance, PAYMENTS, 1, 3),
        "rendering_npi": pool(NPIS, ODD_NPIS, 1),
        "billing_npi": pool(NPIS, ODD_NPIS, 2),
        "claim_frequency_code": _some(chance, FREQUENCIES, 1, 3),
        "original_reference_number": ["", *_some(chance, CLAIMS, 0, 2)],
        "patient_birth_date": pool(("1958-02-03",), ODD_DATES, 1),
        "submission_date": pool(
            ("", "", *days, *_days_of_filing(chance, words, days)), ODD_DATES, 2
        ),
        "report_signed_date": pool(("", *days, *days, chance.choice(words.days)), ODD_DATES, 2),
        **dict.fromkeys(DIAGNOSIS_COLUMNS[:2], diagnoses),
        **dict.fromkeys(DIAGNOSIS_COLUMNS[2:], few_diagnoses),
        "diagnosis_pointer": pool(POINTERS, ODD_POINTERS, 2),
        "patient_sex": _some(chance, SEXES, 1, 2),
        "prior_authorization_number": _some(chance, AUTHORIZATIONS, 1, 2),
        "ordering_npi": pool(NPIS, ODD_NPIS, 1),
    }


def _absent(chance: Random) -> set[str]:
    """The columns that a file lacks."""
    absent: set[str] = set()
    if chance.random() < 0.4:
        absent.update(_some(chance, OPTIONAL, 1, 7))
    if chance.randint(0, 11) == 7:
        absent.update(MODIFIER_COLUMNS)
    if chance.randint(0, 11) == 7:
        absent.update(DIAGNOSIS_COLUMNS)
    if "payer_id" in absent:
        absent.discard("payer")
    return absent


def _rows(chance: Random, pools: Pools, absent: set[str]) -> Batch:
    def named_by_id(name: str) -> bool:
        return name == "payer_id" and "payer" in absent

    return [
        {
            # Without a payer column every line must name its payer's number; the reader sees to it.
            name: chance.choice([c for c in cells if c.strip()] if named_by_id(name) else cells)
            for name, cells in pools.items()
            if name not in absent
        }
        for _ in range(chance.randint(1, 25))
    ]


def _bill_scans_alike(chance: Random, rows: Batch) -> None:
    """One office bills all its scans with one modifier or without any."""
    habit = chance.choice(SCAN_HABITS)
    for row in rows:
        if row["hcpcs_code"] in COMPANION_CODES:
            row.update(dict.fromkeys(row.keys() & set(MODIFIER_COLUMNS), ""))
            row.update({name: chance.choice(habit) for name in row.keys() & {MODIFIER_COLUMNS[0]}})


def _write_diagnoses_once(chance: Random, rows: Batch) -> None:
    """One system writes what is a claim's on the first row of it alone, whatever that bills."""
    seen: set[str] = set()
    for row in rows:
        if row["claim_id"] in seen:
            row.update(dict.fromkeys(row.keys() & set(DIAGNOSIS_COLUMNS), ""))
        elif chance.random() < 0.5:
            row["hcpcs_code"] = "99213"
        seen.add(row["claim_id"])


def _keep_habits(chance: Random, rows: Batch) -> None:
    """What one office does on all its claims, and lines that it bills twice."""
    if chance.random() < 0.5:
        _bill_scans_alike(chance, rows)
    for row in _some_rows(chance, rows, 3):
        rows.insert(chance.randint(0, len(rows)), _again(chance, row))
    if chance.random() < 0.15:
        _write_diagnoses_once(chance, rows)


def _write_dates_alike(chance: Random, rows: Batch) -> None:
    """One system writes its dates with slashes, some columns of them at least."""
    form = chance.choice(("{1}/{2}/{0}", "{2}/{1}/{0}", "{2}/{1}/{0}"))
    columns = [name for name in sorted(DATE_COLUMNS) if name in rows[0] and chance.random() < 0.7]
    share = chance.choice((1.0, 1.0, 0.8))
    for row in rows:
        for name in columns:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", row[name]) and chance.random() < share:
                row[name] = form.format(*row[name].split("-"))


def _again(chance: Random, row: Row) -> Row:
    """The line a second time: its modifiers in another order, perhaps on another claim."""
    columns = [name for name in MODIFIER_COLUMNS if name in row]
    cells = [row[name] for name in columns]
    chance.shuffle(cells)
    copy = {**row, **dict(zip(columns, cells, strict=True))}
    if chance.random() < 0.5:
        copy["claim_id"] = chance.choice(CLAIMS)
    return copy


def _history(chance: Random, pools: Pools, absent: set[str], rows: Batch) -> Batch:
    history = _rows(chance, pools, absent)
    columns = list(history[0])
    for row in _some_rows(chance, rows, 4):
        copy = {name: row.get(name, "") for name in columns}
        if "payer" in absent:
            copy["payer_id"] = copy["payer_id"] or "00000"
        history.append(_again(chance, copy))
    for row in _some_rows(chance, history, 2) if chance.random() < 0.4 else []:
        row["hcpcs_code"] = chance.choice(UNREAD_CODES)
    if chance.random() < 0.5:
        # Services of another kind show how far a history reaches all the same.
        gap, unread = chance.choice((0, 0, 40, 70)), chance.choice((None, None, 48, 60, 74))
        for month in range(12 * 7):
            if month != gap or not gap:
                day = date(2020 + month // 12, month % 12 + 1, chance.choice((1, 1, 2))).isoformat()
                code = chance.choice(UNREAD_CODES) if month == unread else "99213"
                history.append({**history[0], "hcpcs_code": code, "claim_line_start_date": day})
    return history


def _some_rows(chance: Random, rows: Batch, most: int) -> Batch:
    return [chance.choice(rows) for _ in range(chance.randint(0, most))]


def run_of(
    chance: Random, words: Vocabulary, *, numbered: bool = False, circles: int = 1
) -> tuple[Batch, Batch | None]:
    """One run; arguments are those of `runs`, and how many circles of people it is of."""
    absent = _absent(chance) - ({"claim_line_number"} if numbered else set())
    past_absent = _absent(chance) - {"person_id"}  # a history without patients is refused
    has_history = chance.random() < 0.6
    rows: Batch = []
    history: Batch = []
    for circle in range(circles):
        pools = _pools(chance, words)
        own = _rows(chance, pools, absent)
        _keep_habits(chance, own)
        past = _history(chance, pools, past_absent, own) if has_history else []
        if circle:
            _with_own_names([*own, *past], circle)
        rows += own
        history += past
    if numbered:
        for number, row in enumerate(rows, start=1):
            row["claim_line_number"] = str(number)
    for some, share in ((rows, 0.4), (history, 0.3)):
        if some and chance.random() < share:
            _write_dates_alike(chance, some)
    for row in (*rows, *history):
        _without_odd_plan(row, words)
        if not row.keys() & set(MODIFIER_COLUMNS):
            # A modifier behind a code would be as good as a column of them, for all of its file.
            row["hcpcs_code"] = re.sub(r"^(\w{5})\W\w\w$", r"\1", row["hcpcs_code"])
    return rows, history if has_history else None


def _without_odd_plan(row: Row, words: Vocabulary) -> None:
    """Leave out the plan where there is no payer, and beside a policy that is for one kind.

    In a file where no line names a payer the column of plans is read as that of payers. What else
    such plans come to is in `policies/plans.yaml`.
    """
    name = plain_name(row.get("payer", ""))
    if "plan_name" in row and (not name or name in words.of_kinds):
        row["plan_name"] = ""


def _with_own_names(rows: Batch, circle: int) -> None:
    """Give the people and claims of one circle names of their own."""
    for row in rows:
        for name in row.keys() & {"claim_id", "original_reference_number", "person_id"}:
            if cell := row[name].strip():
                row[name] = f"{cell}x{circle}"
