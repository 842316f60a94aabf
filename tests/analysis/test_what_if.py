"""`scrub what-if`: each row is a check of the same claims under that policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cpt77092 import findings
from cpt77092.policies import load_policies
from cpt77092.run import Request, run

Scrub = Callable[..., tuple[int, str, str]]
CLAIMS = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
LETTER = """\
payer: cigna
sources: A letter
codes:
  77092: {coverage: {2022-01-01: {value: not_covered}}}
"""
SETTLED = "aetna.77092.modifier_26=not_allowed"


def rows(scrub: Scrub, *arguments: object) -> list[dict[str, Any]]:
    code, out, err = scrub("what-if", CLAIMS, *AS_OF, *arguments, "--format", "json")
    assert (code, err) == (0, "")
    whole: list[dict[str, Any]] = json.loads(out)["policies"]
    return whole


@pytest.mark.slow
def test_each_row_is_the_check_under_that_policy(scrub: Scrub) -> None:
    answers = rows(scrub)
    known = load_policies().policies
    assert {row["payer"] for row in answers[1:]} == known.keys() - {"cms", "default"}
    assert [row["name"] for row in answers[1:]] == sorted(row["name"] for row in answers[1:])
    for row in answers[::3]:  # a check takes long
        request = Request(paths=[str(CLAIMS)], as_of=date(2026, 11, 23), payer=row["payer"])
        totals = findings.totals(run(request))
        assert row["denied_lines"] == totals.denied_lines
        assert row["charges_at_risk"] == f"{totals.at_risk.charges:.2f}"
        assert row["warning_lines"] == totals.warning_lines
        errors = {rule: number for rule, severity, number in totals.by_rule if severity == "error"}
        assert row["errors_by_rule"] == errors


@pytest.mark.slow
def test_an_assumed_value_is_as_firm_as_one_on_file(scrub: Scrub) -> None:
    answers = rows(scrub, "--set", SETTLED)
    assert [(row["name"], row["assumed"]) for row in answers] == [
        ("As billed", False),
        ("As billed, assumed", True),
        ("Aetna", False),
        ("Aetna, assumed", True),
    ]
    denied = [row["errors_by_rule"].get("MO001", 0) for row in answers]
    assert denied == [4, 8, 0, 17]
    assert answers[2]["ask_payer_lines"] > 0 == answers[3]["ask_payer_lines"]
    [_, _, cigna] = rows(scrub, "--payers", "cigna", "--set", SETTLED)
    assert (cigna["name"], cigna["assumed"]) == ("Cigna", False)  # the same either way


@pytest.mark.slow
def test_history_and_policies_count_as_in_a_check(scrub: Scrub) -> None:
    Path("mine").mkdir()
    Path("mine/cigna.yaml").write_text(LETTER, encoding="utf-8")
    more = ("--policies", "mine", "--history", CLAIMS.with_name("history.csv"))
    [_, cigna] = rows(scrub, "--payers", "cigna", *more)
    [_, without] = rows(scrub, "--payers", "cigna")
    assert cigna["warning_lines"] > without["warning_lines"]


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["80", "140"])
def test_the_table_fits_the_terminal(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, _ = scrub("what-if", CLAIMS, *AS_OF, "--set", SETTLED)
    assert code == 0
    assert max(map(len, out.splitlines())) <= int(columns)
    assert "Assumed on all dates of service: aetna.77092.modifier_26=not_allowed." in out
    words = " ".join(out.split())
    assert "which is no promise that they will be paid" in words
    assert "UN002 (1); these are left out below." in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--payers", "atena"), "no policy for payer 'atena'"),
        (("--payers", "cms"), "cms: these are national tables, not a payer; name a payer"),
        (("--set", "aetna.modifier_26"), "write PAYER.CODE.PARAMETER=VALUE, as in aetna.77092"),
        (("--set", "aetna.77092.modifer_26=required"), "(did you mean modifier_26?)"),
        (("--set", "aetna.77092.modifier_26=never"), "'never': input should be 'required'"),
        (("--set", "aetna.99999.modifier_26=required"), "99999 is not a code we check"),
        (("--set", "aetna.77092.max_units_per_day=[1"), "is not written as policy files do"),
        (("--set", "aetna.77092.fee=ten"), "--set aetna.77092.fee=ten: fee 'ten': not an amount"),
    ],
)
def test_mistakes_are_refused_in_one_line(
    scrub: Scrub, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = scrub("what-if", CLAIMS, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_batch_without_payers_is_compared_from_the_payer_that_is_named(scrub: Scrub) -> None:
    text = "Claim,Date,CPT,Mod1,Charge\nX,2026-03-02,77092,26,45.00\n"
    Path("claims.csv").write_text(text, encoding="utf-8")
    code, out, _ = scrub(
        "what-if", "claims.csv", "--payer", "humana", "--payers", "cigna", "--format", "json"
    )
    assert code == 0
    humana, cigna = json.loads(out)["policies"]
    assert "MO001" not in humana["errors_by_rule"]
    assert cigna["errors_by_rule"]["MO001"] == 1
