"""Prints what was measured, keeps it as JSON, and holds it against limits."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from math import log10
from pathlib import Path
from textwrap import wrap
from typing import Any

from tests.benchmarks.measure import MEASURES, ROOT, Row, Skipped, Spread

PACKAGES = (
    "cpt77092", "polars", "duckdb", "pandas", "pyarrow", "pandera", "pointblank", "pyx12",
    "openx12",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """What it ran on, without a name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": round(memory / 1e9),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Python and the packages that take part, as far as they are installed."""
    by_name = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            by_name[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return by_name


def revision() -> str:
    """The checkout's commit, as far as it can be read without a tool."""
    try:
        head = (ROOT / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        name = head.removeprefix("ref: ")
        return name if name == head else (ROOT / ".git" / name).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def derive(rows: Sequence[Row]) -> list[Row]:
    """The rows with the figures that take two of them: what a rule costs, how the time grows."""
    derived: list[Row] = []
    for row in rows:
        before = [one for one in derived if one.part == row.part]
        extra = dict(row.extra)
        alike = [one for one in before if one.name == row.name and 0 < one.lines < row.lines]
        if row.part == "growth" and alike:
            more = log10(row.lines / alike[-1].lines)
            times = row.measured["wall"].median / alike[-1].measured["wall"].median
            extra["x for ten times the lines"] = times ** (1 / more)
        fewer = [one for one in before if "rules" in one.extra and one.lines == row.lines]
        if row.part == "rules" and "rules" in extra and fewer:
            added = extra["rules"] - fewer[-1].extra["rules"]
            took = row.measured["wall"].median - fewer[-1].measured["wall"].median
            extra["ms a further rule"] = 1000 * took / added
        derived.append(replace(row, extra=extra))
    return derived


def as_json(rows: Sequence[Row], skipped: Sequence[Skipped], command: Sequence[str]) -> Any:
    """All that holds whenever it is run again: no date, no time."""
    return {
        "machine": machine(),
        "versions": versions(),
        "command": list(command),
        "rows": [asdict(row) for row in rows],
        "skipped": [asdict(one) for one in skipped],
    }


def heading() -> str:
    """What it runs on, in one line."""
    on = machine()
    programs = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"{on['cores']} cores of {on['processor']}, {on['memory_gb']} GB; {programs}"


def table(rows: Sequence[Row], description: str) -> list[str]:
    """The rows of one case as lines of text; ratios are to the first row."""
    case = rows[0]
    title = f"{case.case}, {case.lines:,} lines" if case.lines else case.case
    lines = ["", title, *wrap(description, 100, initial_indent="  ", subsequent_indent="  ")]
    lines.append(
        f"  {'':30} {'wall s':>8} {'(min-max)':>15} {'cpu s':>8} {'MB':>7}"
        f" {'ratio':>7} {'(min-max)':>15} {'MB':>6}"
    )
    notes: list[str] = []
    for row in rows:
        wall, cpu, memory = (row.measured[name] for name in MEASURES)
        text = f"  {row.name:30} {wall.median:8.2f} {_range(wall):>15} {cpu.median:8.2f}"
        text += f" {memory.median:7.0f}"
        if row.ratio:
            ratio, of_memory = row.ratio["wall"], row.ratio["memory"]
            text += f" {ratio.median:7.2f} {_range(ratio):>15} {of_memory.median:6.2f}"
        extra = ", ".join(filter(None, (_figure(*pair) for pair in row.extra.items())))
        lines.append(f"{text}  {extra}".rstrip())
        if row.note:
            notes.append(f"  {row.name}: {row.note}")
    return [*lines, *notes]


def _range(spread: Spread) -> str:
    return f"({spread.min:.2f}-{spread.max:.2f})"


def _figure(unit: str, value: float) -> str:
    if unit == "flagged":
        return f"{value:.1%} of lines flagged"
    return "" if unit == "rules" else f"{value:.1f} {unit}"


@dataclass(frozen=True, slots=True)
class Limit:
    """A ratio that may not be passed: `mixed=4`, `mixed-csv.memory=3`, `contenders:pandas=1`."""

    text: str
    case: str
    """The beginning of a case's name."""
    name: str
    """The beginning of a contender's name, `scrub` where none was given."""
    measure: str
    value: float

    @classmethod
    def of(cls, text: str) -> Limit:
        """The limit that a text asks for.

        Raises:
            ValueError: it is none.
        """
        key, equals, value = text.partition("=")
        key, _, measure = key.partition(".")
        case, _, name = key.partition(":")
        if not equals or not case or (measure or "wall") not in MEASURES:
            raise ValueError(f"{text}: write CASE=RATIO or CASE[:NAME][.wall|.cpu|.memory]=RATIO")
        return cls(text, case, name or "scrub", measure or "wall", float(value))


def passed(rows: Iterable[Row], limits: Sequence[Limit], *, above: bool) -> list[str]:
    """Which ratios lie on the wrong side of their limit, in words.

    Raises:
        ValueError: a limit speaks of nothing that was measured, and so would never be passed.
    """
    measured = [row for row in rows if row.ratio]
    broken: list[str] = []
    for limit in limits:
        meant = [
            row
            for row in measured
            if row.case.startswith(limit.case) and row.name.startswith(limit.name)
        ]
        if not meant:
            raise ValueError(f"{limit.text}: nothing of that name was measured")
        for row in meant:
            ratio = row.ratio[limit.measure].median
            if ratio > limit.value if above else ratio < limit.value:
                side = "above" if above else "below"
                broken.append(
                    f"{row.case}, {row.lines:,} lines, {row.name}: {limit.measure} ratio"
                    f" {ratio:.2f} is {side} {limit.value:g}"
                )
    return broken
