"""The benchmarks of a batch as a document: the whole at a glance, then each payer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from cpt77092.document import Bar, BarChart, Column, Document, Item, Row, Section, Statement, Table
from cpt77092.policies import PARAMETERS, Decision, Level, Status
from cpt77092.policies.parameters import ByPart
from cpt77092.policies.value_text import value_text
from cpt77092.profile.measures import EXPECTED, UNKNOWN, Group, Measures, Payer, Profile, Site
from cpt77092.profile.record import profile_record
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.reference.sources import Source
from cpt77092.text import count, dollars

PAYERS_DRAWN = 20
"""Payers in a chart; the tables have them all."""
TOP_FINDINGS = 3
BY_DEFAULT = "*"
NOT_OWN = "applies by default, not the payer's own published rule: ask the payer."
_WITH_POLICY = ("modifier_26", "modifier_tc", "max_units_per_day", "fee")
"""Parameters that are under the figures of a code."""


def compose(profile: Profile, *, limit: int = 0) -> Document:
    """Compose the document.

    Args:
        profile: the benchmarks.
        limit: at most so many payers, those with most lines; 0 for all.
    """
    shown = profile.payers[:limit] if limit else profile.payers
    more = len(profile.payers) - len(shown)
    note = f"Showing {len(shown):,} of {len(profile.payers):,} payers; --limit 0 shows all."
    sections = [_payer(number, payer) for number, payer in enumerate(shown, start=1)]
    if profile.whole.measures.lines:
        charts = tuple(_charts(profile))
        sections.insert(0, Section(key="glance", title="At a glance", items=charts))
    return Document(
        title=headline(profile),
        subtitle=f"Benchmarks of {count(profile.rows, 'row')}, as of {profile.as_of}. "
        f"Policies: {', '.join(profile.origin)}.",
        on=profile.as_of,
        introduction=tuple(map(_own, [*sentences(profile), *([note] if more else [])])),
        sections=tuple(sections),
        figures=partial(profile_record, profile),
    )


def _own(text: str) -> Statement:
    """A sentence on the batch itself, which has nobody to cite."""
    return Statement(text=text, sources=None)


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
        f"{days}. {measures.clean.percent} clean: {measures.clean.part:,} without an error."
    )


def sentences(profile: Profile) -> Iterator[str]:
    """What was not read, and the figures of the whole batch."""
    measures = profile.whole.measures
    for problem in profile.unreadable:
        yield f"Not read, and in no figure: {problem}"
    for fault in profile.faults:
        yield f"Read on with --lenient: {fault}."
    if profile.rejected:
        rows = count(profile.rejected, "row")
        verb = "is" if profile.rejected == 1 else "are"
        yield f"{rows} could not be read and {verb} in no figure: scrub check lists them."
    if not measures.lines:
        return
    yield f"26 on 77092: {profile.whole.use_of_26}."
    known = _known_of(measures.charges_known, measures.lines)
    yield f"Charges: {_charges(measures)}{known}. {_against_fee(measures)}"
    known = _known_of(measures.units_known, measures.lines)
    yield (
        f"Units: {_number(measures.units)}{known}; "
        f"lines that alone exceed the payer's daily unit limit: {measures.over_max_units}."
    )
    if measures.clean_not_fully_checked:
        yield (
            f"Clean in the edits that ran: on {measures.clean_not_fully_checked:,} of "
            f"{measures.clean.part:,} clean lines some edit for errors did not run; "
            f"scrub check lists why."
        )
    yield f"{UNKNOWN}: not available, since no line has what the figure takes."


def _against_fee(measures: Measures) -> str:
    if measures.times_fee is None:
        return f"Compared with the fee: {UNKNOWN}."
    return (
        f"Where the fee is known too ({measures.compared:,} of {measures.lines:,} lines): "
        f"{dollars(measures.compared_charges)} charged, {_times_fee(measures)} times the fee of "
        f"{dollars(measures.compared_fees)}; {count(measures.below_fee.part, 'line')} below it."
    )


def _known_of(known: int, lines: int) -> str:
    return f" (known for {known:,} of {lines:,} lines)" if known < lines else ""


def _charts(profile: Profile) -> Iterator[Item]:
    """Modifier 26, months, charges and places of service of the whole batch."""
    drawn = [(payer.label, payer.whole) for payer in profile.payers[:PAYERS_DRAWN]]
    more = len(profile.payers) - len(drawn)
    note = f" The {len(drawn)} payers with most lines; {more:,} more are below." if more else ""
    yield BarChart(
        title="Modifier 26 on 77092, by payer",
        note=f"Share of the payer's 77092 lines, and the payer's policy. "
        f"{BY_DEFAULT} {NOT_OWN}{note}",
        bars=tuple(
            Bar(label=label, text=_use_of_26(group), lengths=_length(group.use_of_26.value))
            for label, group in drawn
            if group.use_of_26.lines
        ),
        full=1,
    )
    yield BarChart(
        title="Lines by month of service",
        bars=tuple(_month_bar(first_day, group) for first_day, group in profile.months),
        legend=("without an error", "with an error"),
    )
    yield BarChart(
        title="Charges as a multiple of the payer's fee",
        note=f"Over lines where both are known.{note}",
        bars=tuple(
            Bar(
                label=label,
                text=_multiple(group.measures),
                lengths=_length(group.measures.times_fee),
            )
            for label, group in drawn
        ),
    )
    yield BarChart(
        title="Places of service",
        note="Share of the lines whose file states places.",
        bars=tuple(
            Bar(label=place(site), text=str(site.share), lengths=_length(site.share.value))
            for site in profile.whole.sites
        ),
        full=1,
    )


def _length(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def _use_of_26(group: Group) -> str:
    policies = [
        expected(code.expected["modifier_26"])
        for code in group.codes
        if code.code in INTERPRETATION and code.expected
    ]
    return f"{group.use_of_26}{'; policy: ' if policies else ''}{', '.join(policies)}"


def _month_bar(first_day: date | None, group: Group) -> Bar:
    clean = group.measures.clean
    return Bar(
        label=month_text(first_day),
        text=f"{count(clean.lines, 'line')}, {clean.percent} clean",
        lengths=(clean.part, clean.known - clean.part),
    )


def _multiple(measures: Measures) -> str:
    if measures.times_fee is None:
        return f"{UNKNOWN}: no line with charge and fee"
    return f"{_times_fee(measures)} times ({measures.compared:,} of {measures.lines:,} lines)"


def _payer(number: int, payer: Payer) -> Section:
    key, whole = f"payer-{number}", payer.whole
    lines = count(whole.measures.lines, "line")
    items: list[Item] = [
        _own(
            f"{lines}, {_stretch(payer)}, {whole.measures.clean.percent} clean. "
            f"Policy applied: {payer.policy}."
        ),
        *_positions_on_26(whole),
    ]
    if any_by_default(whole):
        items.append(_own(f"{BY_DEFAULT} {NOT_OWN}"))
    items += [_codes(whole), _months(payer), *_sites_and_findings(whole)]
    title = "Policy in force on the lines' dates, with sources"
    policy = Section(key=f"{key}-policy", title=title, items=(_policy(whole),), is_detail=True)
    items.append(policy)
    if len(payer.months) > 1:
        months = tuple(
            Section(
                key=f"{key}-{month_text(first_day)}",
                title=month_text(first_day),
                items=(_codes(group), *_sites_and_findings(group)),
            )
            for first_day, group in payer.months
        )
        title = "Each month in full"
        items.append(Section(key=f"{key}-months", title=title, items=months, is_detail=True))
    return Section(key=key, title=payer.label, items=tuple(items))


def _table(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Table:
    """A table of columns with a name and a unit."""
    named = (Column(name=name, unit=unit) for name, unit in columns)
    return Table(title=title, columns=tuple(named), rows=tuple(rows))


def _codes(group: Group) -> Table:
    """Two rows for a code: what the lines bill, and what the policy expects."""
    rows = []
    for code in group.codes:
        measures = code.measures
        figures = (
            measures.lines,
            str(code.with_26),
            str(code.with_tc),
            _units(measures),
            _charges(measures),
            _times_fee(measures),
            measures.clean.percent,
        )
        rows.append(Row(cells=(code.code, *figures), sources=None))
        with_26, with_tc, units, fee = (
            expected(code.expected.get(name, ())) for name in _WITH_POLICY
        )
        cells = ("policy", "", with_26, with_tc, units, "", fee, "")
        rows.append(Row(cells=cells, sources=None, is_note=True))
    columns = (
        ("Code", ""),
        ("Lines", "lines"),
        ("With 26", "lines"),
        ("With TC", "lines"),
        ("Units", "units"),
        ("Charges", "dollars"),
        ("x fee", "times"),
        ("Clean", "lines"),
    )
    return _table("By code, with what the policy expects", columns, rows)


def _months(payer: Payer) -> Table:
    rows = []
    for first_day, group in payer.months:
        measures = group.measures
        top = [f"{one.rule} {one.share.part:,}" for one in group.findings[:TOP_FINDINGS]]
        cells = (
            month_text(first_day),
            measures.lines,
            str(group.use_of_26),
            _number(measures.units),
            _charges(measures),
            _times_fee(measures),
            measures.clean.percent,
            ", ".join(top),
        )
        rows.append(Row(cells=cells, sources=None))
    columns = (
        ("Month", ""),
        ("Lines", "lines"),
        ("26 on 77092", "lines"),
        ("Units", "units"),
        ("Charges", "dollars"),
        ("x fee", "times"),
        ("Clean", "lines"),
        ("Top findings", ""),
    )
    return _table("By month of service", columns, rows)


def _sites_and_findings(group: Group) -> Iterator[Table]:
    sites = [
        Row(cells=(place(site), str(site.share), judged(site) or UNKNOWN), sources=None)
        for site in group.sites
    ]
    of_sites = (("Place", ""), ("Share of lines", "lines"), ("By the policy", ""))
    yield _table("Places of service", of_sites, sites)
    findings = [
        Row(cells=(one.rule, one.severity.value, str(one.share), one.title), sources=None)
        for one in group.findings
    ]
    of_rules = (("Rule", ""), ("Severity", ""), ("Share of lines", "lines"), ("Finding when", ""))
    if findings:
        yield _table("Findings", of_rules, findings)


def _positions_on_26(group: Group) -> Iterator[Statement]:
    """The policy on 26 with the interpretation, with its source and the one that disagrees."""
    for code in group.codes:
        for decision in code.expected.get("modifier_26", ()):
            if code.code not in INTERPRETATION:
                continue
            text, other = value_text(decision), decision.contradicted_by
            if decision.status is Status.VALUE:
                text = f"{_short(decision)} since {decision.first_day}"
                text += f"; contradicted by {other.title}" if other is not None else ""
            yield Statement(text=f"{text}.", about=f"26 on {code.code}", sources=_sources(decision))


def _policy(group: Group) -> Table:
    """What the policy expected on the lines' dates, by parameter, each value with its codes."""
    shared: dict[tuple[object, ...], tuple[Decision, list[str]]] = {}
    for name in EXPECTED:
        for code in group.codes:
            for one in code.expected.get(name, ()):
                key = (name, one.status, str(one.value), one.first_day, one.source, one.quotes)
                shared.setdefault(key, (one, []))[1].append(code.code)
    rows = [
        Row(
            cells=(
                ", ".join(codes),
                PARAMETERS[decision.parameter].description,
                decision,
                decision.first_day,
                decision.decided_by or None,
                "; ".join(decision.quotes) or None,
            ),
            sources=_sources(decision),
        )
        for decision, codes in shared.values()
    ]
    names = ("Codes", "Subject", "Position", "Since", "Decided by", "Searched without result")
    return _table("Policy in force on the lines' dates", [(name, "") for name in names], rows)


