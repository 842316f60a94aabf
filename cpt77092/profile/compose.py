"""The benchmarks of a batch as a document: the whole at a glance, then each payer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from cpt77092 import __version__
from cpt77092.document import (
    Bar,
    BarChart,
    Document,
    Item,
    Row,
    Section,
    Statement,
    Table,
    numbers,
    own,
    own_row,
    words,
)
from cpt77092.policies import PARAMETERS, Decision, Level, Status
from cpt77092.policies.parameters import ByPart
from cpt77092.policies.value_text import cited, plain, value_text
from cpt77092.profile.measures import (
    EXPECTED,
    UNKNOWN,
    Group,
    Month,
    Payer,
    Profile,
    Share,
    Site,
    Totals,
)
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.text import count, dollars

PAYERS_DRAWN = 20
"""Payers in a chart; the tables have them all."""
TOP_FINDINGS = 3
BY_DEFAULT = "*"
NOT_OWN = f"{BY_DEFAULT} applies by default, not the payer's own published rule: ask the payer."
UNDATED = "no date"
_WITH_POLICY = ("modifier_26", "modifier_tc", "max_units_per_day", "fee")
"""Parameters that are under the figures of a code."""


def compose(profile: Profile, *, limit: int = 0) -> Document:
    """Compose the document, with at most `limit` payers, those with most lines; 0 for all."""
    shown = profile.payers[:limit] if limit else profile.payers
    introduction = list(sentences(profile))
    if len(shown) < len(profile.payers):
        number = f"{len(shown):,} of {len(profile.payers):,}"
        introduction.append(f"Showing {number} payers; --limit 0 shows all.")
    sections = [_payer(number, payer) for number, payer in enumerate(shown, start=1)]
    if profile.lines:
        sections.insert(0, Section("glance", "At a glance", tuple(_charts(profile))))
    return Document(
        title=headline(profile),
        subtitle=f"Benchmarks of {count(profile.rows, 'row')}, as of {profile.as_of}. "
        f"Policies: {', '.join(profile.policies)}.",
        on=profile.as_of,
        introduction=tuple(map(own, introduction)),
        sections=tuple(sections),
        figures=partial(profile_record, profile),
    )


def headline(profile: Profile) -> str:
    """How much there is, and how clean it is."""
    if not profile.lines:
        return f"No line with a checked code in {count(profile.rows, 'row')}."
    days = "no readable service dates"
    if profile.first_day is not None:
        days = f"services of {profile.first_day} to {profile.last_day}"
    return (
        f"{count(profile.lines, 'checked line')} of {count(len(profile.payers), 'payer')}, {days}. "
        f"{profile.clean.percent} clean: {profile.clean.part:,} without an error."
    )


def sentences(profile: Profile) -> Iterator[str]:
    """What was not read, and the figures of the whole batch."""
    for problem in profile.unreadable:
        yield f"Not read, and in no figure: {problem}"
    for fault in profile.faults:
        yield f"Read on with --lenient: {fault}."
    if profile.rejected:
        verb = "is" if profile.rejected == 1 else "are"
        rows = count(profile.rejected, "row")
        yield f"{rows} could not be read and {verb} in no figure: scrub check lists them."
    if not profile.lines:
        return
    yield f"26 on 77092: {profile.use_of_26}."
    yield (
        f"Charges: {_charges(profile)}{_known_of(profile.charges_known, profile.lines)}. "
        f"{_against_fee(profile)}"
    )
    yield (
        f"Units: {_number(profile.units)}{_known_of(profile.units_known, profile.lines)}; "
        f"lines that alone exceed the payer's daily unit limit: {profile.over_max_units}."
    )
    if profile.clean_not_fully_checked:
        yield (
            f"Clean in the edits that ran: on {profile.clean_not_fully_checked:,} of "
            f"{profile.clean.part:,} clean lines some edit for errors did not run; "
            f"scrub check lists why."
        )
    yield f"{UNKNOWN}: not available, since no line has what the figure takes."


def _against_fee(profile: Profile) -> str:
    compared = profile.compared_with_fee
    if compared.charges is None or compared.fees is None:
        return f"Compared with the fee: {UNKNOWN}."
    return (
        f"Where the fee is known too ({compared.lines:,} of {profile.lines:,} lines): "
        f"{dollars(compared.charges)} charged, {_times_fee(profile)} times the fee of "
        f"{dollars(compared.fees)}; {count(compared.below_fee.part, 'line')} below it. "
        f"{_whose_fees(profile.locality)}"
    )


def _whose_fees(locality: str) -> str:
    if locality:
        return f"Medicare fees are those of {locality}."
    return "Packaged fees are national; --locality takes those of yours."


def _known_of(known: int, lines: int) -> str:
    return f" (known for {known:,} of {lines:,} lines)" if known < lines else ""


def _charts(profile: Profile) -> Iterator[BarChart]:
    """Modifier 26, months, charges and places of service of the whole batch."""
    drawn = profile.payers[:PAYERS_DRAWN]
    more = len(profile.payers) - len(drawn)
    note = f" The {len(drawn)} payers with most lines; {more:,} more are below." if more else ""
    uses = (_bar(p.label, _use_of_26(p), p.use_of_26.value) for p in drawn if p.use_of_26.lines)
    yield BarChart(
        title="Modifier 26 on 77092, by payer",
        note=f"Share of the payer's 77092 lines, and the payer's policy. {NOT_OWN}{note}",
        bars=tuple(uses),
        full=1,
    )
    yield BarChart(
        title="Lines by month of service",
        bars=tuple(map(_month_bar, profile.months)),
        legend=("without an error", "with an error"),
    )
    multiples = (_bar(p.label, _multiple(p), p.compared_with_fee.times_fee) for p in drawn)
    yield BarChart(
        title="Charges as a multiple of the payer's fee",
        note=f"Over lines where both are known.{note}",
        bars=tuple(multiples),
    )
    sites = (_bar(place(site), str(site.share), site.share.value) for site in profile.sites)
    yield BarChart(
        title="Places of service",
        note="Share of the lines whose file states places.",
        bars=tuple(sites),
        full=1,
    )


def _bar(label: str, text: str, length: float | None) -> Bar:
    return Bar(label, text, () if length is None else (length,))


def _use_of_26(group: Group) -> str:
    codes = (code for code in group.codes if code.hcpcs_code in INTERPRETATION and code.expected)
    policies = ", ".join(expected(code.expected["modifier_26"]) for code in codes)
    return f"{group.use_of_26}{'; policy: ' if policies else ''}{policies}"


def _month_bar(month: Month) -> Bar:
    clean = month.clean
    text = f"{count(clean.lines, 'line')}, {clean.percent} clean"
    return Bar(month.month or UNDATED, text, (clean.part, clean.known - clean.part))


def _multiple(totals: Totals) -> str:
    if totals.compared_with_fee.times_fee is None:
        return f"{UNKNOWN}: no line with charge and fee"
    known = totals.compared_with_fee.lines
    return f"{_times_fee(totals)} times ({known:,} of {totals.lines:,} lines)"


def _payer(number: int, payer: Payer) -> Section:
    key = f"payer-{number}"
    dated = [month.month for month in payer.months if month.month] or [UNDATED]
    period = dated[0] if dated[0] == dated[-1] else f"{dated[0]} to {dated[-1]}"
    items: list[Item] = [
        own(
            f"{count(payer.lines, 'line')}, {period}, {payer.clean.percent} clean. "
            f"Policy applied: {payer.payer}."
        ),
        *_positions_on_26(payer),
    ]
    if any_by_default(payer):
        items.append(own(NOT_OWN))
    items += [_codes(payer), _months(payer), *_sites_and_findings(payer)]
    title = "Policy in force on the lines' dates, with sources"
    items.append(Section(f"{key}-policy", title, (_policy(payer),), is_detail=True))
    if len(payer.months) > 1:
        months = []
        for month in payer.months:
            tables = (_codes(month), *_sites_and_findings(month))
            months.append(Section(f"{key}-{month.month}", month.month or UNDATED, tables))
        title = "Each month in full"
        items.append(Section(f"{key}-months", title, tuple(months), is_detail=True))
    return Section(key, payer.label, tuple(items))


def _codes(group: Group) -> Table:
    """Two rows for a code: what the lines bill, and what the policy expects."""
    rows = []
    for code in group.codes:
        units = _number(code.units)
        units += "" if code.units is None else f", most {_number(code.most_units)}"
        shares = (str(code.with_26), str(code.with_tc))
        rows.append(own_row(code.hcpcs_code, code.lines, *shares, units, *_money(code)))
        *policy, fee = (expected(code.expected.get(name, ())) for name in _WITH_POLICY)
        rows.append(own_row("policy", "", *policy, "", fee, "", is_note=True))
    columns = numbers("Lines", "With 26", "With TC", "Units", "Charges", "x fee", "Clean")
    title = "By code, with what the policy expects"
    return Table(title, (*words("Code"), *columns), tuple(rows))


def _months(payer: Payer) -> Table:
    rows = []
    for month in payer.months:
        top = [f"{one.rule} {one.lines.part:,}" for one in month.findings[:TOP_FINDINGS]]
        counts = (month.lines, str(month.use_of_26), _number(month.units))
        rows.append(own_row(month.month or UNDATED, *counts, *_money(month), ", ".join(top)))
    figures = numbers("Lines", "26 on 77092", "Units", "Charges", "x fee", "Clean")
    columns = (*words("Month"), *figures, *words("Top findings"))
    return Table("By month of service", columns, tuple(rows))


def _money(totals: Totals) -> tuple[str, str, str]:
    """Charges, charges over fees, and the share of clean lines."""
    return _charges(totals), _times_fee(totals), totals.clean.percent


def _sites_and_findings(group: Group) -> Iterator[Table]:
    share = numbers("Share of lines")
    rows = [own_row(place(site), str(site.share), judged(site) or UNKNOWN) for site in group.sites]
    columns = (*words("Place"), *share, *words("By the policy"))
    yield Table("Places of service", columns, tuple(rows))
    columns = (*words("Rule", "Severity"), *share, *words("Finding when"))
    rows = [
        own_row(one.rule, one.severity.value, str(one.lines), one.title) for one in group.findings
    ]
    if rows:
        yield Table("Findings", columns, tuple(rows))


def _positions_on_26(group: Group) -> Iterator[Statement]:
    """The policy on 26 with the interpretation, with its source and the one that disagrees."""
    for code in group.codes:
        for decision in code.expected.get("modifier_26", ()):
            if code.hcpcs_code not in INTERPRETATION:
                continue
            text, other = value_text(decision), decision.contradicted_by
            if decision.status is Status.VALUE:
                text = f"{_short(decision)} since {decision.first_day}"
                text += f"; contradicted by {other.title}" if other is not None else ""
            about = f"26 on {code.hcpcs_code}"
            yield Statement(f"{text}.", about, sources=cited(decision) or None)


def _policy(group: Group) -> Table:
    """What the policy expected on the lines' dates, by parameter, each value with its codes."""
    shared: dict[tuple[object, ...], tuple[Decision, list[str]]] = {}
    for name in EXPECTED:
        for code in group.codes:
            for one in code.expected.get(name, ()):
                key = (name, one.status, str(one.value), one.first_day, one.source, one.quotes)
                shared.setdefault(key, (one, []))[1].append(code.hcpcs_code)
    rows = []
    for one, codes in shared.values():
        subject = PARAMETERS[one.parameter].description
        since = one.first_day if one.status is Status.VALUE else None
        searched = "; ".join(one.quotes) or None
        cells = (", ".join(codes), subject, one, since, one.decided_by or None, searched)
        rows.append(Row(cells, sources=cited(one) or None))
    names = ("Codes", "Subject", "Position", "Since", "Decided by", "Searched without result")
    return Table("By parameter", words(*names), tuple(rows))


