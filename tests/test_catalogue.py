"""The catalogue keeps its promises: one stem for a rule's file, cases and name, and a full page."""

from __future__ import annotations

import ast
import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest

from cpt77092 import __version__
from cpt77092.claims.columns import BY_NAME
from cpt77092.engine import fields_of, names_read
from cpt77092.facts import FACTS, PAYER, closure
from cpt77092.findings.not_checked import reason_inputs
from cpt77092.policies import PARAMETERS
from cpt77092.policies.table import PARTS
from cpt77092.rule import CHECKED, FixKind, Rule
from cpt77092.rules import BY_CODE, CATALOGUE
from tests.rule_cases import FOLDER, KINDS, cases_of

PACKAGE = Path(__file__).parents[1] / "cpt77092"
REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
FOREIGN_WORDS = (
    r"\b(beside|mend\w*|hand(?:ed|s)? in|says|on file|notice|whole (?:test|service)|scans?|"
    r"(?:the|a) reads?|place \d\d|[a-z]+isation)\b"
)
"""Not said in US billing: with, fix, submit, ABN, global, DXA, interpretation and POS are."""
HEADINGS = ("Why:", "Basis:", "Clear:", "Not checked:")
MODULES = sorted((PACKAGE / "rules").glob("[a-z]*[0-9]_*.py"))
BANNED_STARTS = ("do-not", "use", "prefer", "check", "no", "missing", "invalid", "require", "avoid")
ENGINE_COLUMNS = {
    "line",
    "source",
    "source_row",
    "claim_diagnoses",
    "damaged_code",
    "is_past",
    "policy_row",
    "as_of_date",
    "payer_policy",
    "payer_is_known",
    "payer_is_named",
    "payer_label",
    "payer_proposal",
    "payer_kind",
    "payer_is_self_pay",
    "payer_number",
    "payer_conflict",
    PAYER,
    "policy_number",
    "code_number",
}
RENDERED_COLUMNS = {
    "payer_name",
    "source_title",
    "source_at",
    "source_url",
    "in_force_from",
    "confidence",
    "decided_by",
    "contradicted_title",
    "contradicted_at",
}

each_rule = pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)


def stem(rule: Rule) -> str:
    return f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


def test_every_module_is_in_the_catalogue_once_and_in_order() -> None:
    assert [stem(rule) for rule in sorted(CATALOGUE, key=stem)] == [m.stem for m in MODULES]
    subjects = [rule.code[:2] for rule in CATALOGUE]
    assert subjects == sorted(subjects, key=list(dict.fromkeys(subjects)).index)
    for earlier, later in pairwise(CATALOGUE):
        assert earlier.code[:2] != later.code[:2] or earlier.code < later.code
    assert set(BY_CODE) == {rule.code for rule in CATALOGUE}


@each_rule
def test_a_rule_is_named_for_what_it_flags(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{2}\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert not rule.name.startswith(tuple(f"{word}-" for word in BANNED_STARTS))


@each_rule
def test_a_page_has_a_title_and_the_four_headings_in_order(rule: Rule) -> None:
    lines = rule.doc.strip().splitlines()
    assert lines[0].endswith(".")
    assert len(lines[0]) <= 80
    assert not lines[1]
    assert [h for line in lines for h in HEADINGS if line.startswith(h)] == list(HEADINGS)
    for heading in HEADINGS:
        text = rule.doc.split(heading)[1]
        assert len(text.split()) >= 3, f"{heading} says nothing"


@each_rule
def test_a_rule_uses_the_words_of_us_billing(rule: Rule) -> None:
    text = "\n".join([rule.doc, *rule.templates, rule.source.short() if rule.source else ""])
    assert re.findall(FOREIGN_WORDS, re.sub(r"\{\w+\}", "", text), re.IGNORECASE) == []


@each_rule
def test_a_rule_has_cases_of_all_four_kinds(rule: Rule) -> None:
    cases = cases_of(FOLDER / f"{stem(rule)}.yaml")
    assert {case.rule for case in cases} == {rule.code}
    missing = set(KINDS) - {case.kind for case in cases}
    # A rule that says it is always checkable has no line on which it is not.
    never = re.search(r"Not checked: never", rule.doc)
    assert missing <= ({"not checked"} if never else set())
    assert all(case.findings for case in cases if case.kind == "bad")
    assert not any(case.findings or case.not_checked for case in cases if case.kind == "good")
    assert never or all(case.not_checked for case in cases if case.kind == "not checked")
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)


