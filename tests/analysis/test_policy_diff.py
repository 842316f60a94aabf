"""`scrub policies diff`: parameters, findings and dollars, before and after."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from cpt77092 import __version__, findings
from cpt77092.analysis.policy_changes import between_days, between_sets
from cpt77092.policies import decide, load_policies
from cpt77092.policies.load import packaged_folder
from cpt77092.policies.named import frozen_on, load_named
from cpt77092.policies.policy import in_force
from cpt77092.run import Request, run

Scrub = Callable[..., tuple[int, str, str]]
CLAIMS = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
CONTRACT = """\
payer: aetna
sources: Our Aetna contract of 2026, exhibit B
codes:
  77092: {modifier_26: {2026-01-01: {value: not_allowed}}}
"""


@pytest.fixture
def contract(scrub: Scrub) -> Path:  # noqa: ARG001 - it moves to a folder of the test's own
    """A folder of the user's own that settles one answer."""
    folder = Path("mine")
    folder.mkdir()
    (folder / "aetna.yaml").write_text(CONTRACT, encoding="utf-8")
    return folder


def record(scrub: Scrub, *arguments: object) -> dict[str, Any]:
    code, out, err = scrub("policies", "diff", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    whole: dict[str, Any] = json.loads(out)
    return whole


def test_a_value_of_the_users_is_the_only_difference(scrub: Scrub, contract: Path) -> None:
    [policy] = record(scrub, "packaged", contract)["policies"]
    [change] = policy["changes"]
    assert (policy["payer"], change["parameter"], change["codes"]) == (
        "aetna", "modifier_26", ["77092"],
    )  # fmt: skip
    assert (change["first_day"], change["last_day"]) == ("2026-01-01", None)
    assert (change["old"]["kind"], change["new"]["value"]) == ("not_available", "not_allowed")
    assert change["new"]["source"]["confidence"] == "secondary"


@pytest.mark.slow
def test_findings_and_dollars_are_those_of_two_checks(scrub: Scrub, contract: Path) -> None:
    claims = record(scrub, "packaged", contract, CLAIMS, *AS_OF)["claims"]
    keys = ["source_row", "rule", "severity"]
    tables, risks = [], []
    for folder in (None, contract):
        request = Request(paths=[str(CLAIMS)], as_of=date(2026, 11, 23), policies=folder)
        result = run(request)
        tables.append(findings.as_table(result).select(keys))
        risks.append(findings.totals(result).at_risk)
    old, new = tables
    appear, vanish = new.join(old, on=keys, how="anti"), old.join(new, on=keys, how="anti")
    assert [one["rule"] for one in claims["appear"]] == appear["rule"].to_list() == ["MO001"] * 4
    assert sorted(one["rule"] for one in claims["vanish"]) == sorted(vanish["rule"])
    [month] = [one for one in claims["by_payer_and_month"] if one["payer"] == "Aetna"]
    assert month["error_lines"] == {"old": 1, "new": 4}
    assert month["charges_at_risk"] == {"old": "45.00", "new": "180.00"}
    assert month["expected_payment_at_risk"] == {"old": None, "new": None}
    months = claims["by_payer_and_month"]
    for side, risk in zip(("old", "new"), risks, strict=True):
        assert sum(one["error_lines"][side] for one in months) == risk.lines
        assert sum(float(one["charges_at_risk"][side]) for one in months) == float(risk.charges)


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["80", "140"])
def test_the_text_fits_the_terminal(
    scrub: Scrub, contract: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = scrub("policies", "diff", "packaged", contract, CLAIMS, *AS_OF)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    assert "modifier 26, 77092: from 2026-01-01; was no published rule found; now not allowed" in (
        words
    )
    assert "4 findings appear, 6 vanish." in words
    assert "26 lines with an error instead of 23" in words
    assert "Our Aetna contract of 2026, exhibit B (secondary)" in words


@pytest.mark.slow
def test_the_limit_says_how_many_there_are(scrub: Scrub, contract: Path) -> None:
    _, out, _ = scrub("policies", "diff", "packaged", contract, CLAIMS, *AS_OF, "--limit", 2)
    assert "Findings that appear (2 of 4)" in out
    assert out.count("error MO001:") == 2


def test_two_dates_differ_where_decisions_do() -> None:
    policies = load_policies()
    days = (date(2025, 12, 31), date(2026, 1, 1))
    changes = between_days(policies, *days)
    changed = {
        (one.payer, code, change.parameter)
        for one in changes
        for change in one.changes
        for code in change.codes
    }
    assert ("medicare", "77092", "fee") in changed
    for payer, policy in policies.policies.items():
        for (code, parameter), entries in policy.values.items():
            old, new = (in_force(entries, day) for day in days)
            values = [entry and (entry.kind, entry.value) for entry in (old, new)]
            confidence = [
                entry and entry.source and entry.source.confidence for entry in (old, new)
            ]
            differs = values[0] != values[1] or confidence[0] != confidence[1]
            assert differs == ((payer, code, parameter) in changed)


@pytest.mark.parametrize("day", [date(2021, 6, 1), date(2024, 6, 30), date(2026, 8, 1)])
def test_a_frozen_set_decides_every_date_as_that_day(day: date) -> None:
    policies = load_policies()
    frozen = frozen_on(policies, day)
    for payer in ("medicare", "aetna", "unitedhealthcare"):
        for code, parameter in policies["cms"].values:
            then = decide(policies, payer, code, parameter, day)
            for other in (date(2022, 3, 1), date(2026, 3, 1)):
                assert decide(frozen, payer, code, parameter, other).value == then.value


@pytest.mark.slow
def test_two_dates_with_claims_move_the_fee(scrub: Scrub) -> None:
    claims = record(scrub, "2025-12-31", "2026-01-01", CLAIMS, *AS_OF)["claims"]
    [month] = [one for one in claims["by_payer_and_month"] if one["payer"] == "Medicare"]
    assert month["expected_payment_at_risk"] == {"old": "134.56", "new": "138.95"}
    assert month["error_lines"]["old"] == month["error_lines"]["new"] == 7
    _, out, _ = scrub("policies", "diff", "2025-12-31", "2026-01-01", CLAIMS, *AS_OF)
    assert "as if the policies of that day held on all dates" in " ".join(out.split())


def other_version(folder: Path) -> Path:
    """A complete set that differs in a value, a list, a confidence, and a payer less."""
    shutil.copytree(str(packaged_folder()), folder)
    (folder / "humana.yaml").unlink()
    medicare = folder / "medicare.yaml"
    text = medicare.read_text(encoding="utf-8")
    assert "3.01" in text
    medicare.write_text(text.replace("3.01", "3.05"), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["cpt77092/_policies", "cpt77092-0.9.9/policies"])
def test_a_version_is_its_folder_or_its_archive(scrub: Scrub, prefix: str) -> None:
    folder = other_version(Path("other"))
    named = Path("cpt77092-0.9.9-py3-none-any.whl")
    with ZipFile(named, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"{prefix}/{file.name}")
        archive.writestr("cpt77092-0.9.9/tests/policies/broken/aetna.yaml", "payer: nobody\n")
        archive.writestr("cpt77092-0.9.9/examples/policies/lakeside.yaml", "payer: lakeside\n")
    for name in ("other", str(named), "0.9.9", "v0.9.9"):
        changed = {one["payer"]: one for one in record(scrub, name, __version__)["policies"]}
        assert changed.keys() == {"humana", "medicare"}
        assert changed["humana"]["others"] == ["New policy"]
        [fee] = changed["medicare"]["changes"]
        assert (fee["parameter"], fee["codes"]) == ("fee", ["77090"])
        assert (fee["old"]["value"], fee["new"]["value"]) == ("3.05", "3.01")


def test_policies_of_the_users_are_laid_over_both_versions(scrub: Scrub, contract: Path) -> None:
    other_version(Path("other"))
    changed = record(scrub, "other", "packaged", "--policies", contract)["policies"]
    assert {one["payer"] for one in changed} == {"humana", "medicare"}


def test_of_a_list_what_is_added_and_dropped_is_shown(contract: Path) -> None:
    old = load_policies()
    [first, *_] = in_force(old["medicare"].values["77092", "claim_frequency_codes"], date.max).value  # type: ignore[union-attr]
    text = f"""\
payer: medicare
sources: A letter
codes:
  77092: {{claim_frequency_codes: {{2026-01-01: {{value: ["{first}", "9"]}}}}}}
"""
    (contract / "medicare.yaml").write_text(text, encoding="utf-8")
    [_, medicare] = between_sets(old, load_named(str(contract), __version__, None))
    assert medicare.changes[0].texts[1] == "adds 9"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0.0.1", "packaged"), "the policies of this version are not on this machine; put its "),
        (("nowhere", "packaged"), "nowhere: no such folder or wheel; write a folder, a wheel "),
        (("2026-01-01", "packaged"), "a date and a set do not compare"),
        (("2026-01-01", "2026-02-30"), "2026-01-01 2026-02-30: compare two dates"),
        (("empty.zip", "packaged"), "empty.zip: holds no policies; name the wheel of a version"),
        (("text.whl", "packaged"), "text.whl: cannot be read (File is not a zip file)"),
        (("text.csv", "packaged"), "text.csv: neither a folder nor a wheel of a version; "),
        (("hollow", "packaged"), "hollow: the folder holds no .yaml policy files"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    scrub: Scrub, arguments: tuple[str, str], message: str
) -> None:
    with ZipFile("empty.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    for name in ("text.whl", "text.csv"):
        Path(name).write_text("text", encoding="utf-8")
    Path("hollow").mkdir()
    code, out, err = scrub("policies", "diff", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_what_could_not_be_read_is_said_and_exits_2(scrub: Scrub, contract: Path) -> None:
    damaged = CLAIMS.with_name("claims-damaged.csv")
    code, out, err = scrub("policies", "diff", "packaged", contract, damaged, *AS_OF)
    assert code == 2
    assert "What it does to the claims" in out
    assert "3 rows could not be read; scrub check says more" in err


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_patient_is_named(scrub: Scrub, contract: Path, form: str) -> None:
    text = CLAIMS.read_text(encoding="utf-8")
    people = {line.split(",")[2] for line in text.splitlines()[1:]} - {""}
    assert len(people) > 5
    _, out, _ = scrub("policies", "diff", "packaged", contract, CLAIMS, *AS_OF, "--format", form)
    assert not [person for person in people if person in out]
