"""A list of findings that a person reviewed and wants fixed: claim, line and rule of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

from cpt77092.errors import UsageError
from cpt77092.fixes.plan import Choice, Fix, Key
from cpt77092.rule import FixKind

COLUMNS = ("claim_id", "claim_line_number", "source_row", "rule")


class Entry(NamedTuple):
    """A row of the list."""

    claim_id: str
    claim_line_number: str
    source_row: str
    """Decides where the claim file has no line numbers."""
    rule: str

    def names(self, fix: Fix) -> bool:
        """Whether this row names a finding."""
        finding = fix.finding
        number = finding["claim_line_number"]
        is_line = (
            self.source_row == str(fix.row)
            if number is None
            else self.claim_line_number == str(number)
        )
        return is_line and self.claim_id == finding["claim_id"] and self.rule == finding["rule"]


@dataclass(slots=True)
class Reviewed(Choice):
    """The list, and which findings each of its rows named."""

    path: str
    entries: tuple[Entry, ...]
    _seen: dict[Key, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Reviewed:
        """Read a list, which a CSV of findings is too.

        Raises:
            UsageError: it cannot be read, or lacks a column.
        """
        try:
            table = pl.read_csv(Path(path), infer_schema=False)
        except (OSError, pl.exceptions.PolarsError):
            raise UsageError(f"--reviewed {path}: cannot be read as CSV") from None
        table = table.rename(lambda name: name.strip().lower())
        missing = {"claim_id", "rule"} - set(table.columns)
        if missing or not {"claim_line_number", "source_row"} & set(table.columns):
            raise UsageError(
                f"--reviewed {path}: expected the columns claim_id, claim_line_number and rule, "
                f"as scrub check -o findings.csv writes them"
            )
        cells = [
            table[name].fill_null("").str.strip_chars().to_list()
            if name in table.columns
            else [""] * table.height
            for name in COLUMNS
        ]
        return cls(path, tuple(dict.fromkeys(map(Entry._make, zip(*cells, strict=True)))))

    def considers(self, fix: Fix) -> bool:
        """Whether the list names a finding, or its fix is safe."""
        entry = next((entry for entry in self.entries if entry.names(fix)), None)
        if entry is not None:
            self._seen[fix.key] = entry
        return entry is not None or fix.kind is FixKind.SAFE

    def require_each_once(self) -> None:
        """Refuse a list of which some row named no finding that can be fixed, or two.

        Raises:
            UsageError: it says which.
        """
        numbers = Counter(self._seen.values())
        problems = [
            f"--reviewed {self.path}: claim {entry.claim_id}, "
            f"line {entry.claim_line_number or entry.source_row}, {entry.rule}: "
            + ("names two lines" if numbers[entry] else "no finding there that can be fixed")
            for entry in self.entries
            if numbers[entry] != 1
        ]
        if problems:
            raise UsageError(*problems)
