"""What the messages of findings say of other lines, dates and dollars, one line at a time.

It goes with `tests/oracle.py` and like that shares no code with the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal

from tests.oracle import (
    BONE_MASS,
    COMPANIONS,
    PARTS,
    SPINE_DXA,
    Line,
    Verdict,
    _clash,
    _day_groups,
    _deadline,
    _denies_partner,
    _fee,
    _scans,
    both,
    listed,
    month_number,
    negate,
    undotted,
)

ANY = "\0"
"""Stands for any text in what a message says."""
MOST_NAMED = 5


def fits(message: str, wanted: str) -> bool:
    """Whether a message says what it should."""
    first, *others = wanted.split(ANY)
    if not others:
        return message == wanted
    if not message.startswith(first):
        return False
    at = len(first)
    for part in others:
        found_at = message.find(part, at)
        if found_at < 0:
            return False
        at = found_at + len(part)
    return message.endswith(others[-1])


# --- naming other lines -----------------------------------------------------------------------


def _number(line: Line) -> str:
    number = line.typed("claim_line_number").value
    return _row(line) if number is None else f"line {number}"


def _row(line: Line) -> str:
    return f"row {line.index + 2}"  # a spreadsheet counts from 1, and the header is its first row


def _is_same_claim(line: Line, other: Line) -> bool:
    return bool(line.identity) and (line.identity, line.kind) == (other.identity, other.kind)


def _called(line: Line, other: Line) -> str:
    is_plain = _is_same_claim(line, other) or not other.claim
    return _number(other) if is_plain else f"claim {other.claim}, {_number(other)}"


def _in_order(line: Line, others: Iterable[Line]) -> list[Line]:
    """Other lines, each once, as messages name them."""
    different = {other.index: other for other in others if other is not line}

    def place(other: Line) -> tuple[object, ...]:
        number = other.typed("claim_line_number").value
        return (other.code, other.claim, -(10**9) if number is None else number, other.index)

    return sorted(different.values(), key=place)


def _list(texts: list[str], separator: str = ", ") -> str:
    more = " and more" if len(texts) > MOST_NAMED else ""
    return separator.join(texts[:MOST_NAMED]) + more


def named(line: Line, others: Iterable[Line]) -> str:
    """Other lines with their codes: `77092 (line 2), 77091 (claim B, line 1)`."""
    return _list([f"{other.code} ({_called(line, other)})" for other in _in_order(line, others)])


# --- what messages say ------------------------------------------------------------------------

MESSAGES: dict[str, Callable[[Line], str]] = {}


def message_of(code: str) -> Callable[[Callable[[Line], str]], Callable[[Line], str]]:
    """Enter what the message of a rule says."""

    def enter(text: Callable[[Line], str]) -> Callable[[Line], str]:
        MESSAGES[code] = text
        return text

    return enter


def _near(line: Line, *, by_date: bool = True) -> list[Line]:
    """Lines of the claim (of its date), and lines that count of the person's day and biller."""
    on_claim = (line.claim_day or []) if by_date else line.claim_group
    return [*on_claim, *(line.across() or [])]


def _denying_parts(
    line: Line, *, bypass: tuple[str, ...] = ("true", "false"), that_day: bool = False
) -> list[Line]:
    return [
        other
        for other in _near(line, by_date=that_day)
        for pair in line.param("pairs") or ()
        if pair["denied"] == line.code and pair["with"] == other.code and other.code in PARTS
        if pair["bypass"] in bypass and _clash(line, other, pair, line)
    ]


@message_of("BU001")
def bu001(line: Line) -> str:
    if parts := _denying_parts(line, that_day=True):
        return f"77089 (global) already includes {named(line, parts)}; the edit denies 77089."
    parts = _denying_parts(line)
    other_date = "billed for another date on the same claim"
    return f"77089 (global) already includes {named(line, parts)}, {other_date}."


@message_of("MO017")
def mo017(line: Line) -> str:
    parts = named(line, _denying_parts(line, bypass=("false",)))
    return f"Modifier {ANY} does not bypass the edit between 77089 and {parts}."


@message_of("BU002")
def bu002(line: Line) -> str:
    others = named(line, (other for other in _near(line) if other.code == "77091"))
    return f"77092 and {others} unbundled by the same provider."


@message_of("BU003")
def bu003(line: Line) -> str:
    if line.code in COMPANIONS or line.code in {"77089", *PARTS}:
        paid = [
            other
            for other in _near(line)
            for pair in line.param("pairs") or ()
            if pair["denied"] == line.code and pair["with"] == other.code
            if not (line.code == "77089" and other.code in PARTS)
            if _clash(line, other, pair, line)
        ]
    else:
        paid = [other for other in _near(line) if _denies_partner(other, line)]
    return f"{line.code} is not paid with {named(line, paid)} on {line.day}."