def place(site: Site) -> str:
    """The place of service as the claim has it."""
    code = site.place_of_service_code
    return "no such column" if code is None else code or "blank"


def judged(site: Site) -> str:
    """What the policy says of a place: accepted where the payer has a list, else usual."""
    has_list = site.accepted.known > 0
    share, word = (site.accepted, "accepted") if has_list else (site.typical, "usual")
    if not share.known:
        return ""
    if share.part == share.known:
        return word
    return f"partly {word}" if share.part else f"not {word}"


def expected(decisions: Iterable[Decision]) -> str:
    """`not allowed`, `accepted then not allowed`; a star marks what applies by default."""
    return " then ".join(dict.fromkeys(map(_short, decisions))) or UNKNOWN


def any_by_default(group: Group) -> bool:
    """Whether something under the figures of a code is not the payer's own published rule."""
    return any(
        BY_DEFAULT in expected(code.expected.get(name, ()))
        for code in group.codes
        for name in _WITH_POLICY
    )


def _short(decision: Decision) -> str:
    if decision.status is not Status.VALUE:
        return UNKNOWN if decision.status is Status.NOT_AVAILABLE else "no rule"
    amount = decision.value.whole if isinstance(decision.value, ByPart) else decision.value
    text = dollars(amount) if isinstance(amount, Decimal) else value_text(decision)
    return f"{text}{BY_DEFAULT}" if decision.level is Level.DEFAULT else text