@each_rule
def test_every_text_of_a_rule_is_in_a_case_word_for_word(rule: Rule) -> None:
    """So no wording, and no number in it, changes without a change of a case."""
    cases = cases_of(FOLDER / f"{stem(rule)}.yaml")
    for key, choices in (("message", rule.messages), ("fix", rule.remedies)):
        for choice in choices:
            pattern = re.sub(r"\\{\w+\\}", r'[^"]+', re.escape(choice.text))
            texts = [case.texts.get(key, "") for case in cases]
            assert any(re.fullmatch(pattern, text) for text in texts), choice.text


def test_every_case_file_belongs_to_a_rule() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == {stem(rule) for rule in CATALOGUE}


@each_rule
def test_a_rule_rests_on_a_parameter_or_a_source_of_its_own(rule: Rule) -> None:
    assert (rule.parameter is None) != (rule.source is None)
    assert rule.parameter is None or rule.parameter in PARAMETERS
    for denial in rule.denials:
        assert bool(denial.group) == bool(denial.carc)
        # X12: CARC 16 must come with a remark that says what is missing.
        assert denial.carc != "16" or denial.rarc
    assert all(denial.when is not None for denial in rule.other_denials)


@each_rule
def test_a_rule_names_only_columns_facts_and_parameters_that_exist(rule: Rule) -> None:
    facts, plain = closure(names_read([rule]))
    assert facts == [FACTS[fact.name] for fact in facts]
    for name in plain:
        known = name.removesuffix(".state").removesuffix(".level").removesuffix(".is_recalled")
        if known.startswith("policy."):
            parameter, _, part = known.removeprefix("policy.").partition(".")
            assert parameter in PARAMETERS
            assert part in {"", *PARTS}
        else:
            assert known in BY_NAME.keys() | ENGINE_COLUMNS | RENDERED_COLUMNS, name


