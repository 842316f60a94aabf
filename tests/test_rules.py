"""Every rule case in batches of its rule's cases, and again with all others, compared exactly."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
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


Numbered = tuple[int, Case]


def _batches(cases: Iterable[Numbered]) -> list[list[Numbered]]:
    """Cases that lack the same columns and share a default policy.

    A history covers dates for everybody, so a case with one stays apart.
    """
    batches: dict[tuple[tuple[str, ...], str, int], list[Numbered]] = {}
    for number, case in cases:
        apart = number if case.alone or case.history is not None else -1
        batches.setdefault((case.absent, str(case.default), apart), []).append((number, case))
    return [batches[key] for key in sorted(batches)]


def _check(folder: Path, cases: Sequence[Numbered], rules: Sequence[Rule], *, seed: int) -> Result:
    """The cases as one batch, shuffled; each of several has a payer and claims of its own."""
    first = cases[0][1]
    texts = {"default": policy_text("default", first.default, names=[])}
    folder.mkdir()
    if len(cases) == 1:
        name = "example-health-plan"
        _write_policies(folder, texts | {name: policy_text(name, first.policy, names=[PAYER])})
        return _run(folder, first.lines, first.absent, rules, first.history)
    lines = []
    for number, case in cases:
        name = f"case-{number}"
        texts[name] = policy_text(name, case.policy, names=[f"{PAYER} {number:04}"])
        lines += [_own(line, number) for line in case.lines]
    _write_policies(folder, texts)
    random.Random(seed).shuffle(lines)
    return _run(folder, lines, first.absent, rules)


Rows = dict[str, dict[str, str]]
"""Rows of a table by claim and line."""


def _of_cases(table: pl.DataFrame, cases: Sequence[Numbered]) -> Iterator[tuple[Case, Rows]]:
    """The rows of each case for its rule, without what was put there to make them its own."""
    for number, case in cases:
        rows = table.filter(pl.col("rule") == case.rule)
        if len(cases) > 1:
            texts = pl.col(pl.String).str.replace_all(rf"\b{number}:| {number:04}\b", "")
            rows = rows.filter(pl.col("claim_id").str.starts_with(f"{number}:")).with_columns(texts)
        named = {f"{r['claim_id']}/{r['claim_line_number']}": r for r in rows.rows(named=True)}
        yield case, named


@pytest.mark.parametrize("rule", dict.fromkeys(case.rule for case in CASES))
def test_cases_of_rule(rule: str, tmp_path: Path) -> None:
    assert rule in BY_CODE, f"CATALOGUE has no rule {rule}"
    own = [(number, case) for number, case in enumerate(CASES) if case.rule == rule]
    for n, cases in enumerate(_batches(own)):
        result = _check(tmp_path / str(n), cases, [BY_CODE[rule]], seed=n)
        for case, flagged in _of_cases(findings.as_table(result), cases):
            assert sorted(flagged) == sorted(case.findings), case.name
            for row in flagged.values():
                codes = filter(None, (row["group_code"], row["carc"], row["rarc"]))
                texts = row | {"denial": " ".join(codes)}
                assert {key: texts[key] for key in case.texts} == case.texts, case.name
                assert row["source_title"], f"{case.name}: a finding names no source"
        for case, unchecked in _of_cases(findings.not_checked_rows(result), cases):
            assert sorted(unchecked) == sorted(case.not_checked), case.name
            if case.reason is not None:
                assert {row["reason"] for row in unchecked.values()} == {case.reason}, case.name


@pytest.mark.slow
def test_all_cases_together(tmp_path: Path) -> None:
    every = [(n, c) for n, c in enumerate(CASES) if c.history is None and not c.alone]
    for n, cases in enumerate(_batches(every)):
        result = _check(tmp_path / str(n), cases, CATALOGUE, seed=77092)
        for case, flagged in _of_cases(findings.as_table(result), cases):
            assert sorted(flagged) == sorted(case.findings), f"{case.rule}: {case.name}"
        for case, unchecked in _of_cases(findings.not_checked_rows(result), cases):
            assert sorted(unchecked) == sorted(case.not_checked), f"{case.rule}: {case.name}"


def _own(line: dict[str, str], number: int) -> dict[str, str]:
    own = dict(line)
    own["claim_id"] = f"{number}:{line['claim_id']}" if line["claim_id"] else ""
    if line.get("original_reference_number"):
        own["original_reference_number"] = f"{number}:{line['original_reference_number']}"
    own["person_id"] = f"{number}:{line['person_id']}" if line["person_id"] else ""
    if line["payer"]:
        own["payer"] = f"{line['payer']} {number:04}"
    return own
