"""The policy files: their answers, the figures they come from, and the messages on broken ones.

`expected/PAYER.csv` was retyped from the research, not taken from the YAML. Each file of
`broken/` states in its first lines, as `# expect: LINE: words`, every problem that must
be reported, and nothing else may be; a folder there is loaded as one set of policies.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from cpt77092.errors import PolicyError
from cpt77092.policies import Level, PolicySet, Status, decide, load_policies
from cpt77092.policies.load import load_folders
from cpt77092.policies.parameters import ByPart, Pair
from cpt77092.policies.payer_names import Matcher, OwnName, with_own_names
from cpt77092.policies.policy import Where
from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]
REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
PAYERS = tuple(sorted(file.stem for file in (ROOT / "policies").glob("*.yaml")))


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies()


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _text(value: Any) -> str:
    """A decided value as the expected files write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(sorted(_text(member) for member in value))
    if isinstance(value, Pair):
        return f"{value.with_}>{value.denied}:{int(value.bypass)}"
    if isinstance(value, ByPart):
        return f"{value.whole}/{value.professional}/{value.technical}"
    return str(value)


# What the packaged files answer


def test_every_payer_has_a_file_and_expectations(policies: PolicySet) -> None:
    assert tuple(sorted(policies.policies)) == PAYERS
    assert tuple(sorted(file.stem for file in (HERE / "expected").glob("*.csv"))) == PAYERS


@pytest.mark.parametrize("payer", PAYERS)
def test_decisions_are_those_of_the_research(policies: PolicySet, payer: str) -> None:
    expected, decided = [], []
    for row in _rows(HERE / "expected" / f"{payer}.csv"):
        key = (row["code"], row["parameter"], row["on"])
        decision = decide(
            policies, payer, row["code"], row["parameter"], date.fromisoformat(key[2])
        )
        decides = decision.status in {Status.VALUE, Status.ENDED}
        # ABN modifiers come in pairs, each written as one value.
        value = decision.value
        if row["parameter"] == "notice_modifiers" and value:
            value = tuple("+".join(two) for two in value)
        answer = _text(value) if decision.status is Status.VALUE else str(decision.status)
        confidence = str(decision.source.confidence) if decides and decision.source else ""
        expected.append((*key, row["value"], row["confidence"]))
        decided.append((*key, answer, confidence))
    assert decided == expected


@pytest.mark.parametrize("payer", ["aetna", "bcbs", "humana"])
def test_where_the_default_decides_on_26_both_sides_are_quoted(
    policies: PolicySet, payer: str
) -> None:
    decision = decide(policies, payer, "77092", "modifier_26", date(2026, 11, 23))
    assert decision.level is Level.DEFAULT
    assert [quote.partition(": ")[0] for quote in decision.quotes] == [policies[payer].label]
    assert decision.source is not None
    assert "Publication" in decision.source.title
    assert decision.contradicted_by is not None
    assert "CMS" in decision.contradicted_by.title


@pytest.mark.parametrize(
    ("payer", "code", "parameter", "other"),
    [
        # The publication's 26 against the fee schedule's indicator, whoever decides.
        ("default", "77092", "modifier_26", "CMS fee schedule"),
        ("texas-medicaid", "77092", "modifier_26", "CMS fee schedule"),
        ("medicare", "77092", "modifier_26", "OpenPayer"),
        ("medicare", "77091", "technical_in_facility", "MedPayIQ"),
        ("medicare", "77080", "excluded_diagnoses", "WIS"),
        ("medicare", "77092", "coverage", "WIS"),
        ("medicare", "77080", "min_months_between", "24 months"),
        ("aetna", "77092", "timely_filing", "180 days"),
        ("cigna", "77092", "timely_filing", "365 days"),
        ("unitedhealthcare", "77092", "timely_filing", "look in the agreement"),
        ("unitedhealthcare", "77092", "facility_place_of_service", "CMS place"),
        ("humana", "77092", "timely_filing", "one year"),
        ("cms", "77081", "pairs", "never billed together"),
    ],
)
def test_where_sources_contradict_both_are_in_the_file(
    policies: PolicySet, payer: str, code: str, parameter: str, other: str
) -> None:
    decision = decide(policies, payer, code, parameter, date(2026, 11, 23))
    assert decision.source is not None
    assert decision.contradicted_by is not None
    assert other in decision.contradicted_by.short()


