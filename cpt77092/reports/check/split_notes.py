"""How a batch was split, in words."""

from __future__ import annotations

from collections.abc import Mapping

from cpt77092.split import CLEAN, FLAGGED, REJECTED, Split
from cpt77092.split.lists import claim_list, in_neither
from cpt77092.text import count

PARTS = {CLEAN: "clean", FLAGGED: "flagged", REJECTED: "rejected"}


def split_notes(split: Split, names: Mapping[int, str]) -> list[str]:
    """Which rows are in which file, by part; that no row is missing; and what clean means."""
    row = "service line" if split.formats == {"837P"} else "row"
    notes = ["; ".join(f"{name}: {count(split.row_count(p), row)}" for p, name in names.items())]
    numbers = {part: split.row_count(part) for part in PARTS}
    parts = " + ".join(
        f"{numbers[part]:,} {name}"
        for part, name in PARTS.items()
        if part != REJECTED or split.formats != {"837P"}
    )
    notes.append(f"{count(sum(numbers.values()), row)} = {parts}.")
    if held := split.held_with_claim:
        notes.append(f"{count(held, f'flagged {row}')} held for another {row} of the claim.")
    if unjudged := split.held_unjudged:
        notes.append(
            f"{count(unjudged, 'line')} held: the payer is not recognized, so modifier 26 was not "
            f"judged."
        )
    if split.accepted:
        lines = count(split.accepted, "line")
        notes.append(f"Among the clean rows: {lines} with a finding that was accepted.")
    if split.unsure:
        notes.append(
            f"Clean in the edits that ran: on {count(split.unsure, 'clean line')} some edit could "
            f"not run; --fail-on not-checked flags these too."
        )
    if "CSV" in split.formats:
        notes.append("The rows of the workbook were written as CSV, each cell as text.")
    if split.formats == {"837P"} and len(names) == len({CLEAN, FLAGGED}):
        notes.append(
            "Both files keep the control numbers of the input; give one of them new numbers "
            "before you submit both."
        )
    return notes


def list_notes(split: Split, names: Mapping[int, str]) -> list[str]:
    """How many claims are in which list, and how many are in none."""
    sizes = (f"{name}: {count(claim_list(split, p).height, 'claim')}" for p, name in names.items())
    notes = ["; ".join(sizes)]
    if left_out := in_neither(split):
        has = "has" if left_out == 1 else "have"
        notes.append(
            f"{count(left_out, 'clear claim')} in no list: a held claim of another patient {has} "
            f"the same number and payer."
        )
    return notes
