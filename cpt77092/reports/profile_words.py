"""The benchmarks of a batch in words: shares, multiples of a fee, and what a policy expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cpt77092.policies import PARAMETERS, Decision, Status
from cpt77092.policies.parameters import ByPart
from cpt77092.policies.resolve import Level
from cpt77092.profile.measures import EXPECTED, Group, Measures, Payer, Profile, Share, Site
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.reports.policy_text import measured, value_text
from cpt77092.reports.text import count, dollars, safe

UNKNOWN = "not available"
BY_DEFAULT = "*"
BY_DEFAULT_TOLD = (
    f"{BY_DEFAULT} not the payer's own word, but what holds by default: ask the payer."
)


def percent(share: Share) -> str:
    """`33%`; a few of many are never 0% and all but a few never 100%."""
    if share.value is None:
        return UNKNOWN
    rounded = round(share.value * 100)
    if rounded == 0 and share.part:
        return "<1%"
    return ">99%" if rounded == 100 and share.part < share.known else f"{rounded}%"


def in_full(share: Share) -> str:
    """`33% (3 of 9)`, and how many lines could not be asked."""
    if share.value is None:
        return UNKNOWN
    unknown = share.lines - share.known
    beside = f", unknown on {unknown:,}" if unknown else ""
    return f"{percent(share)} ({share.part:,} of {share.known:,}{beside})"


def times_fee(measures: Measures) -> str:
    """`3.1`; charges over fees where both are known."""
    return UNKNOWN if measures.times_fee is None else f"{measures.times_fee:,.1f}"


def charges(measures: Measures) -> str:
    """`$777.00`."""
    return UNKNOWN if measures.charges is None else dollars(measures.charges)


def number(units: float | None) -> str:
    """`12`, `0.5`."""
    if units is None:
        return UNKNOWN
    return f"{units:,.0f}" if units == int(units) else f"{units:,}"


def month(first_day: date | None) -> str:
    """`2026-03`."""
    return "no date" if first_day is None else f"{first_day:%Y-%m}"


def place(site: Site) -> str:
    """The place of service as the claim has it."""
    if site.place is None:
        return "no such column"
    return safe(site.place) or "blank"


def judged(site: Site) -> str:
    """What the policy makes of a place: accepted where the payer has a list, else usual."""
    if site.accepted.known:
        return _judged(site.accepted, "accepted", "not accepted")
    return _judged(site.typical, "usual", "unusual") if site.typical.known else ""


def _judged(share: Share, yes: str, no: str) -> str:
    if share.part == share.known:
        return yes
    return f"partly {yes}" if share.part else no


SHOWN = ("modifier_26", "modifier_tc", "max_units_per_day", "fee")
"""What stands under a code's figures."""


def expected(made: Sequence[Decision]) -> str:
    """`not allowed`, `accepted then not allowed`; a star marks what is by default.

    The days on which it changed stand where there is room: see `expectations`.
    """
    told = dict.fromkeys(_short(one) for one in made)
    return " then ".join(told) if told else UNKNOWN


def _short(made: Decision) -> str:
    if made.status is not Status.VALUE:
        return UNKNOWN if made.status is Status.NOT_AVAILABLE else "none"
    value = made.value.whole if isinstance(made.value, ByPart) else made.value
    text = dollars(value) if isinstance(value, Decimal) else value_text(made)
    return f"{text}{BY_DEFAULT}" if made.level is Level.DEFAULT else text


