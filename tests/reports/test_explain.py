"""`scrub explain`: a payer's answer in a table, and a paragraph that may be cited in a letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from cpt77092.errors import UsageError
from cpt77092.policies import load_policies
from cpt77092.policies.policy import NATIONAL
from cpt77092.reports.letter import letter
from cpt77092.rules import CATALOGUE

Scrub = Callable[..., tuple[int, str, str]]
ON_DAY = date(2026, 11, 23)
ON = ("--on", str(ON_DAY))


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")


def rows_of(out: str) -> list[str]:
    return [" ".join(line.split()) for line in out.splitlines()]


def test_the_table_has_payer_answer_date_and_source_those_without_one_last(scrub: Scrub) -> None:
    code, out, _ = scrub("explain", "MO001", "--code", "77092", *ON)
    rows = rows_of(out)
    head = rows.index("Payer Answer Since Source")
    assert code == 0
    assert (
        "Cigna not allowed 2021-07-11 Cigna reimbursement policy M26, modifier 26 (secondary)"
        in rows[head:]
    )
    assert rows[-2].startswith("Aetna, Blue Cross Blue Shield of Michigan, ")
    assert "expected (by default) 2022-01-01 Publication on CPT 77092" in rows[-2]
    _, out, _ = scrub("explain", "FR002", "--payer", "aetna", "--code", "77092", *ON)
    assert rows_of(out)[-2] == "Aetna no published rule found"
    _, out, _ = scrub("explain", "FR002", "--payer", "UHC", *ON)
    assert "Medicare" not in "\n".join(rows_of(out)).partition("Payer Answer Since Source")[2]


def test_a_code_that_the_rule_does_not_check_is_refused(scrub: Scrub) -> None:
    code, _, err = scrub("explain", "MO001", "--code", "77080")
    assert (code, err) == (
        2,
        "scrub: --code 77080: MO001 checks 77089, 77090, 77091, 77092\n",
    )


def test_a_letter_cites_rule_date_and_source_and_marks_copies_and_doubts(scrub: Scrub) -> None:
    asked = ("explain", "MO001", "--code", "77092", "--letter", *ON)
    code, out, err = scrub(*asked, "--payer", "medicare")
    assert (code, err) == (0, "")
    paragraph, copy, against = out.splitlines()
    assert paragraph.startswith(
        "For services on 2026-11-23, Medicare's rule on modifier 26 (professional component) with "
        "77092 is: not allowed, in effect since 2022-01-01. Source: CMS fee schedule, PPRRVU 2022 "
    )
    assert "github" not in paragraph
    assert copy.startswith("[Before you send this: we read a copy (https://github.com/")
    assert against.startswith("[Before you send this: another source states otherwise: OpenPayer")
    _, out, _ = scrub(*asked, "--payer", "cigna")
    assert "[Before you send this: we read an account of this source (https://www.xifin" in out


def test_a_letter_to_a_payer_without_a_rule_says_so(scrub: Scrub) -> None:
    _, out, _ = scrub("explain", "MO003", "--payer", "aetna", "--letter", *ON)
    assert "we found no published rule of Aetna on modifier 26 (professional component)" in out
    assert "In its absence we followed the published position: expected" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("MO001",), "--letter: name the payer it is for, as in --payer medicare"),
        (
            ("CV002", "--payer", "aetna"),
            "Aetna, prior authorization: no published rule found on 2026-11-23; nothing can be",
        ),
        (
            ("MO010", "--payer", "medicare", "--code", "77092"),
            "is general knowledge that no text confirms; it is not fit for a letter",
        ),
    ],
)
def test_what_cannot_be_cited_is_refused(
    scrub: Scrub, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = scrub("explain", *arguments, "--letter", *ON)
    assert (code, out) == (2, "")
    assert message in err


def test_a_recalled_value_is_in_no_letter() -> None:
    policies = load_policies()
    recalled, written = 0, 0
    for rule in CATALOGUE:
        for payer in policies.policies:
            if payer == NATIONAL:
                continue
            try:
                lines = letter(rule, policies, payer, sorted(rule.codes), ON_DAY)
            except UsageError:
                continue
            written += 1
            recalled += any(line.startswith("[Left out: ") for line in lines)
            sources = [line for line in lines if "Source: " in line]
            assert sources
            assert not any("recalled" in line for line in sources)
    assert written > 300
    assert recalled
