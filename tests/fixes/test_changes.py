"""What remedies declare, and what each change makes of the cells of a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.fixes.plan import changed_cells, columns_of
from cpt77092.reference.codes import COMPANIONS, INTERPRETATION
from cpt77092.rule import (
    AddFirst,
    Change,
    FixKind,
    MoveFirst,
    Remedy,
    RemoveModifier,
    Rewrite,
    Rule,
)
from cpt77092.rules import CATALOGUE

REMEDIES = [(rule, remedy) for rule in CATALOGUE for remedy in rule.remedies]
CHANGES: list[Change] = [RemoveModifier("26"), AddFirst("26"), MoveFirst("26"), *Rewrite]


def test_a_remedy_is_safe_only_if_a_program_can_apply_it() -> None:
    without = [rule.code for rule, r in REMEDIES if r.kind is FixKind.SAFE and r.change is None]
    assert without == []


def test_a_remedy_that_no_one_can_apply_by_the_claim_declares_no_change() -> None:
    declared = [rule.code for rule, r in REMEDIES if r.kind is FixKind.NONE and r.change]
    assert declared == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_names_modifiers_or_diagnoses_and_nothing_else(change: Change) -> None:
    assert columns_of(change) in (MODIFIERS, DIAGNOSES)


@pytest.mark.parametrize(("rule", "remedy"), REMEDIES)
def test_no_change_bills_more(rule: Rule, remedy: Remedy) -> None:
    """26 is taken off 77092 alone, which is paid the same without; anywhere else it is put on."""
    if isinstance(remedy.change, RemoveModifier):
        assert remedy.change.modifier == "26"
        assert rule.codes & INTERPRETATION
        assert rule.codes == INTERPRETATION or "hcpcs_code" in remedy.when.meta.root_names()  # type: ignore[union-attr]
    elif isinstance(remedy.change, AddFirst):
        assert remedy.change.modifier == "26"
        assert rule.codes <= INTERPRETATION | COMPANIONS


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (RemoveModifier("26"), ["26", "59", "", ""], ["59", "", "", ""]),
        (RemoveModifier("26"), ["59", "26", "26", ""], ["59", "", "", ""]),
        (AddFirst("26"), ["", "", "", ""], ["26", "", "", ""]),
        (AddFirst("26"), ["59", "", "GA", ""], ["26", "59", "GA", ""]),
        (AddFirst("26"), ["59", "GA", "XU", "KX"], None),
        (MoveFirst("26"), ["59", "26", "", ""], ["26", "59", "", ""]),
        (MoveFirst("26"), ["59", "GA", "KX", "26"], ["26", "59", "GA", "KX"]),
        (Rewrite.FIRST_OF_EACH, ["59", "59", "GA", ""], ["59", "GA", "", ""]),
        (Rewrite.FIRST_OF_EACH, ["ga", "GA", "", ""], ["ga", "", "", ""]),
        (Rewrite.NO_GAP, ["", "59", "", "GA"], ["59", "GA", "", ""]),
        (Rewrite.CAPITALS, ["ga", "2 6", "", "59"], ["GA", "26", "", "59"]),
        (Rewrite.DIAGNOSIS_FORM, ["m81.0", "M810", "z780", ""], ["M81.0", "M810", "Z780", ""]),
        (Rewrite.DIAGNOSIS_FORM, ["M8.10", "Z78.0"], ["M81.0", "Z78.0"]),
    ],
)
def test_cells_after(change: Change, before: list[str], after: list[str] | None) -> None:
    assert changed_cells(change, before) == after


@given(st.lists(st.sampled_from(["", "26", "59", "ga", "GA", "T C"]), min_size=4, max_size=4))
def test_a_rewrite_invents_and_loses_no_modifier_and_is_done_at_once(cells: list[str]) -> None:
    def bare(some: list[str]) -> list[str]:
        return [cell.upper().replace(" ", "") for cell in some if cell]

    for change in (Rewrite.FIRST_OF_EACH, Rewrite.NO_GAP, Rewrite.CAPITALS):
        after = changed_cells(change, cells)
        assert after is not None
        assert changed_cells(change, after) == after
        expected = list(dict.fromkeys(bare(cells)))
        got = bare(after) if change is Rewrite.FIRST_OF_EACH else list(dict.fromkeys(bare(after)))
        assert got == expected


@given(st.text(alphabet="mM8102.zZ7", min_size=3, max_size=8))
def test_a_diagnosis_changes_by_dots_and_case_alone(code: str) -> None:
    after = changed_cells(Rewrite.DIAGNOSIS_FORM, [code])
    assert after is not None
    assert after[0].replace(".", "").upper() == code.replace(".", "").upper()