def _sources(decision: Decision) -> tuple[Source, ...] | None:
    return tuple(filter(None, (decision.source, decision.contradicted_by))) or None


def place(site: Site) -> str:
    """The place of service as the claim has it."""
    if site.place is None:
        return "no such column"
    return site.place or "blank"


def judged(site: Site) -> str:
    """What the policy says of a place: accepted where the payer has a list, else typical."""
    if site.accepted.known:
        share, yes, no = site.accepted, "accepted", "not accepted"
    else:
        share, yes, no = site.typical, "typical", "not typical"
    if not share.known:
        return ""
    if share.part == share.known:
        return yes
    return f"partly {yes}" if share.part else no


def expected(decisions: Sequence[Decision]) -> str:
    """`not allowed`, `accepted then not allowed`; a star marks what applies by default."""
    return " then ".join(dict.fromkeys(map(_short, decisions))) or UNKNOWN


def _short(decision: Decision) -> str:
    if decision.status is not Status.VALUE:
        return UNKNOWN if decision.status is Status.NOT_AVAILABLE else "no rule"
    amount = decision.value.whole if isinstance(decision.value, ByPart) else decision.value
    text = dollars(amount) if isinstance(amount, Decimal) else value_text(decision)
    return f"{text}{BY_DEFAULT}" if decision.level is Level.DEFAULT else text


