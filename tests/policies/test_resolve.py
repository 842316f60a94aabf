"""Layering and resolution of policies: whose value holds on a day, and which policy a claim has."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cpt77092.errors import PolicyError, UsageError
from cpt77092.policies import Decision, Level, PolicySet, Status, decide, load_policies
from cpt77092.policies.payer_names import Matcher, OwnName, with_own_names
from cpt77092.policies.policy import Where
from cpt77092.reference.sources import Confidence

FOUR_LINES = """\
payer: aetna
sources: Our Aetna contract of 2026, exhibit B
codes:
  77092: {modifier_26: {2026-01-01: {value: not_allowed}}}
"""


def layered(folder: Path, **files: str) -> PolicySet:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.yaml").write_text(text, encoding="utf-8")
    return load_policies(folder)


def test_four_lines_set_one_value_of_a_known_payer(tmp_path: Path) -> None:
    policies = layered(tmp_path, aetna=FOUR_LINES)
    decision = decide(policies, "aetna", "77092", "modifier_26", date(2026, 1, 1))
    assert (decision.status, decision.value, decision.level) == (
        Status.VALUE,
        "not_allowed",
        Level.PAYER,
    )
    assert decision.source is not None
    assert decision.source.title == "Our Aetna contract of 2026, exhibit B"
    assert decision.source.confidence is Confidence.SECONDARY
    assert policies["aetna"].label == "Aetna"


def test_before_the_users_first_day_the_packaged_file_still_holds(tmp_path: Path) -> None:
    policies = layered(tmp_path, aetna=FOUR_LINES)
    decision = decide(policies, "aetna", "77092", "modifier_26", date(2025, 12, 31))
    assert (decision.value, decision.level) == ("expected", Level.DEFAULT)
    assert decision.quotes[0].startswith("Aetna: ")


def test_other_values_of_the_payer_stay(tmp_path: Path) -> None:
    plain, own = load_policies(), layered(tmp_path, aetna=FOUR_LINES)
    for parameter in ("modifier_tc", "max_units_per_day", "coverage"):
        day = date(2026, 3, 2)
        before = decide(plain, "aetna", "77092", parameter, day)
        assert decide(own, "aetna", "77092", parameter, day) == before
    assert own.digest != plain.digest
    assert own.origin == ("packaged", str(tmp_path))


def test_a_value_the_user_did_not_find_comes_from_the_packaged_file(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        medicare=(
            "payer: medicare\ncodes:\n  77092:\n    modifier_26:\n"
            "      2022-01-01: {not_available: we did not look}\n"
        ),
    )
    decision = decide(policies, "medicare", "77092", "modifier_26", date(2026, 3, 2))
    assert (decision.value, decision.level) == ("not_allowed", Level.PAYER)


def test_a_users_file_may_add_a_payer_and_names(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        lakeside="payer: lakeside\nmatches: {names: [Lakeside Health]}\n",
        aetna="payer: aetna\nmatches: {names: [Aetna POS Plan], payer_ids: ['99998']}\n",
    )
    matcher = Matcher.of(policies)
    assert matcher.read("", "LAKESIDE  health").policy == "lakeside"
    assert matcher.read("", "aetna pos plan").policy == "aetna"
    assert matcher.read("99998", "").policy == "aetna"


def test_a_users_brand_is_read_by_words(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        lakeside=(
            "payer: lakeside\n"
            "matches: {brands: [lakeside], words: [harbor plan], unless: [kids],\n"
            "  payer_ids: ['99999']}\n"
        ),
        default="payer: default\nmatches: {words: [gold tier]}\n",
    )
    matcher = Matcher.of(policies)
    assert matcher.read("", "Lakeside Harbor Plan of Ohio, Gold Tier").policy == "lakeside"
    assert matcher.read("", "Lakeside Kids").policy is None
    assert matcher.read("", "Lakeside Dental").policy is None
    assert matcher.read("99999", "Lksd").policy == "lakeside"


def test_a_payer_id_never_outranks_the_name() -> None:
    matcher = Matcher.of(load_policies())
    assert matcher.read("60054", "Cigna").policy is None
    assert matcher.read("00000", "Cigna").policy == "cigna"


@pytest.mark.parametrize(
    "name",
    [
        "Medicare primary Aetna secondary",
        "Medicare then Humana",
        "BCBS 2ndary to Medicare",
        "Humana Gold Plus Secondary",
    ],
)
def test_a_cell_that_may_name_two_payers_is_asked_for(name: str) -> None:
    match = Matcher.of(load_policies()).read("", name)
    assert (match.policy, match.is_known) == (None, False)


def test_own_names_are_obeyed_whatever_their_words_say() -> None:
    where = Where("scrub.yaml", 1)
    names = {
        "Aetna Medicare HMO": "aetna",
        "Acme": "default",
        "Medicare": "cigna",
        "87726": "aetna",
    }
    own = with_own_names(load_policies(), [OwnName(*item, where) for item in names.items()])
    matcher = Matcher.of(own)
    for name, policy in names.items():
        match = matcher.read("", name.upper())
        assert (match.policy, match.is_known) == (policy, True)
    assert matcher.read("87726", "").policy == "aetna"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # the day before the payer's own first entry stops the chain
        ("2021-07-10", Status.NOT_YET),
        ("2021-07-11", Status.VALUE),
    ],
)
def test_a_date_before_the_payers_first_value_is_not_the_defaults(
    days: str, expected: Status
) -> None:
    decision = decide(load_policies(), "cigna", "77092", "modifier_26", date.fromisoformat(days))
    assert decision.status is expected


def test_ended_is_neither_zero_nor_the_defaults(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        cigna=(
            "payer: cigna\nsources: Bulletin 12\n"
            "codes:\n  77092:\n    modifier_26: {2026-06-01: {ended: true}}\n"
        ),
    )
    decision = decide(policies, "cigna", "77092", "modifier_26", date(2026, 6, 1))
    assert (decision.status, decision.value) == (Status.ENDED, None)
    assert "ended on 2026-06-01 (Cigna)" in decision.reason()
    before = decide(policies, "cigna", "77092", "modifier_26", date(2026, 5, 31))
    assert before.status is Status.VALUE


def test_a_code_overrides_its_group(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        plan=(
            "payer: plan\nsources: Manual\ncodes:\n"
            "  77092: {max_units_per_day: {2026-01-01: {value: 3}}}\n"
            "  all: {max_units_per_day: {2026-01-01: {value: 1}}}\n"
            "  tbs_family: {max_units_per_day: {2026-01-01: {value: 2}}}\n"
        ),
    )
    day = date(2026, 3, 2)
    values = {
        code: decide(policies, "plan", code, "max_units_per_day", day).value
        for code in ("77092", "77091", "77080")
    }
    assert values == {"77092": 3, "77091": 2, "77080": 1}


def partner_decision(policies: PolicySet, parameter: str) -> Decision:
    return decide(policies, "plan", "98765", parameter, date(2026, 3, 2))


def test_a_partner_code_goes_by_the_codes_that_deny_it(tmp_path: Path) -> None:
    pair = "pairs: {2022-01-01: {value: [{with: '98765', denied: '98765', bypass: true}]"
    plan = (
        "payer: plan\nmatches: {names: [plan]}\nsources:\n"
        "  manual: {title: Manual, confidence: primary}\n"
        "  memory: {title: Memory, confidence: recalled}\ncodes:\n"
        "  77080:\n    bypass_modifiers: {2022-01-01: {value: [XU], source: manual}}\n"
        "    pairs: {2022-01-01: {value: [], source: manual}}\n"
        "  77091:\n    bypass_modifiers: {2022-01-01: {value: ['59'], source: manual}}\n"
        f"    {pair}, source: manual}}}}\n"
        "  77092:\n    bypass_modifiers: {2022-01-01: {value: ['59'], source: memory}}\n"
        f"    {pair}, source: memory}}}}\n"
    )
    policies = layered(tmp_path, plan=plan)
    pairs = partner_decision(policies, "pairs")
    assert [pair.with_ for pair in pairs.value] == ["77091", "77092"]
    assert pairs.is_recalled  # one of them is, so that no error rests on it
    bypass = partner_decision(policies, "bypass_modifiers")
    assert (bypass.value, bypass.is_recalled) == (("59",), True)
    # Where those that deny it differ, it is unknown which list holds.
    policies = layered(
        tmp_path, plan=plan.replace("['59'], source: memory", "[XS], source: memory")
    )
    bypass = partner_decision(policies, "bypass_modifiers")
    assert bypass.status is Status.NOT_AVAILABLE
    assert "they differ under 77091 and 77092, which deny 98765" in bypass.reason()


def test_a_chain_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    policies = layered(
        tmp_path,
        one="payer: one\nfollows: two\n",
        two="payer: two\nfollows: one\n",
    )
    decision = decide(policies, "one", "77092", "modifier_26", date(2026, 3, 2))
    assert (decision.value, decision.level) == ("expected", Level.DEFAULT)


def test_a_name_two_payers_claim_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        layered(tmp_path, plan="payer: plan\nmatches:\n  names:\n    - Good Plan\n    - Aetna\n")
    assert [(p.line, p.text) for p in caught.value.problems] == [
        (5, "'aetna' is claimed by aetna and by plan; a claim has one payer: change matches")
    ]


def test_a_folder_that_is_not_there_is_never_taken_for_ours(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        load_policies(tmp_path / "none")
    with pytest.raises(UsageError, match=r"holds no \.yaml policy files"):
        load_policies(tmp_path)