def test_a_data_set_with_missing_rows_contradicts_the_fee_schedule(policies: PolicySet) -> None:
    for year in range(2022, 2026):
        units = decide(policies, "cms", "77080", "relative_value_units", date(year, 1, 1))
        assert units.contradicted_by is not None


PUBLICATION = ["category", "clinical_context", "workflow", "sites", "modifiers", "documentation"]
PUBLICATION += ["related_codes", "prices"]


@pytest.mark.parametrize("payer", [payer for payer in PAYERS if payer != "cms"])
def test_statements_of_the_brief_have_sources(policies: PolicySet, payer: str) -> None:
    brief = policies[payer].brief
    if payer == "default":
        assert list(brief) == PUBLICATION
    else:
        assert {"coverage", "modifiers", "filing"} <= brief.keys()
    for subject, statements in brief.items():
        for text, source in statements:
            assert text.endswith("."), (subject, text)
            assert (source is None) == text.startswith("Not available"), (subject, text)


def test_the_global_code_is_worth_its_components(policies: PolicySet) -> None:
    for year in range(2022, 2027):
        whole, *parts = (
            decide(policies, "cms", code, "relative_value_units", date(year, 7, 1)).value
            for code in ("77089", "77090", "77091", "77092")
        )
        assert whole == sum(parts), year


