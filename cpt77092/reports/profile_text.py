"""The benchmarks of a batch at a terminal: for each payer its codes, months, sites and findings."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpt77092.profile.measures import Code, Group, Payer, Profile
from cpt77092.reports import profile_words as words
from cpt77092.reports.check.terminal import STYLES
from cpt77092.reports.text import count, safe

FINDINGS_SHOWN = 5
IN_A_MONTH = 2
SITES_SHOWN = 6


def show_profile(console: Console, profile: Profile, *, limit: int) -> None:
    """Print the whole batch, then its payers.

    Args:
        console: where to; it knows width and colour.
        profile: the benchmarks.
        limit: at most so many payers, those with most lines; 0 shows all.
    """
    console.print(Text(words.headline(profile), style="bold"))
    for sentence in words.sentences(profile):
        console.print(Text(sentence))
    shown = profile.payers[:limit] if limit else profile.payers
    for payer in shown:
        _payer(console, payer)
    if len(shown) < len(profile.payers):
        note = f"showing {len(shown):,} of {len(profile.payers):,} payers; --limit 0 shows all"
        console.print()
        console.print(Text(note, style="dim"))
    console.print()
    told = f"As of {profile.as_of}. Policies: {', '.join(profile.origin)}."
    console.print(Text(f"{_NARROW}: not available, since no line has what it takes. {told}"))


def _payer(console: Console, payer: Payer) -> None:
    whole = payer.whole
    title = Text(safe(payer.label), style="bold underline")
    beside = f"  {count(whole.measures.lines, 'line')}, {words.stretch(payer)}, "
    beside += f"{words.percent(whole.measures.clean)} clean"
    console.print()
    console.print(Text.assemble(title, beside))
    console.print(_codes(whole))
    for told in words.on_26(whole):
        console.print(Padding(Text(told, style="dim"), (0, 0, 0, 2)))
    if words.any_by_default(whole):
        console.print(Padding(Text(words.BY_DEFAULT_TOLD, style="dim"), (0, 0, 0, 2)))
    console.print(_months(payer))
    console.print(Padding(_sites(whole), (0, 0, 0, 2)))
    if whole.findings:
        console.print(Padding(_findings(whole), (0, 0, 0, 2)))


def _grid(*columns: str) -> Table:
    """The first column holds words, all others numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    return table


def _codes(group: Group) -> Table:
    """Two rows a code: what the lines bill, and what the policy expected."""
    table = _grid("Code", "Lines", "With 26", "With TC", "Most units", "Charges", "x fee", "Clean")
    for code in group.codes:
        measures = code.measures
        table.add_row(
            Text(code.code, style="bold"),
            f"{measures.lines:,}",
            _narrow(words.percent(code.with_26)),
            _narrow(words.percent(code.with_tc)),
            _narrow(words.number(measures.most_units)),
            _narrow(words.charges(measures)),
            _narrow(words.times_fee(measures)),
            _narrow(words.percent(measures.clean)),
        )
        table.add_row("policy", "", *_expected(code), "", "", style="dim")
    return table


def _expected(code: Code) -> list[Text]:
    texts = [_narrow(words.expected(code.expected.get(name, ()))) for name in words.SHOWN]
    texts[-1] = texts[-1] if texts[-1] == _NARROW else f"fee {texts[-1]}"
    return [Text(safe(text)) for text in texts]


_NARROW = "n/a"


def _narrow(text: str) -> str:
    """Not available, in a column of figures."""
    return text.replace(words.UNKNOWN, _NARROW)


def _months(payer: Payer) -> Table:
    table = _grid("Month", "Lines", "26 on 77092", "Units", "Charges", "x fee", "Clean")
    table.add_column("Top findings", overflow="fold")
    for first_day, group in payer.months:
        measures = group.measures
        found = [f"{one.rule} {one.share.part:,}" for one in group.findings[:IN_A_MONTH]]
        table.add_row(
            words.month(first_day),
            f"{measures.lines:,}",
            _narrow(words.percent(group.read_with_26)),
            _narrow(words.number(measures.units)),
            _narrow(words.charges(measures)),
            _narrow(words.times_fee(measures)),
            _narrow(words.percent(measures.clean)),
            Text(", ".join(found)),
        )
    return table


def _sites(group: Group) -> Text:
    text = Text("Sites of service: ")
    for number, site in enumerate(group.sites[:SITES_SHOWN]):
        text.append("; " if number else "")
        text.append(words.place(site), style="bold")
        text.append(f" {words.in_full(site.share)}")
        if judged := words.judged(site):
            text.append(f", {judged}", style="yellow" if judged.startswith(("un", "not")) else "")
    more = len(group.sites) - SITES_SHOWN
    text.append(f"; and {more:,} more." if more > 0 else ".")
    return text


def _findings(group: Group) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for found in group.findings[:FINDINGS_SHOWN]:
        severity = found.severity.value
        share = words.in_full(found.share)
        grid.add_row(Text(severity, style=STYLES[severity]), found.rule, share, found.title)
    more = len(group.findings) - FINDINGS_SHOWN
    if more > 0:
        grid.add_row("", "", "", Text(f"and {count(more, 'more rule')}", style="dim"))
    return grid