@each_rule
def test_no_rule_is_older_or_newer_than_it_can_be(rule: Rule) -> None:
    def version(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    assert [0, 1, 0] <= version(rule.since) <= version(__version__)


@each_rule
def test_messages_and_remedies_end_with_one_that_always_fits(rule: Rule) -> None:
    assert rule.remedies
    assert [r.when is None for r in rule.remedies] == [False] * (len(rule.remedies) - 1) + [True]
    assert [m.when is None for m in rule.messages] == [False] * len(rule.other_messages) + [True]
    assert all(remedy.kind in FixKind for remedy in rule.remedies)
    for text in rule.templates:
        assert text.endswith(".")
        assert "person_id" not in fields_of(text)


@each_rule
def test_a_rule_looks_at_checked_codes_only_and_can_name_a_reason(rule: Rule) -> None:
    assert rule.codes
    assert rule.codes <= CHECKED
    assert reason_inputs(rule)


@each_module
def test_a_rule_keeps_to_three_valued_logic(module: Path) -> None:
    """What is not three-valued in Polars stays out of `flag`, with years and code lists."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    flag = next(node.value for node in keywords if node.arg == "flag")
    banned = {
        "when",
        "then",
        "otherwise",
        "is_null",
        "is_not_null",
        "fill_null",
        "any",
        "all",
        "sum",
        "over",
        "map_elements",
        "map_batches",
        "lit",
        "filter",
        "eq_missing",
        "ne_missing",
    }
    used = {node.attr for node in ast.walk(flag) if isinstance(node, ast.Attribute)}
    assert not used & banned
    names = {node.id for node in ast.walk(flag) if isinstance(node, ast.Name)}
    imported = {
        alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert names <= imported | {"pl", "sorted"}, "part of the flag is elsewhere in the module"
    assert not any(isinstance(node, ast.And | ast.Or | ast.Not) for node in ast.walk(flag))
    texts = [n.value for n in ast.walk(flag) if isinstance(n, ast.Constant)]
    assert not any(
        isinstance(text, str) and re.search(r"\d{4}|^[A-Z0-9]{5}$", text) for text in texts[1:]
    )


@each_module
def test_a_rule_names_no_payer_in_code(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            payer = re.search(
                r"medicare|aetna|cigna|united|bcbs|blue cross|humana|regence|texas",
                node.value,
                re.I,
            )
            assert payer is None or id(node) in docstrings, node.value


@pytest.mark.slow
def test_no_loop_over_rows_where_the_lines_are() -> None:
    """Rows are looped over only to print a few, to name reasons, or to build small tables."""
    allowed = {
        ("analysis/claim_trace.py", "iter_rows"),  # the lines of one claim
        ("whole.py", "iter_rows"),  # the ways in which payers are named
        ("cms_files/opened.py", "iter_rows"),  # a workbook of CMS, as its text files are read
        ("findings/since.py", "iter_rows"),  # counts per status and severity
        ("findings/totals.py", "iter_rows"),  # counts per rule and payer
        ("analysis/finding_changes.py", "iter_rows"),  # payers, months, findings that are shown
        ("analysis/policy_examples.py", "iter_rows"),  # the findings of a few examples
        ("split/held_claims.py", "iter_rows"),  # the ways in which payers are named
        ("split/__init__.py", "iter_rows"),  # where rows go, one of each run of rows
        ("readers/copying/table.py", "iter_slices"),  # blocks of a sheet
        ("spark/files.py", "iter_slices"),  # blocks of lines on their way to Spark
        ("followup/accepted.py", "iter_rows"),  # the findings that decisions name
        ("grading/compose.py", "iter_rows"),  # the lines that are shown
        ("grading/grades.py", "iter_rows"),  # sums per payer and month, counts per outcome
        ("grading/payments.py", "iter_rows"),  # sums per payer and code
        ("profile/measures.py", "iter_rows"),  # sums per payer, month and code
        ("readers/batch.py", "iter_rows"),  # row kinds and commonest codes
        ("readers/unread_columns.py", "iter_rows"),  # different cells that may be modifiers
        ("readers/excel.py", "iter_rows"),  # the first rows, in which the header is looked for
        ("readers/x12/envelope.py", "iter_rows"),  # kinds of transaction, trailers that are off
        ("reports/check/accepted_notes.py", "iter_rows"),  # the findings that are shown
        ("reports/check/claim_blocks.py", "iter_rows"),  # the findings that are shown
        ("reports/check/rollup_table.py", "iter_rows"),  # the lines or claims that are shown
        ("reports/check/html.py", "iter_rows"),  # the findings that are shown, names of payers
        ("reports/check/xlsx.py", "iter_rows"),  # the findings that are listed
        ("reports/rule_pages.py", "iter_rows"),  # sources
        ("reports/check/summary.py", "iter_rows"),  # the rejects that are shown
    }
    banned = {"map_elements", "iter_rows", "rows", "to_dicts", "iter_slices", "apply"}
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = node.func.attr
                assert called not in banned or (name, called) in allowed, f"{name}:{node.lineno}"


def test_no_clock_outside_the_command_line() -> None:
    for file in PACKAGE.rglob("*.py"):
        if file.parent.name != "cli":
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"\b(today|now|utcnow|time)\(\)", text), file.name


def test_predicted_codes_are_in_force() -> None:
    file = REFERENCE / "adjustment-codes.csv"
    if not file.exists():
        pytest.skip(f"{file} is not on this machine")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if not r["adj_end_date"]]
    carc = {r["adj_code"] for r in rows if r["adj_type"] == "CARC"}
    rarc = {r["adj_code"] for r in rows if r["adj_type"] == "RARC"}
    assert carc
    assert rarc
    for rule in CATALOGUE:
        for denial in rule.denials:
            assert denial.carc in carc | {""}, rule.code
            assert denial.rarc in rarc | {""}, rule.code
