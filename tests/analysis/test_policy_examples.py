"""`scrub policies test`: examples that come out otherwise, each with the value that decided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policies.test_examples import EXAMPLES, POLICY, written

Scrub = Callable[..., tuple[int, str, str]]


def run_on(scrub: Scrub, folder: Path, text: str) -> tuple[int, str]:
    own = folder / "own"
    own.mkdir()
    code, out, err = scrub("policies", "test", written(own, text))
    assert not err
    return code, out.replace(str(own), "own")


@pytest.mark.slow
def test_packaged_examples_come_out_as_expected(scrub: Scrub) -> None:
    code, out, err = scrub("policies", "test")
    assert (code, err) == (0, ""), out
    assert "in 18 files (packaged): all as expected." in out


def test_an_example_is_tested_under_the_file_that_has_it(scrub: Scrub, tmp_path: Path) -> None:
    assert run_on(scrub, tmp_path, POLICY + EXAMPLES) == (
        0,
        "1 example in 1 file (own): all as expected.\n",
    )


def test_a_failure_names_the_value_that_decided(scrub: Scrub, tmp_path: Path) -> None:
    policy = POLICY.replace("not_allowed", "accepted")
    code, out = run_on(scrub, tmp_path, policy + EXAMPLES)
    assert code == 1
    assert out.splitlines()[:-1] == [
        "own/aetna.yaml:9: A reading with 26",
        "  expected MO001; actual BU004 (info)",
        "  MO001: clear",
        "    modifier 26: accepted since 2026-01-01 (own/aetna.yaml:5, Our contract)",
    ]
    assert "1 not as expected" in out
    assert "correct the value" in out


def test_an_unlisted_error_is_a_failure_and_an_unlisted_info_is_none(
    scrub: Scrub, tmp_path: Path
) -> None:
    code, out = run_on(scrub, tmp_path, POLICY + EXAMPLES.replace("[MO001]", "[BU004]"))
    assert code == 1
    assert "expected BU004; actual BU004 (info), MO001 (error)" in out
    assert "  MO001: error: " in out
    assert "  BU004: " not in out


@pytest.mark.slow
@pytest.mark.parametrize("reported_once", ["ID005", "CV003"])
def test_an_example_does_not_depend_on_those_before_it(
    reported_once: str, scrub: Scrub, tmp_path: Path
) -> None:
    payer = {"ID005": "Lakeview Mutual", "CV003": "Medicare"}[reported_once]
    rule = "MO001" if payer == "Medicare" else "MO015"
    stated = "".join(
        f"  - name: Line {number}\n"
        f"    lines: [{{payer: {payer}, hcpcs_modifier_1: 26}}]\n"
        f"    findings: [{reported_once}, {rule}]\n"
        for number in range(3)
    )
    code, out = run_on(scrub, tmp_path, f"{POLICY}---\nexamples:\n{stated}")
    assert (code, out) == (0, "3 examples in 1 file (own): all as expected.\n")


@pytest.mark.slow
def test_lines_of_an_example_are_one_claim_and_examples_are_patients_apart(
    scrub: Scrub, tmp_path: Path
) -> None:
    line = "{hcpcs_code: 77091}"
    text = f"""\
---
examples:
  - name: Twice
    lines: [{line}, {line}]
    findings: [FR001, UN001]
  - name: Once
    lines: [{line}]
    findings: []
"""
    code, out = run_on(scrub, tmp_path, POLICY + text)
    assert code == 0, out


def test_a_folder_without_examples_is_no_pass(scrub: Scrub, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    code, out, err = scrub("policies", "test", written(own, POLICY))
    assert (code, out) == (2, "")
    assert f"{own}: no policy file has examples" in err


def test_files_without_examples_are_named(scrub: Scrub, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "cigna.yaml").write_text(POLICY.replace("aetna", "cigna"), encoding="utf-8")
    code, out, _ = scrub("policies", "test", written(own, POLICY + EXAMPLES))
    assert (code, out.splitlines()[0]) == (0, "cigna.yaml has no examples.")