@message_of("BU005")
def bu005(line: Line) -> str:
    scans = _scans(line) or []
    reads = [s for s in scans if both(s.may_carry("26"), negate(s.may_carry("TC")))]
    return f"77089 is global, but {named(line, reads)} has 26 (interpretation only)."


@message_of("BU006")
def bu006(line: Line) -> str:
    scans = [scan for scan in _scans(line) or [] if negate(scan.may_carry("26", "TC"))]
    return f"77092 is interpretation only, but this provider bills {named(line, scans)} globally."


@message_of("BU007")
def bu007(line: Line) -> str:
    parts = [
        other
        for other in line.across(any_payer=True, any_entity=True) or []
        if other.code in PARTS and other.entity and other.entity != line.entity
    ]
    return f"77089 (global) already includes {named(line, parts)}, billed by another provider."


@message_of("FR001")
def fr001(line: Line) -> str:
    alike = [
        other
        for other in line.batch.lines
        if other.place < line.place
        and other.counts
        and other.key == line.key
        and other.has_payer_of(line)
    ]
    on_claim = [other for other in alike if _is_same_claim(line, other)]
    of_person = [other for other in alike if line.person and other.person == line.person]
    first = min(on_claim or of_person, key=lambda other: other.place)
    name = _called(line, first)
    name += "" if name.endswith(_row(first)) else f" ({_row(first)})"
    return f"{line.code} on {line.day} duplicates {name}."


@message_of("FR002")
def fr002(line: Line) -> str:
    alike = BONE_MASS if line.code in BONE_MASS else {"77089", "77092"}
    last = max(
        other.day
        for other in line.batch.everything
        if other.code in alike
        and other.day is not None
        and line.day is not None
        and other.day < line.day
        and other.person == line.person
        and other.has_payer_of(line)
        and other.counts
        and not other.was_denied
        and negate(other.may_carry("GY", "GZ"))
    )
    assert line.day is not None
    months = max(month_number(line.day) - month_number(last) - 1, 0)
    return f"Too soon: last test billed {last}, full months since: {months}; {ANY}"


@message_of("FR003")
def fr003(line: Line) -> str:
    names = []
    for other in line.batch.history or ():
        is_of_person = line.person and other.person == line.person
        if not (other.counts and other.key == line.key and other.has_payer_of(line)):
            continue
        if _is_same_claim(line, other) or is_of_person:
            number = other.typed("claim_line_number").value
            text = f"claim {other.claim or 'without a number'}"
            text += "" if number is None else f", line {number}"
            names.append(f"{text} ({_row(other)} of history.csv)")
    return f"{line.code} on {line.day} was already billed: {min(names)}."


@message_of("UN001")
def un001(line: Line) -> str:
    def units_of(group: Iterable[Line]) -> Decimal:
        return sum((other.units for other in group if other.units is not None), Decimal(0))

    best = max(_day_groups(line), key=units_of)
    parts = []
    for other in _in_order(line, (one for one in best if one.units is not None)):
        name = _called(line, other)
        if not _is_same_claim(line, other) and not name.endswith(_row(other)):
            name += f" ({_row(other)})"
        parts.append(f"{_plain(other.units)} on {name}")
    own = _plain(line.typed("service_unit_quantity").value)
    shown = "; ".join([f"{own} on this line", *([_list(parts, "; ")] if parts else [])])
    most = int(line.param("max_units_per_day"))
    return (
        f"{_plain(units_of(best))} units of {line.code} on {line.day} ({shown}); {ANY} is {most} "
        "per day."
    )


def _plain(number: Decimal | None) -> str:
    if number is None:
        return "blank"
    return str(int(number)) if number == int(number) else str(float(number))


@message_of("UN002")
def un002(line: Line) -> str:
    units = _plain(line.typed("service_unit_quantity").value)
    return f"Units are {units}; they must be a whole number above zero."


@message_of("MO014")
def mo014(line: Line) -> str:
    codes = {other.code for other in line.claim_group} & {"77089", "77090", "77091"}
    codes_shown = " and ".join(sorted(codes))
    return f"77092 has 26 (interpretation only), but the claim also bills {codes_shown}."


@message_of("PO006")
def po006(line: Line) -> str:
    everyone = [*(line.claim_day or []), *(line.across(any_payer=True, any_entity=True) or [])]
    places = {o.text("place_of_service_code") or "" for o in everyone if o.code in COMPANIONS}
    shown = " and ".join(sorted(places - {""}))
    return f"POS {ANY} on the interpretation, but the {ANY} that day has POS {shown}."