@pytest.mark.parametrize(
    ("payer_id", "name", "payer"),
    [
        ("", "AETNA, INC.", "aetna"),
        ("60054", "Aetna Choice POS II", "aetna"),
        ("", "Blue Cross & Blue Shield of Texas", "bcbs"),
        ("", "BCBS-IL", "bcbs"),
        ("", "Regence BlueShield", "bcbs-regence"),
        ("", "Independence Blue Cross", "bcbs-independence"),
        ("", "Blue Cross and Blue Shield of Nebraska", "bcbs-nebraska"),
        ("", "BCBS NE", "bcbs-nebraska"),
        ("", "Humana", "humana"),
        ("61101", "Humana PPO", "humana"),
        ("", "TX Medicaid", "texas-medicaid"),
        ("", "Texas Medicaid & Healthcare Partnership", "texas-medicaid"),
        ("", "Cigna Health & Life Insurance Company", "cigna"),
        ("", "Medicare Part B", "medicare"),
        ("04412", "Novitas Solutions", "medicare"),
        ("14212", "NGS Medicare MA", "medicare"),
        ("", "United HealthCare", "unitedhealthcare"),
        ("87726", "UHC of Ohio", "unitedhealthcare"),
        ("", "Medicare Part B - Novitas", "medicare"),
        ("", "J5 WPS Medicare MAC", "medicare"),
        ("", "MCARE PT B", "medicare"),
        ("", "Nat'l Govt Services", "medicare"),
        ("", "Fed Emp BCBS", "bcbs"),
        ("", "HUMANA CLAIMS OFFICE LEXINGTON KY", "humana"),
        ("", "Anthem MediBlue", "medicare-advantage"),
        ("", "Blue Cross of NEPA", "bcbs"),
        ("", "MCR PART B OF N. DAKOTA", "medicare"),
        ("", "Palmetto GBA (Railroad)", "medicare"),
        ("", "Medicare Part A & B", "medicare"),
        ("", "BCBSNC", "bcbs"),
        ("", "BC/BS of KY (PPO) [117]", "bcbs"),
        ("", "Premera Blue Cross of WA", "bcbs-premera"),
        ("", "BCBS of Mississippi", "bcbs-mississippi"),
        ("", "Blue Cross Blue Shield of Rhode Island", "bcbs-rhode-island"),
        ("", "BCBSM", "bcbs-michigan"),
        ("", "BCBS of Michigan", "bcbs-michigan"),
        ("", "State Compensation Insurance Fund", "california-workers-compensation"),
        ("", "California Workers Comp", "california-workers-compensation"),
        ("", "Blue Cross of MA", "bcbs"),
        ("", "BCBS of Oregon", "bcbs-regence"),
        ("", "AETNA PO BOX 981106 EL PASO TX", "aetna"),
        ("", "UMR (formerly Midwest Security)", "unitedhealthcare"),
        ("", "All Savers", "unitedhealthcare"),
        ("", "Golden Rule Insurance Company", "unitedhealthcare"),
        ("12345", "Cigna PPO", "cigna"),
        # Medicare Advantage has any company's name.
        ("", "Medicare HMO", "medicare-advantage"),
        ("", "Medicare Replacement", "medicare-advantage"),
        ("60054", "Aetna Medicare", "medicare-advantage"),
        ("", "Anthem Medicare Advantage", "medicare-advantage"),
        ("", "Lakeside Medicare Advantage", "medicare-advantage"),
        ("62308", "Cigna HealthSpring", "medicare-advantage"),
        ("87726", "AARP MedicareComplete", "medicare-advantage"),
        ("87726", "UHC MCR Advantage", "medicare-advantage"),
        ("", "Humana Gold Plus", "medicare-advantage"),
        # Two readings are none.
        ("01112", "Medicare Advantage PPO", "medicare-advantage"),
        ("60054", "Cigna", None),
        ("87726", "Medicare", None),
        ("87726", "", None),
        ("", "Aetna MA", None),
        ("", "BCBS MA", None),
        ("", "BCBS of PA", None),
        ("", "Blue Advantage", None),
        ("", "Aetna and Cigna", None),
        ("", "Lakeside Medicare", None),
        ("", "UHC Oxford", None),
        # Medicaid, supplements, TRICARE, workers' compensation and others have no policy.
        ("60054", "Aetna Better Health", None),
        ("87726", "UnitedHealthcare Community Plan", None),
        ("87726", "UHC Comm Plan", None),
        ("", "AmeriHealth Caritas", None),
        ("", "Texas Medicaid STAR", None),
        ("", "Community First Health Plans", None),
        ("", "AARP Medicare Supplement by UHC", None),
        ("", "Humana Military", None),
        ("", "UHC VA CCN", None),
        ("", "Amerihealth Casualty", None),
        ("", "Humana Dental PPO", None),
        # A system's own short name behind the name says no more than the name does.
        ("", "Wellmark BCBS of IA - WELIA", "bcbs"),
        ("", "HUMANA OF KENTUCKY - HUMKY2", "humana"),
        ("", "AETNA - AET07", "aetna"),
        ("", "Aetna - AETDN", None),
        ("", "BCBS MI - BCNA", None),
        ("", "Medicare - MCRVA", "medicare"),
        ("", "Medicare - MCR07", "medicare"),
        ("", "Aetna - MCR07", "medicare-advantage"),
        ("", "Aetna - MCD07", None),
        ("", "UHC - UHCMED", None),
        # A field was too short for the name.
        ("", "MEDICARE PART B OF MINNESO", "medicare"),
        ("", "United Healthcare Communit", None),
        ("", "Lakeside Medicare Advantag", "medicare-advantage"),
        ("", "Medicar", None),
        ("", "First Coast Serv Opt Medicare B FL", "medicare"),
        ("", "PGBA RR Medicare", "medicare"),
        ("", "PGBA TRICARE", None),
        ("", "Regence MedAdvantage PPO", "medicare-advantage"),
        ("", "Blue Cross \\T\\ Blue Shield of Iowa", "bcbs"),
        ("", "Blue Cross &amp; Blue Shield of Iowa", "bcbs"),
        # The national tables and the default are no payer's own policy.
        ("", "CMS", None),
        ("", "Default", None),
    ],
)
def test_payers_are_known_by_name_and_id(
    policies: PolicySet, payer_id: str, name: str, payer: str | None
) -> None:
    assert Matcher.of(policies).read(payer_id, name).policy == payer


@pytest.mark.parametrize(
    ("payer_id", "name", "indicator", "payer", "proposal"),
    [
        ("", "Medicare", "MB", "medicare", None),
        ("", "Medicare", "CI", "medicare", None),  # many systems write CI for everyone
        ("", "Medicare", "16", None, "medicare-advantage"),
        ("", "Aetna", "16", None, "medicare-advantage"),
        ("", "Aetna", "MC", None, "aetna"),
        ("", "Aetna", "BL", None, "bcbs"),
        ("87726", "", "16", "medicare-advantage", None),
        ("87726", "", "CI", "unitedhealthcare", None),
        ("", "", "MB", "medicare", None),
        ("", "", "CI", None, None),
        ("", "Lakeside Plan", "16", "medicare-advantage", None),
        ("", "Lakeside Plan", "MB", None, "medicare"),
        ("", "Texas Medicaid STAR", "16", None, None),
        ("14212", "NGS Medicare MA", "", "medicare", None),
        ("", "Aetna Lakeside", "", None, "aetna"),
        ("", "Humanna", "", None, "humana"),
    ],
)
def test_the_filing_indicator_supports_or_contradicts(
    policies: PolicySet, payer_id: str, name: str, indicator: str, payer: str, proposal: str
) -> None:
    match = Matcher.of(policies).read(payer_id, name, indicator)
    assert (match.policy, match.proposal) == (payer, proposal)