def _times_fee(totals: Totals) -> str:
    times = totals.compared_with_fee.times_fee
    return UNKNOWN if times is None else f"{times:,.1f}"


def _charges(totals: Totals) -> str:
    return UNKNOWN if totals.charges is None else dollars(totals.charges)


def _number(units: float | None) -> str:
    """`12`, `0.5`."""
    if units is None:
        return UNKNOWN
    return f"{units:,.0f}" if units == int(units) else f"{units:,}"


def profile_record(profile: Profile) -> dict[str, Any]:
    """All benchmarks as plain values, whose keys are the names of the fields.

    A share that is known of no line is null, and amounts are text, so that no cent is lost. What
    was expected of a code is given as numbers into the list of all expectations, from 1.
    """
    expected: dict[int, tuple[int, Decision]] = {}
    record = {"program": "cpt77092", "version": __version__, **_plain(profile, expected)}
    return record | {"expectations": [_expectation(*one) for one in expected.values()]}


def _plain(value: Any, expected: dict[int, tuple[int, Decision]]) -> Any:
    """A value of a profile as JSON has it.

    `expected` has every decision so far with its number, by identity, since the policy table has
    one object for one answer.
    """
    if isinstance(value, Decision):
        return expected.setdefault(id(value), (len(expected) + 1, value))[0]
    if isinstance(value, Share):
        return {"part": value.part, "known": value.known, "of": value.lines, "value": value.value}
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(one, expected) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one, expected) for one in value]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def _expectation(number: int, decision: Decision) -> dict[str, Any]:
    cited, other = decision.source, decision.contradicted_by
    return {
        "number": number,
        "payer": decision.payer,
        "hcpcs_code": decision.code,
        "parameter": decision.parameter,
        "status": decision.status.value,
        "value": plain(decision.value),
        "reason": None if decision.status is Status.VALUE else decision.reason(),
        "first_day": decision.first_day.isoformat() if decision.first_day else None,
        "level": decision.level.value if decision.level else None,
        "decided_by": decision.decided_by or None,
        "source": cited.record() if cited else None,
        "contradicted_by": other.record() if other else None,
    }
