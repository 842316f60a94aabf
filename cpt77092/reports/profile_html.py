"""The benchmarks of a batch as one self-contained HTML file, with its charts drawn in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpt77092.profile.measures import Group, Profile, Share
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.reports import profile_words as words
from cpt77092.reports.jinja import environment
from cpt77092.reports.policy_text import source_text
from cpt77092.reports.text import count, safe

PAYERS_DRAWN = 20
"""Payers in a chart; the tables below have them all."""
_LONGEST_LABEL = 60


def profile_html(profile: Profile) -> str:
    """The page, with its style and drawings inside, and no script."""
    page = environment().get_template("profile.html")
    return page.render(
        profile=profile, words=words, source_text=source_text, charts=charts(profile)
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar, in hundredths of the longest."""

    x: float
    width: float
    style: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart: its name, its stretches, and its figure in words."""

    label: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart, of which the words say all. What is not known has words and no bar."""

    key: str
    title: str
    note: str
    bars: tuple[Bar, ...]
    legend: tuple[str, ...] = ()
    """What the stretches of a bar are, where there are several."""


Row = tuple[str, str, tuple[float, ...]]
"""Name, figure in words, and lengths on the chart's scale; no length where it is not known."""


def charts(profile: Profile) -> list[Bars]:
    """Modifier 26, months, charges and sites; none where there is no line."""
    if not profile.whole.measures.lines:
        return []
    drawn = [(payer.label, payer.whole) for payer in profile.payers[:PAYERS_DRAWN]]
    more = len(profile.payers) - len(drawn)
    note = f" The {len(drawn)} payers with most lines; {more:,} more are below." if more else ""
    reads = [(label, group) for label, group in drawn if group.read_with_26.lines]
    return [
        _draw(
            "use-of-26",
            "Modifier 26 on 77092, by payer",
            f"Share of the payer's 77092 lines, beside what its policy says. "
            f"{words.BY_DEFAULT} by default, not the payer's own word.{note}",
            [(label, _told_26(group), _length(group.read_with_26)) for label, group in reads],
            top=1.0,
        ),
        _draw(
            "months",
            "Lines by month of service",
            "",
            [_month(words.month(first), group) for first, group in profile.months],
            legend=("without an error", "with an error"),
        ),
        _draw(
            "charges",
            "Charges as a multiple of the payer's fee",
            f"Over lines where both are known.{note}",
            [_multiple(label, group) for label, group in drawn],
        ),
        _draw(
            "sites",
            "Places of service",
            "Share of the lines whose file states places.",
            [
                (words.place(site), words.in_full(site.share), _length(site.share))
                for site in profile.whole.sites
            ],
            top=1.0,
        ),
    ]


def _told_26(group: Group) -> str:
    said = [
        words.expected(code.expected["modifier_26"])
        for code in group.codes
        if code.code in INTERPRETATION and code.expected
    ]
    beside = f"; policy: {', '.join(said)}" if said else ""
    return f"{words.in_full(group.read_with_26)}{beside}"


def _length(share: Share) -> tuple[float, ...]:
    return () if share.value is None else (share.value,)


def _month(name: str, group: Group) -> Row:
    clean = group.measures.clean
    told = f"{count(clean.lines, 'line')}, {words.percent(clean)} clean"
    return name, told, (clean.part, clean.known - clean.part)


def _multiple(label: str, group: Group) -> Row:
    measures = group.measures
    if measures.times_fee is None:
        return label, f"{words.UNKNOWN}: no line with a charge and a fee", ()
    told = f"{words.times_fee(measures)} times ({measures.compared:,} of {measures.lines:,} lines)"
    return label, told, (measures.times_fee,)


def _draw(
    key: str,
    title: str,
    note: str,
    rows: Sequence[Row],
    *,
    top: float = 0,
    legend: tuple[str, ...] = (),
) -> Bars:
    """Bars on one scale, which ends at `top` or else at the longest."""
    scale = 100 / (top or max((sum(lengths) for _, _, lengths in rows), default=0) or 1)
    bars = []
    for label, text, lengths in rows:
        x = 0.0
        parts = []
        for style, length in enumerate(lengths):
            parts.append(Part(round(x, 2), round(length * scale, 2), style))
            x += length * scale
        bars.append(Bar(_shortened(label), text, tuple(parts)))
    return Bars(key, title, note, tuple(bars), legend)


def _shortened(label: str) -> str:
    text = safe(label)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
