"""What an import would change in the user's policy folder, and the files that it would write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from cpt77092.cms_files.layout import Extract, NewTable, NewValue
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.policies import PolicySet, load_policies
from cpt77092.policies.build import read_value
from cpt77092.policies.load import TABLES_FOLDER, is_policy_folder
from cpt77092.policies.policy import NATIONAL, EntryKind, in_force
from cpt77092.policies.user_files import (
    Tree,
    drop_unused_sources,
    open_tree,
    put,
    require_valid,
    source_records,
    text_of,
)
from cpt77092.reference.sources import Confidence

_FEES_OF = "medicare"
"""The policy whose fees the fee schedule has."""


class Effect(StrEnum):
    """What an imported value does to the one on file."""

    NEW = "new"
    CHANGED = "changed"
    CONFIRMED = "confirmed"


@frozen
class Change:
    """One imported value, and what was on file for its first day."""

    payer: str
    given: NewValue
    effect: Effect
    before: Any
    """None where nothing was on file."""
    after: Any
    """None where the file withdraws the value."""


@frozen(kw_only=True)
class Plan:
    """What would be written, and why."""

    changes: tuple[Change, ...]
    tables: tuple[NewTable, ...]
    texts: Mapping[str, str]
    """Text by file name, from the policy folder."""


def plan_import(extracts: Sequence[Extract], folder: Path, *, today: date, replace: bool) -> Plan:
    """What an import would write into a policy folder; nothing is written here.

    Args:
        extracts: what was taken from the files, the earliest period first.
        folder: the user's policy folder; it may not exist yet.
        today: the day of the import.
        replace: whether values that another file gave for the same day may be replaced.

    Raises:
        UsageError: a value of the same day came from another file and differs.
        PolicyError: the folder has mistakes.
    """
    has_files = is_policy_folder(folder)
    planner = _Planner(
        folder, load_policies(folder if has_files else None), load_policies(), today, replace
    )
    changes = [change for extract in extracts for change in planner.changes(extract)]
    texts = {f"{payer}.yaml": text_of(folder, tree) for payer, tree in planner.trees.items()}
    if texts:
        require_valid(folder, texts)
    tables = tuple(table for extract in extracts for table in extract.tables)
    texts |= {f"{TABLES_FOLDER}/{table.name}": table.text for table in tables}
    return Plan(changes=tuple(changes), tables=tables, texts=texts)


@dataclass(slots=True)
class _Planner:
    folder: Path
    current: PolicySet
    packaged: PolicySet
    today: date
    replace: bool
    trees: dict[str, Tree] = field(default_factory=dict)

    def changes(self, extract: Extract) -> Iterator[Change]:
        """Enter the values of one file, and tell what each does."""
        cleared: set[tuple[str, str, str]] = set()
        for value in extract.values:
            for payer in self._stating(value):
                key = (payer, value.code, value.parameter)
                change = self._change(payer, value)
                if change is None:
                    continue
                if extract.is_history and key not in cleared:
                    self._clear(extract, *key)
                    cleared.add(key)
                self._enter(extract, change)
                yield change

    def _stating(self, value: NewValue) -> list[str]:
        """The policies of ours that state the parameter of the code for Medicare or nationally."""
        key = (value.code, value.parameter)
        stating = [p for p in (NATIONAL, _FEES_OF) if key in self.packaged[p].values]
        return stating or [_FEES_OF if value.parameter == "fee" else NATIONAL]

    def _change(self, payer: str, value: NewValue) -> Change | None:
        entries = self.current[payer].values.get((value.code, value.parameter), ())
        current = in_force(entries, value.first_day)
        before = current.value if current and current.kind is EntryKind.VALUE else None
        after = value.value
        if value.revise is not None:
            if before is None:
                return None
            after = value.revise(before)
        elif after is not None:
            after = read_value(value.parameter, after)
        is_same = _same(before, after)
        if is_same and (value.only_changes or after is None):
            return None
        is_new = before is None or (current is not None and current.is_carried_on)
        effect = Effect.NEW if is_new else Effect.CONFIRMED if is_same else Effect.CHANGED
        return Change(payer, value, effect, before, after)

    def _tree(self, payer: str) -> Tree:
        if payer not in self.trees:
            self.trees[payer] = open_tree(self.folder, payer)
        return self.trees[payer]

    def _clear(self, extract: Extract, payer: str, code: str, parameter: str) -> None:
        """Remove what an earlier file of the same history gave.

        Raises:
            UsageError: what is on file is of a later quarter.
        """
        tree = self._tree(payer)
        sources = source_records(tree)
        dated = tree.get("codes", {}).get(code, {}).get(parameter, {})
        for day in list(dated):
            key = dated[day].get("source", "")
            if key.startswith(f"{extract.layout}-"):
                if (until := sources[key].get("until", "")) > str(extract.last_day):
                    raise UsageError(
                        f"{extract.title}: not imported: {payer}.yaml has the table to {until}"
                    )
                del dated[day]

    def _enter(self, extract: Extract, change: Change) -> None:
        tree, value = self._tree(change.payer), change.given
        sources = source_records(tree)
        key = f"{extract.layout}-{extract.first_day}"
        self._require_same_file(extract, change, tree)
        entry: Tree = {"ended": "true", "source": key}
        if change.after is not None:
            written = list(change.after) if value.revise is not None else value.value
            entry = {"value": written, "source": key}
        if value.note:
            entry["note"] = value.note
        put(tree, value.code, value.parameter, value.first_day, entry)
        sources[key] = {
            "title": extract.title,
            "at": extract.at,
            "url": extract.url,
            "retrieved": self.today.isoformat(),
            "confidence": Confidence.PRIMARY.value,
            "sha256": extract.sha256,
        }
        if extract.last_day is not None:
            sources[key]["until"] = extract.last_day.isoformat()
        drop_unused_sources(tree, f"{extract.layout}-")

    def _require_same_file(self, extract: Extract, change: Change, tree: Tree) -> None:
        """Refuse another value of the same day from another file."""
        value = change.given
        dated = tree.get("codes", {}).get(value.code, {}).get(value.parameter, {})
        old = dated.get(value.first_day.isoformat())
        if old is None or self.replace or change.effect is not Effect.CHANGED:
            return
        source = tree["sources"].get(old.get("source"), {})
        if source.get("sha256") != extract.sha256:
            raise UsageError(
                f"{extract.title}: not imported: {change.payer}.yaml has another value of "
                f"{value.code} {value.parameter} from {value.first_day} "
                f"({source.get('title', 'your own')}); --replace takes the new one"
            )


def _same(before: Any, after: Any) -> bool:
    """Whether two values are equal, lists in any order."""
    if isinstance(before, tuple) and isinstance(after, tuple | list):
        return len(before) == len(after) and set(before) == set(after)
    return bool(before == after)
