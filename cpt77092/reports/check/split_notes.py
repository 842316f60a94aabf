"""How a batch was split, in words."""

from __future__ import annotations

from collections.abc import Mapping

from cpt77092.split import CLEAN, FLAGGED, REJECTED, Split
from cpt77092.text import count

PARTS = {CLEAN: "clean", FLAGGED: "flagged", REJECTED: "rejected"}


def split_notes(split: Split, names: Mapping[int, str]) -> list[str]:
    """Which rows are in which file, by part; that no row is missing; and what clean means."""
    notes = ["; ".join(f"{name}: {count(split.row_count(p), 'row')}" for p, name in names.items())]
    numbers = {part: split.row_count(part) for part in PARTS}
    parts = " + ".join(f"{numbers[part]:,} {name}" for part, name in PARTS.items())
    notes.append(f"{count(sum(numbers.values()), 'row')} = {parts}.")
    if held := split.held_with_claim:
        notes.append(f"{count(held, 'flagged row')} held for another row of the claim.")
    if split.unsure:
        notes.append(
            f"Clean in the edits that ran: on {count(split.unsure, 'clean line')} some edit could "
            f"not run; --fail-on not-checked flags these too."
        )
    return notes
