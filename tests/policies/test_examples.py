"""Examples in policy files: read apart from the policy, and their mistakes line by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.errors import PolicyError
from cpt77092.policies import load_policies
from cpt77092.policies.example_line import EXAMPLE_LINE
from cpt77092.policies.examples import read_examples
from cpt77092.policies.load import packaged_folder
from cpt77092.policies.yaml_lines import split_examples
from cpt77092.rules import BY_CODE

Scrub = Callable[..., tuple[int, str, str]]
POLICY = """\
# Aetna, by contract.
payer: aetna
sources: Our contract
codes:
  77092: {modifier_26: {2026-01-01: {value: not_allowed}}}
"""
EXAMPLES = """\
---
# Lines that were paid or denied.
examples:
  - name: A reading with 26
    lines:
      - {hcpcs_code: 77092, hcpcs_modifier_1: 26}
    findings: [MO001]
"""


def written(folder: Path, text: str) -> Path:
    (folder / "aetna.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("marker", ["---", "---  ", "--- # of our own"])
def test_examples_are_cut_off_before_the_policy_is_read(newline: str, marker: str) -> None:
    text = EXAMPLES.replace("---", marker, 1)
    whole = (POLICY + text).replace("\n", newline).encode()
    assert split_examples(whole) == tuple(
        part.replace("\n", newline).encode() for part in (POLICY, text)
    )


@pytest.mark.parametrize(
    "rest", ["---\npayer: b\n", "---\n", "----\nexamples:\n", "...\n", "--- x\n"]
)
def test_no_other_document_is_cut_off(rest: str) -> None:
    whole = (POLICY + rest).encode()
    assert split_examples(whole) == (whole, b"")


@given(st.lists(st.sampled_from(["---", "examples:", "# x", "", "payer: a", " ---"])))
def test_nothing_of_a_file_is_lost(lines: list[str]) -> None:
    whole = "\n".join(lines).encode()
    assert b"".join(split_examples(whole)) == whole


def test_an_example_is_complete_and_has_its_line(tmp_path: Path) -> None:
    (example,) = read_examples(written(tmp_path, POLICY + EXAMPLES), BY_CODE)["aetna.yaml"]
    assert (example.payer, example.name, example.findings) == (
        "aetna",
        "A reading with 26",
        ("MO001",),
    )
    assert example.where.line == 9
    assert example.lines == ({**EXAMPLE_LINE, "payer": "aetna", "hcpcs_modifier_1": "26"},)


def test_dates_that_are_left_out_follow_the_date_of_service(tmp_path: Path) -> None:
    text = EXAMPLES.replace("26}", "26, claim_line_start_date: 2022-12-30}")
    (example,) = read_examples(written(tmp_path, POLICY + text), BY_CODE)["aetna.yaml"]
    names = ("claim_line_end_date", "report_signed_date", "submission_date")
    days = ["2022-12-30", "2022-12-31", "2023-01-06"]
    assert [example.lines[0][name] for name in names] == days


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[MO001]", "[MO01]", 12, "no rule 'MO01' (did you mean MO0"),
        ("hcpcs_code:", "hcpcs_cod:", 11, "hcpcs_cod is not a key we know here (did you mean"),
        ("findings:", "finding:", 12, "finding is not a key we know here (did you mean findings?)"),
        ("    findings: [MO001]\n", "", 9, "findings is missing"),
        ("\n      - {hcpcs_code: 77092, hcpcs_modifier_1: 26}", " []", 10, "the list is empty"),
        ("name: A reading with 26", "name: [", 11, "not readable as YAML"),
    ],
)
def test_mistakes_are_reported_line_by_line(
    old: str, new: str, line: int, words: str, tmp_path: Path
) -> None:
    assert old in EXAMPLES
    folder = written(tmp_path, POLICY + EXAMPLES.replace(old, new))
    with pytest.raises(PolicyError) as caught:
        read_examples(folder, BY_CODE)
    assert any(one.line == line and words in one.text for one in caught.value.problems), [
        (one.line, one.text) for one in caught.value.problems
    ]


def test_examples_amid_the_policy_are_refused_with_their_place(tmp_path: Path) -> None:
    folder = written(tmp_path, POLICY + EXAMPLES.replace("---\n", ""))
    with pytest.raises(PolicyError, match=r"aetna\.yaml:7: examples: write them at the end"):
        load_policies(folder)


def test_a_check_of_policies_names_mistakes_in_examples(scrub: Scrub, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    written(folder, POLICY + EXAMPLES.replace("MO001", "MO999"))
    code, out, err = scrub("policies", "check", folder)
    assert (code, out) == (2, "")
    assert f"{folder / 'aetna.yaml'}:12: no rule 'MO999'" in err


def test_examples_do_not_change_the_policies(tmp_path: Path) -> None:
    without = load_policies(written(tmp_path, POLICY))
    assert load_policies(written(tmp_path, POLICY + EXAMPLES)).digest == without.digest


def test_a_value_that_is_set_keeps_the_examples(scrub: Scrub, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    written(folder, POLICY + EXAMPLES)
    code, _, err = scrub(
        *("policies", "set", "aetna", "modifier_tc", "not_allowed", "--from", "2026-01-01"),
        *("--source", "Call 4711", "--policies", folder),
    )
    assert (code, err) == (0, "")
    text = (folder / "aetna.yaml").read_text(encoding="utf-8")
    assert text.endswith(EXAMPLES)
    assert "Call 4711" in text
    assert scrub("policies", "test", folder)[0] == 0


def test_every_packaged_file_has_an_example_with_and_without_a_finding() -> None:
    by_file = read_examples(packaged_folder(), BY_CODE)
    assert len(by_file) == len(load_policies().policies)
    for name, examples in by_file.items():
        assert {bool(example.findings) for example in examples} == {True, False}, name
