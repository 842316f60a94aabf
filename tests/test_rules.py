"""Every rule case, alone and again in shuffled batches with all the others, compared exactly."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cpt77092 import findings
from cpt77092.engine import Result, check, needed_columns
from cpt77092.policies.load import load_folders
from cpt77092.readers import Options, read_batch, read_history
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule
from cpt77092.rules import BY_CODE, CATALOGUE
from tests.rule_cases import AS_OF, PAYER, Case, all_cases, policy_text

CASES = all_cases()


def _run(
    folder: Path,
    lines: Iterable[dict[str, str]],
    absent: Sequence[str],
    rules: Sequence[Rule],
    history: Sequence[dict[str, str]] | None = None,
) -> Result:
    """Write lines as a claim file and check it under the policies in the folder."""
    policies = load_folders(folder / "policies")
    needed, scope = needed_columns(rules), CHECKED | policies.partner_codes()
    file = _write(folder / "claims.csv", lines, absent)
    batch = read_batch([file], needed=needed, scope=scope, options=Options())
    past = None
    if history is not None:
        earlier = [_write(folder / "history.csv", history, absent)] if history else []
        past = read_history(earlier, batch=batch, needed=needed, scope=scope, options=Options())
    return check(batch, policies, rules, as_of=date.fromisoformat(AS_OF), history=past)


def _write(file: Path, lines: Iterable[dict[str, str]], absent: Sequence[str]) -> str:
    rows = [{k: v for k, v in line.items() if k not in absent} for line in lines]
    headers = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headers, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return str(file)


def _write_policies(folder: Path, texts: dict[str, str]) -> None:
    place = folder / "policies"
    place.mkdir()
    for payer, text in texts.items():
        (place / f"{payer}.yaml").write_text(text, encoding="utf-8")


def _named(table: pl.DataFrame, rule: str) -> dict[str, dict[str, str]]:
    return {
        f"{row['claim_id']}/{row['claim_line_number']}": row
        for row in table.filter(pl.col("rule") == rule).iter_rows(named=True)
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_case_alone(case: Case, tmp_path: Path) -> None:
    assert case.rule in BY_CODE, f"CATALOGUE has no rule {case.rule}; {case.stem} is its case file"
    texts = {"example-health-plan": policy_text("example-health-plan", case.policy, names=[PAYER])}
    texts["default"] = policy_text("default", case.default, names=[])
    _write_policies(tmp_path, texts)
    result = _run(tmp_path, case.lines, case.absent, [BY_CODE[case.rule]], case.history)
    flagged = _named(findings.as_table(result), case.rule)
    unchecked = _named(findings.not_checked_rows(result), case.rule)
    assert sorted(flagged) == sorted(case.findings)
    assert sorted(unchecked) == sorted(case.not_checked)
    for row in flagged.values():
        row["denial"] = " ".join(filter(None, (row["group_code"], row["carc"], row["rarc"])))
        assert {key: row[key] for key in case.texts} == case.texts
        assert row["source_title"], "a finding names no source"
    if case.reason is not None:
        assert {row["reason"] for row in unchecked.values()} == {case.reason}
        assert set(findings.not_checked_reasons(result)["reason"]) == {case.reason}


@pytest.mark.slow
def test_all_cases_together_in_shuffled_batches(tmp_path: Path) -> None:
    # Cases that lack the same columns and share a default policy make one batch; every case gets
    # a payer and claim ids of its own, so that no case shares lines with another by name.
    # A history covers dates for everybody, so cases with one are alone in any case.
    batches: dict[tuple[tuple[str, ...], str], list[tuple[int, Case]]] = {}
    for number, case in enumerate(CASES):
        if case.history is None:
            batches.setdefault((case.absent, str(case.default)), []).append((number, case))
    compared = 0
    for number, ((absent, _), cases) in enumerate(sorted(batches.items())):
        folder = tmp_path / str(number)
        folder.mkdir()
        compared += _compare_together(folder, absent, cases)
    assert compared == sum(case.history is None for case in CASES)


def _compare_together(
    folder: Path, absent: tuple[str, ...], cases: Sequence[tuple[int, Case]]
) -> int:
    texts, lines = {}, []
    for number, case in cases:
        texts[f"case-{number}"] = policy_text(
            f"case-{number}", case.policy, names=[f"{PAYER} {number:04}"]
        )
        lines += [_own(line, number) for line in case.lines]
    texts["default"] = policy_text("default", cases[0][1].default, names=[])
    _write_policies(folder, texts)
    random.Random(77092).shuffle(lines)
    result = _run(folder, lines, absent, CATALOGUE)
    table, unchecked = findings.as_table(result), findings.not_checked_rows(result)
    for number, case in cases:
        for expected, rows in ((case.findings, table), (case.not_checked, unchecked)):
            names = [n.partition(":") for n in _named(rows, case.rule)]
            own = sorted(name for owner, _, name in names if owner == str(number))
            assert own == sorted(expected), f"{case.rule}: {case.name}"
    return len(cases)


def _own(line: dict[str, str], number: int) -> dict[str, str]:
    own = dict(line)
    own["claim_id"] = f"{number}:{line['claim_id']}" if line["claim_id"] else ""
    if line.get("original_reference_number"):
        own["original_reference_number"] = f"{number}:{line['original_reference_number']}"
    own["person_id"] = f"{number}:{line['person_id']}" if line["person_id"] else ""
    if line["payer"]:
        own["payer"] = f"{line['payer']} {number:04}"
    return own