def any_by_default(group: Group) -> bool:
    """Whether something that was expected is not the payer's own word."""
    return any(
        one.level is Level.DEFAULT and one.status is Status.VALUE
        for code in group.codes
        for name in SHOWN
        for one in code.expected.get(name, ())
    )


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing a policy said, for the codes that share it."""

    codes: tuple[str, ...]
    made: Decision

    @property
    def says(self) -> str:
        """What it is about."""
        return PARAMETERS[self.made.parameter].description

    @property
    def value(self) -> str:
        """What it says, in full."""
        return measured(self.made)


def expectations(group: Group) -> list[Expectation]:
    """What the policy said on the lines' dates, by parameter, each with its codes."""
    same: dict[tuple[object, ...], list[tuple[str, Decision]]] = {}
    for name in EXPECTED:
        for code in group.codes:
            for made in code.expected.get(name, ()):
                key = (name, made.status, str(made.value), made.first_day, made.source, made.quotes)
                same.setdefault(key, []).append((code.code, made))
    return [
        Expectation(tuple(code for code, _ in told), told[0][1]) for told in same.values() if told
    ]


def on_26(group: Group) -> list[str]:
    """What the policy said of 26 on the interpretation, on whose word, and who says otherwise."""
    return [
        safe(f"26 on {code.code}: {_in_words(made)}")
        for code in group.codes
        if code.code in INTERPRETATION
        for made in code.expected.get("modifier_26", ())
    ]


def _in_words(made: Decision) -> str:
    if made.status is not Status.VALUE or made.source is None:
        return value_text(made)
    other = made.contradicted_by
    against = f"; contradicted by {other.short()}" if other else ""
    return f"{_short(made)} since {made.first_day}, {made.source.short()}{against}"


def stretch(payer: Payer) -> str:
    """`2026-03`, `2025-09 to 2026-09`."""
    first, last = (month(payer.months[end][0]) for end in (0, -1))
    dated = [day for day, _ in payer.months if day is not None]
    if dated:
        first, last = month(dated[0]), month(dated[-1])
    return first if first == last else f"{first} to {last}"


def headline(profile: Profile) -> str:
    """How much there is, and how clean it is."""
    measures = profile.whole.measures
    if not measures.lines:
        return f"No line with a checked code in {count(profile.rows, 'row')}."
    days = "no readable service dates"
    if profile.first_day is not None:
        days = f"services of {profile.first_day} to {profile.last_day}"
    return (
        f"{count(measures.lines, 'checked line')} of {count(len(profile.payers), 'payer')}, "
        f"{days}. {percent(measures.clean)} clean: {measures.clean.part:,} without an error."
    )


def sentences(profile: Profile) -> list[str]:
    """What holds of the whole batch."""
    whole, measures = profile.whole, profile.whole.measures
    told = [f"Not read, and in no figure: {safe(problem)}" for problem in profile.unreadable]
    told += [f"Read on with --lenient: {safe(fault)}." for fault in profile.faults]
    if profile.rejected:
        stand = "stands" if profile.rejected == 1 else "stand"
        told.append(
            f"{count(profile.rejected, 'row')} could not be read and {stand} in no figure: "
            f"scrub check says which."
        )
    if not measures.lines:
        return told
    told.append(f"26 on 77092: {in_full(whole.read_with_26)}.")
    told.append(
        f"Charges: {charges(measures)}{_of_all(measures.charges_known, measures.lines)}. "
        f"{_against_fee(measures)}"
    )
    known = _of_all(measures.units_known, measures.lines)
    told.append(
        f"Units: {number(measures.units)}{known}; "
        f"lines that alone are over the day's most: {in_full(measures.over_max_units)}."
    )
    if measures.unsure:
        told.append(
            f"Clean as far as checked: on {measures.unsure:,} of {measures.clean.part:,} clean "
            f"lines some rule that finds errors could not be checked; scrub check says why."
        )
    return told


def _against_fee(measures: Measures) -> str:
    if measures.times_fee is None:
        return f"Against the fee: {UNKNOWN}."
    return (
        f"Where the fee is known too ({measures.compared:,} of {measures.lines:,} lines): "
        f"{dollars(measures.compared_charges)} charged, {times_fee(measures)} times the fee of "
        f"{dollars(measures.compared_fees)}; {count(measures.below_fee.part, 'line')} below it."
    )


def _of_all(known: int, lines: int) -> str:
    return f" (known for {known:,} of {lines:,} lines)" if known < lines else ""
