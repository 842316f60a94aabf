"""`scrub policies show`: nothing that is on file is left out, and nothing that is not is hidden."""

from __future__ import annotations

import io
from datetime import date
from itertools import product

import pytest
from rich.console import Console

from cpt77092.policies import PARAMETERS, PolicySet, decide, load_policies
from cpt77092.policies.positions import BY_SUBJECT
from cpt77092.reference.codes import CHECKED
from cpt77092.reports import reference_pages
from cpt77092.reports.policy_text import plain

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
    told = [(row["parameter"], code) for row in rows for code in row["codes"]]
    assert sorted(told) == sorted(product(PARAMETERS, CHECKED))
    for row in rows:
        for code in row["codes"]:
            made = decide(policies, payer, code, row["parameter"], on)
            assert row["status"] == made.status.value
            assert row["value"] == plain(made.value)
            assert row["level"] == (made.level.value if made.level else None)
            assert row["decided_by"] == (made.decided_by or None)
            assert row["first_day"] == (made.first_day.isoformat() if made.first_day else None)
            assert row["source"] == (made.source.title if made.source else None)
            assert row["confidence"] == (made.source.confidence.value if made.source else None)
            assert row["not_available"] == list(made.quotes)
            assert row["unit"] == (PARAMETERS[made.parameter].unit or None)


def test_json_says_who_contradicts(policies: PolicySet) -> None:
    rows = reference_pages.policy_records(policies, "default", ON)["parameters"]
    [row] = [r for r in rows if r["parameter"] == "modifier_26" and "77092" in r["codes"]]
    assert "CMS fee schedule" in row["contradicted_by"]["title"]
    assert row["contradicted_by"]["confidence"] == "primary"


@pytest.mark.parametrize("payer", ["default", "medicare", "aetna"])
def test_the_page_names_every_parameter_under_its_subject(policies: PolicySet, payer: str) -> None:
    text = page(policies, payer)
    for parameter, says in PARAMETERS.items():
        assert f"{parameter} ({says.description[:20]}" in text, parameter
    subjects = [subject for subject in BY_SUBJECT if f"\n{subject}\n" in text]
    places = [text.index(f"\n{subject}\n") for subject in subjects]
    assert places == sorted(places)
    assert {"Modifiers", "Place of service", "How often"} <= set(subjects)


def test_the_page_gives_units_and_what_is_not_available(policies: PolicySet) -> None:
    text = page(policies, "medicare")
    assert "77092: 10.02 dollars per unit since 2026-01-01" in text
    assert "1 unit since" in text
    silent = text.partition("Not available: ")[2]
    assert "place_of_service (the places of service" in " ".join(text.split()) or silent
    assert max(map(len, page(policies, "medicare", width=80).splitlines())) <= 80
