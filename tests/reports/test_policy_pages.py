"""`scrub policies show`: every value is shown, and every parameter without one is named."""

from __future__ import annotations

import io
from datetime import date
from itertools import product

import pytest
from rich.console import Console

from cpt77092.policies import PARAMETERS, PolicySet, Status, decide, load_policies
from cpt77092.policies.positions import BY_SUBJECT
from cpt77092.policies.value_text import plain
from cpt77092.reference.codes import CHECKED
from cpt77092.reports import reference_pages

ON = date(2026, 11, 23)


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies()


def page(policies: PolicySet, payer: str, on: date = ON, width: int = 100) -> str:
    out = io.StringIO()
    reference_pages.show_policy(
        Console(file=out, width=width, highlight=False), policies, payer, on
    )
    return out.getvalue()


@pytest.mark.parametrize("payer", ["default", "cms", "medicare", "aetna"])
@pytest.mark.parametrize("on", [date(2021, 1, 1), date(2024, 6, 1), ON])
def test_json_holds_every_parameter_of_every_code_once(
    policies: PolicySet, payer: str, on: date
) -> None:
    rows = reference_pages.policy_records(policies, payer, on)["parameters"]
    pairs = [(row["parameter"], code) for row in rows for code in row["codes"]]
    assert sorted(pairs) == sorted(product(PARAMETERS, CHECKED))
    for row in rows:
        for code in row["codes"]:
            decision = decide(policies, payer, code, row["parameter"], on)
            assert row["status"] == decision.status.value
            assert row["value"] == plain(decision.value)
            assert row["level"] == (decision.level.value if decision.level else None)
            assert row["decided_by"] == (decision.decided_by or None)
            assert row["first_day"] == (
                decision.first_day.isoformat() if decision.first_day else None
            )
            assert row["source"] == (decision.source.title if decision.source else None)
            assert row["confidence"] == (
                decision.source.confidence.value if decision.source else None
            )
            assert row["not_available"] == list(decision.quotes)
            assert row["unit"] == (PARAMETERS[decision.parameter].unit or None)


def test_json_says_who_contradicts(policies: PolicySet) -> None:
    rows = reference_pages.policy_records(policies, "default", ON)["parameters"]
    [row] = [r for r in rows if r["parameter"] == "modifier_26" and "77092" in r["codes"]]
    assert "CMS fee schedule" in row["contradicted_by"]["title"]
    assert row["contradicted_by"]["confidence"] == "primary"


@pytest.mark.parametrize("payer", ["default", "medicare", "aetna"])
def test_the_page_names_every_parameter_under_its_subject(policies: PolicySet, payer: str) -> None:
    text = page(policies, payer)
    for name, parameter in PARAMETERS.items():
        assert f"{name} ({parameter.description[:20]}" in text, name
    subjects = [subject for subject in BY_SUBJECT if f"\n{subject}\n" in text]
    places = [text.index(f"\n{subject}\n") for subject in subjects]
    assert places == sorted(places)
    assert {"Modifiers", "Place of service", "How often"} <= set(subjects)


def test_the_page_gives_units_and_what_is_not_available(policies: PolicySet) -> None:
    text = page(policies, "medicare")
    assert "77092: $10.02 per unit since 2026-01-01" in text
    assert "1 unit since" in text
    _, _, without = text.partition("\nNo published rule found\n")
    for name, code in product(PARAMETERS, CHECKED):
        decision = decide(policies, "medicare", code, name, ON)
        is_silent = decision.status is Status.NOT_AVAILABLE and not decision.quotes
        assert (f"{name} (" in without) or not is_silent, (name, code)
    assert max(map(len, page(policies, "medicare", width=80).splitlines())) <= 80
