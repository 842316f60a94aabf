"""`scrub payers`: what each spelling is taken for, and a file of names that a person answers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Scrub = Callable[..., tuple[int, str, str]]
AS_OF = ("--as-of", "2026-11-23")
HEADERS = "claim_id,payer,payer_id,claim_line_start_date,hcpcs_code,mod1"


def batch(*payers: str) -> None:
    """Claims with a 77092-26 each; a payer may have its id behind a comma."""
    rows = [
        f"A-{n},{payer if ',' in payer else payer + ','},2026-03-02,77092,26"
        for n, payer in enumerate(payers)
    ]
    Path("claims.csv").write_text("\n".join([HEADERS, *rows, ""]), encoding="utf-8")


def rows_of(out: str) -> list[str]:
    return [" ".join(line.split()) for line in out.splitlines()]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_each_spelling_is_listed_with_its_lines_policy_and_reason(scrub: Scrub) -> None:
    batch("Novitas Medicare", "Quux Health", "Quux Health", "Aetnna", "Cash", ",60054", "Medicaid")
    code, out, err = scrub("payers", "claims.csv")
    assert (code, err) == (0, "")
    assert rows_of(out)[3:-3] == [
        "Quux Health 2 not recognized no policy has its name",
        "Aetnna 1 not recognized no policy has its name (did you mean aetna?)",
        "Medicaid 1 not recognized medicaid: no policy is for it",
        "(blank) 60054 1 not recognized it has no name (did you mean aetna?)",
        "Cash 1 self-pay self-pay: no policy is for it",
        "Novitas Medicare 1 medicare its name has 'novitas'",
    ]
    assert "6 spellings on 7 lines; not recognized: 5." in out


@pytest.mark.slow
def test_what_is_saved_is_an_answer_only_once_a_person_says_so(scrub: Scrub) -> None:
    batch("Aetnna", "Quux: Health", "Medicaid", "Aetna")
    _, out, _ = scrub("payers", "claims.csv")
    [command] = re.findall(r"^Next: scrub (.*)$", out, re.MULTILINE)
    code, out, _ = scrub(*shlex.split(command))
    file = Path("payers.yaml")
    assert (code, "3 payers to answer" in out) == (0, True)
    assert file.read_text(encoding="utf-8") == (
        "payers:\n"
        "  # Aetnna: aetna  # 1 line; no policy has its name (did you mean aetna?)\n"
        "  # Medicaid: default  # 1 line; medicaid: no policy is for it\n"
        "  # 'Quux: Health': POLICY  # 1 line; no policy has its name\n"
    )
    [check] = re.findall(r"check with: scrub (.*)$", out, re.MULTILINE)
    typed = (*shlex.split(check), *AS_OF, "--strict")
    code, _, err = scrub(*typed)  # nothing is answered yet
    assert (code, "write each of your payer names and its policy" in err) == (2, True)
    file.write_text(file.read_text(encoding="utf-8").replace("# ", "", 1), encoding="utf-8")
    code, out, err = scrub(*typed)
    assert (code, "(Medicaid 1, Quux: Health 1)" in err) == (2, True)
    answered = re.sub("(?m)^  # ", "  ", file.read_text(encoding="utf-8"))
    file.write_text(answered, encoding="utf-8")
    code, _, err = scrub(*typed)
    assert (code, "no policy 'POLICY'; there are aetna, " in err) == (2, True)
    file.write_text(answered.replace("POLICY", "cigna"), encoding="utf-8")
    code, _, err = scrub(*typed)
    assert (code, "unrecognized" in err) == (1, False)


def test_a_saved_file_keeps_its_answers_and_grows(scrub: Scrub) -> None:
    batch("Quux", "Quux Health")
    file = Path("payers.yaml")
    file.write_text("payers:  # asked by phone\n  QUUX: cigna", encoding="utf-8")
    for _ in range(2):
        code, out, _ = scrub("payers", "claims.csv", "--save", "payers.yaml")
        assert (code, "1 payer to answer" in out) == (0, True)
        assert file.read_text(encoding="utf-8") == (
            "payers:  # asked by phone\n  QUUX: cigna\n"
            "  # Quux Health: POLICY  # 1 line; no policy has its name\n"
        )
    batch("Quux")
    assert "nothing to save" in scrub("payers", "claims.csv", "--save", "payers.yaml")[1]


def test_a_file_with_other_keys_is_left_alone(scrub: Scrub) -> None:
    batch("Quux")
    text = "fail-on: warning\npayers:\n  Acme: aetna\n"
    Path("office.yaml").write_text(text, encoding="utf-8")
    code, _, err = scrub("payers", "claims.csv", "--save", "office.yaml")
    assert (code, "office.yaml:1: fail-on: expected payers: alone" in err) == (2, True)
    assert Path("office.yaml").read_text(encoding="utf-8") == text


def test_yaml_on_standard_output_is_the_file(scrub: Scrub) -> None:
    batch("Quux", "Aetna", "---")
    _, out, _ = scrub("payers", "claims.csv", "--format", "yaml")
    assert out == "payers:\n  # Quux: POLICY  # 1 line; no policy has its name\n"


@pytest.mark.parametrize(
    "name", ["# Quux", "Quux: 'a' \"b\"", "Quux " * 40, "\u00dcber, #1", "yes"]
)
def test_any_name_can_be_answered(scrub: Scrub, name: str) -> None:
    batch('"{}"'.format(name.replace('"', '""')) + ",")
    _, out, _ = scrub("payers", "claims.csv", "--format", "yaml")
    answered = out.replace("  # ", "  ", out.count("\n") - 1).replace("POLICY", "aetna")
    assert list(yaml.safe_load(answered)["payers"].values()) == ["aetna"]
    Path("payers.yaml").write_text(answered, encoding="utf-8")
    _, out, _ = scrub("payers", "claims.csv", "--payers", "payers.yaml")
    assert "aetna your settings name it" in " ".join(out.split())


def test_settings_name_payers_here_too(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    batch("Quux")
    Path("scrub.yaml").write_text("payers:\n  Quux: medicare\n", encoding="utf-8")
    assert "Quux 1 medicare your settings name it" in rows_of(scrub("payers", "claims.csv")[1])
    Path("scrub.yaml").rename("names.yaml")
    assert "not recognized: 1." in scrub("payers", "claims.csv")[1]
    monkeypatch.setenv("SCRUB_PAYERS", "names.yaml")
    assert "not recognized: 0." in scrub("payers", "claims.csv")[1]


def test_what_could_not_be_read_is_named_and_exits_2(scrub: Scrub) -> None:
    batch("Aetna")
    with Path("claims.csv").open("a", encoding="utf-8") as file:
        file.write("A-9,Aetna,,2026-03-02,77092\n")
    Path("damaged.parquet").write_bytes(b"PAR1nothing")
    code, out, err = scrub("payers", "claims.csv", "damaged.parquet")
    assert (code, "Aetna 1 aetna" in " ".join(out.split())) == (2, True)
    assert "damaged.parquet" in err
    assert "1 rejected row; scrub check says more" in err


PLANS = """claim_id,payer,plan,claim_line_start_date,hcpcs_code,mod1
A-1,BCBS,Medicare Advantage PPO,2026-03-02,77092,26
A-2,BCBS,Choice PPO,2026-03-02,77092,26
A-3,BCBS,Commercial,2026-03-02,77092,26
A-4,UHC,Community Plan,2026-03-02,77092,26
A-5,UHC,Choice Plus,2026-03-02,77092,26
A-6,Medicare Part B,Aetna PPO,2026-03-02,77092,26
A-7,"Smith, John",Medicaid,2026-03-02,77092,26
"""


def test_a_plan_that_changes_the_answer_is_listed_with_its_payer(scrub: Scrub) -> None:
    Path("claims.csv").write_text(PLANS, encoding="utf-8")
    code, out, err = scrub("payers", "claims.csv")
    assert (code, err) == (0, "")
    assert rows_of(out)[3:-3] == [
        "Medicare Part B Aetna PPO 1 not recognized its plan has 'aetna' (did you mean medicare?)",
        "Smith, John Medicaid 1 not recognized with its plan, medicaid: no policy is for it",
        "UHC Community Plan 1 not recognized with its plan, medicaid: no policy is for it",
        "BCBS 2 bcbs its name is listed",
        "BCBS Medicare Advantage PPO 1 medicare-advantage with its plan, its name has 'medicare "
        "advantage'",
        "UHC 1 unitedhealthcare its name has 'uhc'",
    ]


@pytest.mark.slow
def test_what_is_saved_for_a_plan_is_an_answer_for_that_plan_alone(scrub: Scrub) -> None:
    Path("claims.csv").write_text(PLANS, encoding="utf-8")
    scrub("payers", "claims.csv", "--save", "payers.yaml")
    text = Path("payers.yaml").read_text(encoding="utf-8")
    answered = re.sub("(?m)^  # ", "  ", text).replace("POLICY", "default")
    assert list(yaml.safe_load(answered)["payers"].items()) == [
        ("Medicare Part B / Aetna PPO", "medicare"),
        ("Smith, John / Medicaid", "default"),
        ("UHC / Community Plan", "default"),
    ]
    Path("payers.yaml").write_text(answered, encoding="utf-8")
    _, out, _ = scrub("payers", "claims.csv", "--payers", "payers.yaml")
    assert "6 spellings on 7 lines; not recognized: 0." in out
    typed = ("claims.csv", "--payers", "payers.yaml", *AS_OF, "--select", "ID005,MO001")
    _, out, _ = scrub(*typed, "--format", "concise")
    assert "ID005" not in out
    assert [row.partition(" A-")[2][:1] for row in out.splitlines() if " MO001 " in row] == [
        *("1", "5", "6"),
    ]


def test_the_message_names_the_plan_and_no_person(scrub: Scrub) -> None:
    Path("claims.csv").write_text(PLANS, encoding="utf-8")
    _, out, err = scrub("claims.csv", *AS_OF, "--select", "ID005", "--format", "concise")
    assert (
        "No policy used for Medicare Part B / Aetna PPO: the name says medicare, but its plan has "
        "'aetna'; the default policy was used."
    ) in out
    assert "No policy found for UHC / Community Plan, read as medicaid;" in out
    assert "Smith" not in out + err