def _plan_cases() -> list[dict[str, str]]:
    """Payers with a plan beside them; `plans.yaml` says what each key means."""
    text = (HERE / "plans.yaml").read_text(encoding="utf-8")
    cases: list[dict[str, str]] = yaml.safe_load(text)
    return cases


@pytest.mark.parametrize(
    "case", _plan_cases(), ids=lambda case: f"{case['payer']} + {case['plan']}"
)
def test_the_plan_is_read_with_the_name(policies: PolicySet, case: dict[str, str]) -> None:
    cells = (case.get(name, "") for name in ("id", "payer", "indicator", "plan"))
    match = Matcher.of(policies).read(*cells)
    assert (match.policy, match.kind) == (case.get("policy"), case.get("kind"))
    if "says" in case:
        assert f"its plan has {case['says']!r}" in (match.conflict or "")
    elif not {"id", "indicator"} & case.keys():
        assert match.conflict is None
    if "proposal" in case or (not match.policy and not match.kind):
        assert match.proposal == case.get("proposal")


def test_what_the_plan_changed_is_said(policies: PolicySet) -> None:
    matcher = Matcher.of(policies)
    plain, narrowed, by_plan = (
        matcher.read("", payer, "", plan)
        for payer, plan in (("Aetna", "PPO"), ("Aetna", "Medicare HMO"), ("", "Aetna HMO"))
    )
    assert plain == matcher.read("", "Aetna")
    assert (narrowed.why, narrowed.certainty) == (
        "with its plan, its name has 'medicare hmo'",
        "sure",
    )
    assert (by_plan.why, by_plan.certainty) == ("with its plan, its name has 'aetna'", "likely")


def test_a_whole_name_of_a_policy_of_yours_is_not_overruled_by_a_plan(tmp_path: Path) -> None:
    (tmp_path / "lakeside.yaml").write_text(
        "payer: lakeside\nlabel: Lakeside\nmatches: {names: [Evergreen Senior]}\n", encoding="utf-8"
    )
    matcher = Matcher.of(load_policies(tmp_path))
    match = matcher.read("", "Evergreen Senior", "", "Medicare Advantage HMO")
    assert (match.policy, match.proposal) == (None, "medicare-advantage")
    assert match.conflict == "the name says lakeside, but its plan has 'medicare advantage'"
    assert matcher.read("", "Evergreen Senior", "", "HMO").policy == "lakeside"


def test_one_payer_with_plans_of_two_lines_is_two_payers(policies: PolicySet) -> None:
    matcher = Matcher.of(policies)
    plans = ("", "PPO", "Medicare Advantage", "Medicaid", "Medigap")
    payers = [matcher.same_payer("", "BCBS", "", plan) for plan in plans]
    assert payers[0] == payers[1]
    assert len(set(payers)) == 4


@pytest.mark.parametrize(
    ("names", "policy"),
    [
        ({}, None),
        ({"Aetna": "aetna"}, "aetna"),
        ({"Aetna / Medicaid HMO": "cigna"}, "cigna"),
        ({"Aetna": "aetna", "Aetna / Medicaid HMO": "default"}, "default"),
        ({"Aetna / Medicaid": "aetna"}, None),
    ],
)
def test_your_own_names_are_obeyed_whatever_the_plan_says(
    policies: PolicySet, names: dict[str, str], policy: str | None
) -> None:
    where = Where("scrub.yaml", 1)
    own = with_own_names(policies, [OwnName(name, key, where) for name, key in names.items()])
    assert Matcher.of(own).read("", "Aetna", "", "Medicaid HMO").policy == policy


