"""Says what got slower or larger since an earlier run: `compare.py OLD.json NEW.json`.

Two runs of one machine with the same versions are compared in seconds and MB too, else in ratios
alone. A figure changed where all of the new runs lie beyond all of the old ones. Exit code 1 where
a figure of ours that counts is worse by more than the margin: a ratio, which a busy machine changes
least, or a figure of a row that has none. What others need is listed, and counts for nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, dict[str, float]]
"""What was measured to its median, min and max."""


@dataclass(frozen=True, slots=True)
class Change:
    """A figure whose two spreads do not meet."""

    what: str
    figure: str
    old: float
    new: float
    counts: bool

    @property
    def factor(self) -> float:
        """How many times the old median the new one is."""
        return self.new / max(self.old, 1e-9)

    def __str__(self) -> str:
        worse = "worse" if self.factor > 1 else "better"
        change = f"{self.old:.3g} -> {self.new:.3g} ({self.factor - 1:+.0%})"
        return f"{worse:6} {self.what}: {self.figure} {change}{'' if self.counts else ' *'}"


def loaded(path: Path) -> dict[str, Any]:
    """The comparable part of a run."""
    comparable: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["comparable"]
    return comparable


def changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """The figures that changed by more than both runs spread."""
    alike = _alike(old, new)
    before = {_named(row): _figures(row, absolute=alike) for row in old["rows"]}
    for row in new["rows"]:
        is_ours = row["name"].startswith("scrub")
        for figure, is_now in _figures(row, absolute=alike).items():
            was = before.get(_named(row), {}).get(figure)
            if was and (is_now["min"] > was["max"] or is_now["max"] < was["min"]):
                counts = is_ours and (figure in row["measured"]) == (not row["ratio"])
                yield Change(_named(row), figure, was["median"], is_now["median"], counts)


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """In what the two runs are not alike, in words."""
    for name in ("machine", "versions"):
        for key in sorted(old[name].keys() | new[name].keys()):
            was, is_now = old[name].get(key), new[name].get(key)
            if was != is_now:
                yield f"{key}: {was} -> {is_now}"
    before, after = ({_named(row) for row in run["rows"]} for run in (old, new))
    for which, names in (("old", before - after), ("new", after - before)):
        if names:
            yield f"only in the {which} run: {'; '.join(sorted(names))}"


def _alike(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether seconds may be laid beside seconds; our own version may differ."""
    ours = {"cpt77092": ""}
    same = (old["versions"] | ours) == (new["versions"] | ours)
    return same and bool(old["machine"] == new["machine"])


def _named(row: dict[str, Any]) -> str:
    return f"{row['case']}, {row['lines']:,} lines, {row['name']}"


def _figures(row: dict[str, Any], *, absolute: bool) -> Figures:
    ratios = {f"{name} ratio": spread for name, spread in row["ratio"].items()}
    return ratios | (row["measured"] if absolute else {})


def main() -> None:
    """Compare two runs."""
    parser = argparse.ArgumentParser(prog="compare.py", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--margin", type=float, default=0.1, help="0.1 lets a tenth more pass")
    given = parser.parse_args()
    old, new = loaded(given.old), loaded(given.new)
    for difference in differences(old, new):
        print(difference)
    if not _alike(old, new):
        print("machine or versions differ, so only ratios are compared")
    changed = sorted(changes(old, new), key=lambda change: (not change.counts, -change.factor))
    for change in changed:
        print(change)
    worse = [change for change in changed if change.counts and change.factor > 1 + given.margin]
    print(
        f"{len(changed)} changed beyond their spread (* counts for nothing);"
        f" {len(worse)} worse by more than {given.margin:.0%}"
    )
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