def any_by_default(group: Group) -> bool:
    """Whether something that was expected is not the payer's own published rule."""
    return any(
        BY_DEFAULT in expected(code.expected.get(name, ()))
        for code in group.codes
        for name in _WITH_POLICY
    )


def month_text(first_day: date | None) -> str:
    """`2026-03`."""
    return "no date" if first_day is None else f"{first_day:%Y-%m}"


def _stretch(payer: Payer) -> str:
    """`2026-03`, `2025-09 to 2026-09`."""
    dated = [first_day for first_day, _ in payer.months if first_day is not None]
    first, last = month_text(min(dated, default=None)), month_text(max(dated, default=None))
    return first if first == last else f"{first} to {last}"


def _times_fee(measures: Measures) -> str:
    return UNKNOWN if measures.times_fee is None else f"{measures.times_fee:,.1f}"


def _charges(measures: Measures) -> str:
    return UNKNOWN if measures.charges is None else dollars(measures.charges)


def _units(measures: Measures) -> str:
    """`12, most 2`: in all, and on one line."""
    if measures.units is None:
        return UNKNOWN
    return f"{_number(measures.units)}, most {_number(measures.most_units)}"


def _number(units: float | None) -> str:
    """`12`, `0.5`."""
    if units is None:
        return UNKNOWN
    return f"{units:,.0f}" if units == int(units) else f"{units:,}"