@pytest.mark.parametrize("name", ["Self-Pay", "SELF PAY DISCOUNT", "Cash", "Patient", "Uninsured"])
def test_the_patient_who_pays_is_known(policies: PolicySet, name: str) -> None:
    match = Matcher.of(policies).read("", name)
    assert (match.policy, match.is_self_pay, match.is_known) == (None, True, True)


def test_self_funded_is_not_self_pay(policies: PolicySet) -> None:
    match = Matcher.of(policies).read("", "Self Funded Trust")
    assert (match.policy, match.is_known) == (None, False)


def test_plans_of_medicare_advantage_are_different_payers(policies: PolicySet) -> None:
    matcher = Matcher.of(policies)
    first, second = matcher.same_payer("", "Aetna Medicare"), matcher.same_payer("", "Humana Gold")
    assert first != second
    assert matcher.same_payer("", "Aetna") == matcher.same_payer("60054", "AETNA, INC.")


def test_blue_plans_are_payers_of_their_own_under_one_policy(policies: PolicySet) -> None:
    matcher = Matcher.of(policies)
    names = ("BCBSTX", "Blue Cross Blue Shield of Texas", "Anthem BCBS", "Florida Blue", "BCBS FL")
    assert {matcher.read("", name).policy for name in names} == {"bcbs"}
    texas, also_texas, anthem, florida, also_florida = (
        matcher.same_payer("", name) for name in names
    )
    assert (texas, florida) == (also_texas, also_florida)
    assert len({texas, anthem, florida, matcher.same_payer("", "BCBS")}) == 4


@pytest.mark.parametrize("payer", PAYERS)
def test_each_brand_alone_is_its_payers(policies: PolicySet, payer: str) -> None:
    matcher, matches = Matcher.of(policies), policies[payer].matches
    for name in (*matches.names, *matches.brands, *matches.family):
        assert matcher.read("", name).policy == payer, name


def test_spellings_are_counted_and_read(policies: PolicySet) -> None:
    matcher = Matcher.of(policies)
    spellings = matcher.spellings([("", "Aetna", "", "", 2), ("", "Acme", "", "", 3)])
    assert [(one.payer, one.lines, one.match.policy) for one in spellings] == [
        ("Acme", 3, None),
        ("Aetna", 2, "aetna"),
    ]


def test_a_plan_makes_a_spelling_of_its_own_where_it_changes_the_answer(
    policies: PolicySet,
) -> None:
    plans = (("PPO", 1), ("Medicare HMO", 5), ("Choice POS II", 2), ("", 4))
    spellings = Matcher.of(policies).spellings(("", "Aetna", "", *plan) for plan in plans)
    assert [(one.name, one.lines, one.match.policy) for one in spellings] == [
        ("Aetna", 7, "aetna"),
        ("Aetna / Medicare HMO", 5, "medicare-advantage"),
    ]


@pytest.mark.parametrize("file", sorted((ROOT / "policies").glob("*.yaml")), ids=lambda f: f.stem)
def test_lines_are_short_and_name_no_working_files(file: Path) -> None:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        assert len(line) < 120 or "url: http" in line, number
        assert not re.search(r"/work\b|shared/|domain\.md|payers\.md", line), number


# How they compare with the reference figures


@cache
def _reference(name: str) -> list[dict[str, str]]:
    file = REFERENCE / name
    if not file.exists():
        pytest.skip(f"{file} is not on this machine")
    return _rows(file)


def _fee_schedule(modifier: str = "") -> list[tuple[int, dict[str, str]]]:
    """Rows of the checked codes without 26 and TC, or with one of them, each with its year."""
    rows = []
    for row in _reference("fee-schedule-family-rows.csv"):
        year = re.search(r"PPRRVU(?:20)?(\d\d)_", row["source_file"])
        assert year is not None
        if row["hcpcs"] in CHECKED and row["mod"] == modifier:
            rows.append((2000 + int(year[1]), row))
    codes = COMPANIONS if modifier else CHECKED
    assert Counter(year for year, _ in rows) == dict.fromkeys((2022, 2023, 2025, 2026), len(codes))
    return rows