@message_of("BU004")
def bu004(line: Line) -> str:
    codes = ", ".join(sorted(SPINE_DXA))
    return f"No spine DXA ({codes}) on {line.day} or in the 30 days before, in {ANY}."


@message_of("DT003")
def dt003(line: Line) -> str:
    return f"Date of service {line.day} is after the as-of date, {line.batch.as_of}."


@message_of("DT004")
def dt004(line: Line) -> str:
    return f"{ANY}iling expired {_deadline(line)} ({ANY} from DOS)."


@message_of("DT005")
def dt005(line: Line) -> str:
    deadline = _deadline(line)
    assert deadline is not None
    left = (deadline - line.batch.as_of) // timedelta(days=1)
    return f"Timely filing expires {deadline}, days left: {left} ({ANY} from DOS)."


@message_of("DT006")
def dt006(line: Line) -> str:
    end = line.typed("claim_line_end_date").value
    return f"Line runs from {line.day} to {end}; {line.code} is a one-day service."


@message_of("DX004")
def dx004(line: Line) -> str:
    excluded = line.param("excluded_diagnoses")
    return f"{ANY}{_diagnoses(d for d in line.diagnoses or () if listed(d, excluded))}{ANY}"


@message_of("DX003")
def dx003(line: Line) -> str:
    return f"Not on {ANY}: {_diagnoses(line.diagnoses or ())}."


@message_of("DX005")
def dx005(line: Line) -> str:
    women = ("Z78.0", "N95.-", "E28.3-", "Z90.72-")
    of_women = _diagnoses(d for d in line.diagnoses or () if listed(d, women))
    return f"Female-only diagnosis on a male patient: {of_women}."


def _diagnoses(codes: Iterable[str]) -> str:
    plain = dict.fromkeys(map(undotted, codes))
    return ", ".join(code if len(code) < 4 else f"{code[:3]}.{code[3:]}" for code in plain)


@message_of("CH001")
def ch001(line: Line) -> str:
    charge = line.typed("charge_amount").value
    return f"Charge is {'blank' if charge is None else _dollars(charge)}; it must be above $0.00."


@message_of("CH002")
def ch002(line: Line) -> str:
    charge, expected = line.typed("charge_amount").value, expected_payment(line)
    assert expected is not None
    return f"Charge {_dollars(charge)} is below {ANY}'s {_dollars(expected)}{ANY}"


# --- dollars ----------------------------------------------------------------------------------


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):.2f}"


def expected_payment(line: Line) -> Decimal | None:
    """The payer's fee for the units that it pays."""
    fee, units, most = _fee(line), line.units, line.param("max_units_per_day")
    if fee is None or units is None or units >= 10**6:
        return None
    return fee * (units if most is None else min(units, Decimal(most)))


def paid_of(verdict: Verdict) -> dict[int, Decimal | None]:
    """The expected payment of each line, unknown where it depends on how dates are read."""
    paid = {line.index: expected_payment(line) for line in verdict.lines}
    other = {line.index: expected_payment(line) for line in verdict.lines_day_first}
    return {row: None if other and other[row] != own else own for row, own in paid.items()}


def at_risk(verdict: Verdict) -> tuple[int, Decimal, Decimal]:
    """How many lines have an error, and what they charge and would be paid, each service once."""
    errors = {row for row, _, severity in verdict.findings if severity == "error"}
    charges, expected, paid = Decimal(0), Decimal(0), paid_of(verdict)
    services: set[int] = set()
    for line in verdict.lines:
        if line.index not in errors:
            continue
        service = _service(line)
        is_again = service in services
        services.add(service)
        if is_again or line.counts is False:
            continue
        charge = line.typed("charge_amount").value
        charges += charge if charge is not None and charge > 0 else 0
        expected += paid[line.index] or 0
    return len(errors), charges, expected


def _service(line: Line) -> int:
    """The index of the first line that bills the same service."""
    alike = [
        other
        for other in line.batch.lines
        if line.key is not None
        and line.counts
        and other.counts
        and other.key == line.key
        and other.has_payer_of(line)
    ]
    on_claim = [other for other in alike if _is_same_claim(line, other)]
    of_person = [other for other in alike if line.person and other.person == line.person]
    for group in (on_claim, of_person):
        first = min(group, key=lambda other: other.place, default=line)
        if first is not line:
            return first.index
    return line.index


def texts_of(verdict: Verdict) -> dict[tuple[int, str], str]:
    """What the message of each finding says, where it says more than the rule does."""
    lines = {line.index: line for line in verdict.lines}
    return {
        (row, code): MESSAGES[code](lines[row])
        for row, code, _ in verdict.findings
        if code in MESSAGES
    }