def _both_ends(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


@pytest.mark.parametrize("payer", PAYERS)
def test_unit_maxima_are_those_of_the_edits(policies: PolicySet, payer: str) -> None:
    rows = [r for r in _reference("mue-family-2024q3.csv") if r["setting"] == "practitioner"]
    assert {row["hcpcs_code"] for row in rows} == CHECKED
    for row in rows:
        decision = decide(policies, payer, row["hcpcs_code"], "max_units_per_day", date(2024, 7, 1))
        assert decision.value == int(row["mue_units"]), row


@pytest.mark.parametrize("parameter", ["modifier_26", "modifier_tc"])
def test_medicare_follows_the_pctc_indicators(policies: PolicySet, parameter: str) -> None:
    meaning = {"1": "accepted", "2": "not_allowed", "3": "not_allowed", "4": "not_allowed"}
    for year, row in _fee_schedule():
        for day in _both_ends(year):
            decision = decide(policies, "medicare", row["hcpcs"], parameter, day)
            assert decision.value == meaning[row["pctc_ind"]], (day, row)
            assert decision.level is Level.PAYER
            assert decision.source is not None
            assert f"IND: {row['pctc_ind']} " in decision.source.at


def test_the_default_departs_from_the_indicators_on_77092_only(
    policies: PolicySet,
) -> None:
    for year, row in _fee_schedule():
        day = date(year, 1, 1)
        default = decide(policies, "default", row["hcpcs"], "modifier_26", day).value
        medicare = decide(policies, "medicare", row["hcpcs"], "modifier_26", day).value
        assert (default == medicare) is (row["hcpcs"] != "77092"), row


def test_facility_places_are_those_of_the_list(policies: PolicySet) -> None:
    listed = {
        row["pos_code"]
        for row in _reference("place-of-service-codes.csv")
        if row["pos_type"] == "Facility"
    }
    for code in CHECKED:
        decision = decide(policies, "cms", code, "facility_place_of_service", date(2024, 1, 1))
        assert set(decision.value) == listed
        assert len(decision.value) == len(listed)


@pytest.mark.parametrize("payer", PAYERS)
def test_places_named_by_a_policy_are_assigned(policies: PolicySet, payer: str) -> None:
    assigned = {
        row["pos_code"]
        for row in _reference("place-of-service-codes.csv")
        if row["pos_type"] != "Unassigned"
    }
    for (_, parameter), entries in policies[payer].values.items():
        if parameter.endswith("place_of_service"):
            for entry in entries:
                assert set(entry.value or ()) <= assigned


@pytest.mark.parametrize("payer", PAYERS)
def test_modifiers_named_by_a_policy_exist(policies: PolicySet, payer: str) -> None:
    known = {row["mod_code"] for row in _reference("modifier-codes.csv")}
    for (_, parameter), entries in policies[payer].values.items():
        for entry in entries:
            if parameter in {"inapplicable_modifiers", "bypass_modifiers"}:
                assert set(entry.value or ()) <= known
            if parameter == "notice_modifiers":
                assert {one for pair in entry.value or () for one in pair} <= known


def test_technical_component_in_a_facility_follows_the_na_flag(policies: PolicySet) -> None:
    for year, row in _fee_schedule():
        if row["hcpcs"] in FAMILY:
            decision = decide(
                policies, "medicare", row["hcpcs"], "technical_in_facility", date(year, 7, 1)
            )
            flagged = row["fac_na_ind"] == "NA"
            assert decision.value == ("not_payable" if flagged else None), (year, row)


PARTS = {"": "whole", "26": "professional", "TC": "technical"}


def _part(amount: Any, modifier: str) -> Any:
    return getattr(amount, PARTS[modifier]) if isinstance(amount, ByPart) else amount


@pytest.mark.parametrize("modifier", PARTS)
def test_relative_values_and_fees_are_those_of_the_fee_schedule(
    policies: PolicySet, modifier: str
) -> None:
    factors = {2022: "34.6062", 2023: "33.8872", 2025: "32.3465", 2026: "33.4009"}
    for year, row in _fee_schedule(modifier):
        assert row["nonfac_total"] == row["fac_total"]
        total = Decimal(row["nonfac_total"])
        amount = (total * Decimal(factors[year])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for day in _both_ends(year):
            units = decide(policies, "medicare", row["hcpcs"], "relative_value_units", day).value
            fee = decide(policies, "medicare", row["hcpcs"], "fee", day).value
            assert isinstance(fee, ByPart) is (row["hcpcs"] in COMPANIONS)
            assert (_part(units, modifier), _part(fee, modifier)) == (total, amount), (day, row)


@pytest.mark.parametrize(
    ("day", "factor"),
    [("2024-01-01", "32.7442"), ("2024-03-08", "32.7442"), ("2024-03-09", "33.2875")],
)
@pytest.mark.parametrize("code", sorted(CHECKED))
def test_the_fees_of_2024_follow_its_two_factors(
    policies: PolicySet, code: str, day: str, factor: str
) -> None:
    units = decide(
        policies, "medicare", code, "relative_value_units", date.fromisoformat(day)
    ).value
    fee = decide(policies, "medicare", code, "fee", date.fromisoformat(day)).value
    for modifier in PARTS if code in COMPANIONS else ("",):
        total = _part(units, modifier)
        amount = (total * Decimal(factor)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert _part(fee, modifier) == amount


def _stated_pairs(policies: PolicySet, day: date) -> dict[tuple[str, str], bool]:
    """Paid and denied code of every pair in force, and whether it may be bypassed."""
    pairs: dict[tuple[str, str], bool] = {}
    for code in CHECKED:
        for pair in decide(policies, "cms", code, "pairs", day).value or ():
            paid = pair.with_ if pair.denied == code else code
            assert pairs.setdefault((paid, pair.denied), pair.bypass) == pair.bypass
    return pairs


# The pairs of 0508T went with the code, and the table says when.
@pytest.mark.parametrize(
    "day", ["2022-01-01", "2023-12-31", "2024-01-01", "2024-07-01", "2026-12-31"]
)
def test_pairs_are_those_of_the_edits(policies: PolicySet, day: str) -> None:
    live = {
        (row["column1"], row["column2"]): row["modifier_indicator"] == "1"
        for row in _reference("ncci-pairs-practitioner-2024q3.csv")
        if row["deletion_date"] >= day
    }
    assert live
    assert _stated_pairs(policies, date.fromisoformat(day)) == live


def test_diagnoses_named_by_a_policy_are_billable(policies: PolicySet) -> None:
    file = REFERENCE / "icd-10-cm-2026-april-all-codes.txt"
    if not file.exists():
        pytest.skip(f"{file} is not on this machine")
    codes = sorted(file.read_text(encoding="utf-8").split())
    headings = {code for code, after in pairwise(codes) if after.startswith(code)}
    billable = [code for code in codes if code not in headings]
    named = {
        diagnosis
        for policy in policies.policies.values()
        for (_, parameter), entries in policy.values.items()
        if parameter.endswith("_diagnoses")
        for entry in entries
        for diagnosis in entry.value or ()
    }
    assert named
    for diagnosis in named:
        code = diagnosis.replace(".", "")
        if code.endswith("-"):
            assert any(one.startswith(code[:-1]) for one in billable), diagnosis
        else:
            assert code in billable, diagnosis


# Messages on files that are wrong


def _broken() -> list[Path]:
    return sorted((HERE / "broken").iterdir())


def _expected_problems(file: Path) -> list[tuple[str, int, str]]:
    # Latin-1 reads any bytes, and one of the files is not UTF-8 on purpose.
    lines = file.read_text(encoding="latin-1").splitlines()
    stated = (re.fullmatch(r"# expect: (\d+): ?(.*)", line) for line in lines)
    return [(file.name, int(match[1]), match[2]) for match in stated if match]


@pytest.mark.parametrize("place", _broken(), ids=lambda place: place.stem)
def test_mistakes_are_reported_line_by_line(place: Path, tmp_path: Path) -> None:
    if place.is_dir():
        shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    else:
        shutil.copy(place, tmp_path)
    expected = [problem for file in tmp_path.iterdir() for problem in _expected_problems(file)]
    assert expected, "the file states no expectation"
    with pytest.raises(PolicyError) as caught:
        load_folders(tmp_path)
    reported = [(Path(p.file).name, p.line, p.text) for p in caught.value.problems]
    for name, line, words in expected:
        matching = [one for one in reported if one[:2] == (name, line) and words in one[2]]
        assert matching, f"{name}:{line}: {words!r} was not reported; reported: {reported}"
        reported.remove(matching[0])
    assert not reported, "reported although nothing is wrong there"
