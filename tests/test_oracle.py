"""The engine and the row-by-row oracle agree on every outcome of generated batches.

Also properties that need no oracle: an outcome depends on a line and on the other lines of its
claim and day, so the order of rows, a split into files at claims and rows of other services change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from cpt77092.rules import CATALOGUE
from tests.agreement import AS_OF, Outcomes, Place, World, disagreement, enlarged, scrub, shipped
from tests.claim_strategies import Batch, batches, large_runs, runs, vocabulary
from tests.oracle import DIAGNOSES, ROOT, RULES, Row, judge

# What fails is a batch, and a batch is long: let it be shown.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
    pytest.mark.no_cover,  # thousands of batches over the lines that the cases of rules cover
]

# Policies are read when a test runs, not when tests are collected.
LARGE_SHIPPED_RUNS = st.deferred(lambda: large_runs(vocabulary(shipped().plain, AS_OF)))
"""A large batch in the words of the shipped policies, and perhaps a history."""
LARGE_ENLARGED_RUNS = st.deferred(lambda: large_runs(vocabulary(enlarged().plain, AS_OF)))
"""The same in the words of all policies."""
ENLARGED_RUNS = st.deferred(lambda: runs(vocabulary(enlarged().plain, AS_OF)))
"""A small one, of which Hypothesis draws half."""
ENLARGED = st.deferred(lambda: batches(vocabulary(enlarged().plain, AS_OF)))
NUMBERED = st.deferred(lambda: batches(vocabulary(enlarged().plain, AS_OF), numbered=True))
"""Every row has a line number of its own, which identifies it wherever it moves."""
NUMBERED_RUNS = st.deferred(lambda: runs(vocabulary(enlarged().plain, AS_OF), numbered=True))

ORDINARY = settings(
    max_examples=7,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # `assert_agree` leaves out rows faster than Hypothesis shrinks
    # A batch is large, and so are two of them; none of these checks is about what is tested.
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
SAMPLE = settings(ORDINARY, max_examples=5)
"""Quick enough for every run; the long properties are marked slow."""


# --- against the oracle -----------------------------------------------------------------------


def test_oracle_and_catalogue_agree_on_what_each_rule_looks_at() -> None:
    looked_at = {rule.code: (str(rule.severity), rule.codes) for rule in CATALOGUE}
    assert {code: (rule.severity, rule.applies) for code, rule in RULES.items()} == {
        code: looked_at.get(code) for code in RULES
    }


def assert_agree(files: Sequence[Batch], world: World, history: Batch | None = None) -> None:
    """Compare, and where they disagree leave out rows until only those remain that matter."""
    for rows in (*files, history or []):
        note("\n".join(str(row) for row in rows))
    differences = disagreement(files, world, history)
    for number, rows in enumerate(files if differences else ()):
        for row in reversed(rows):
            fewer = [[kept for kept in part if kept is not row] for part in files]
            if fewer[number] and (still := disagreement(fewer, world, history)):
                files, differences = fewer, still
    for row in list(history or []) if differences else []:
        less = [kept for kept in history or [] if kept is not row]
        if less and (still := disagreement(files, world, less)):
            history, differences = less, still
    report = [*differences, "in:", *(str(row) for rows in files for row in rows)]
    report += ["with the history:", *(str(row) for row in history or [])]
    assert not differences, "\n".join(report)


@SAMPLE
@given(run=ENLARGED_RUNS)
def test_engine_agrees_with_oracle_on_a_sample(run: tuple[Batch, Batch | None]) -> None:
    rows, history = run
    assert_agree([rows], enlarged(), history)


@pytest.mark.slow
@ORDINARY
@given(run=LARGE_SHIPPED_RUNS)
def test_engine_agrees_with_oracle_on_shipped_policies(run: tuple[Batch, Batch | None]) -> None:
    rows, history = run
    assert_agree([rows], shipped(), history)


@pytest.mark.slow
@ORDINARY
@given(run=LARGE_ENLARGED_RUNS)
def test_engine_agrees_with_oracle_on_policies_of_every_shape(
    run: tuple[Batch, Batch | None],
) -> None:
    rows, history = run
    assert_agree([rows], enlarged(), history)


@pytest.mark.slow
@ORDINARY
@given(files=st.tuples(ENLARGED, ENLARGED))
def test_engine_agrees_with_oracle_on_files_with_different_columns(
    files: tuple[Batch, Batch],
) -> None:
    assert_agree(files, enlarged())


# These rules need no column that a file may lack, and no policy.
NEVER_OPEN = {"DT001", "ID005", "ID006", "IN001"}


@pytest.mark.slow
def test_generated_batches_bring_every_rule_to_every_outcome() -> None:
    """Agreement on batches that bring no rule to an outcome would prove nothing."""
    every = {(rule, outcome) for rule in RULES for outcome in ("finding", "clear", "not checked")}
    wanted = every - {(rule, "not checked") for rule in NEVER_OPEN}
    seen: set[tuple[str, str]] = set()

    # The rarest outcome is in one large batch of some dozens; once all are seen, nothing is judged.
    @settings(ORDINARY, max_examples=200)
    @given(run=LARGE_ENLARGED_RUNS)
    def look(run: tuple[Batch, Batch | None]) -> None:
        if seen >= wanted:
            return
        rows, history = run
        verdict = judge(rows, enlarged().plain, AS_OF, history)
        seen.update((rule, "finding") for _, rule, _ in verdict.findings)
        seen.update((rule, "clear") for _, rule in verdict.clear)
        seen.update((rule, "not checked") for _, rule in verdict.not_checked)

    look()
    assert seen == wanted


ICD_LIST = ROOT.parent / "shared" / "reference" / "icd-10-cm-2026-april-all-codes.txt"


@pytest.mark.skipif(not ICD_LIST.exists(), reason="the list of diagnoses is not on this machine")
def test_sample_of_diagnoses_agrees_with_the_whole_list() -> None:
    codes = set(ICD_LIST.read_text(encoding="utf-8").split())
    beginnings = {code[:end] for code in codes for end in range(3, len(code))}

    def state(code: str) -> str:
        if code not in codes:
            return "unknown"
        return "heading" if code in beginnings else "billable"

    assert {code: state(code) for code in DIAGNOSES} == DIAGNOSES


@pytest.mark.parametrize("module", ["oracle.py", "oracle_texts.py"])
def test_oracle_shares_no_code_with_the_package(module: str) -> None:
    text = (ROOT / "tests" / module).read_text(encoding="utf-8")
    assert "\nimport cpt77092" not in text
    assert "\nfrom cpt77092" not in text


# --- without the oracle -----------------------------------------------------------------------


def _number(files: Sequence[Batch]) -> Callable[[Place], str]:
    return lambda place: files[place[0]][place[1]]["claim_line_number"]


@pytest.mark.slow
@ORDINARY
@given(run=NUMBERED_RUNS, data=st.data())
def test_order_of_rows_changes_nothing(
    run: tuple[Batch, Batch | None], data: st.DataObject
) -> None:
    rows, history = run
    shuffled = data.draw(st.permutations(rows))
    turned = None if history is None else history[::-1]
    policies = enlarged().packaged
    before, after = scrub([rows], policies, history), scrub([shuffled], policies, turned)
    assert before.named(_number([rows])) == after.named(_number([shuffled]))


def _split(rows: Batch, data: st.DataObject) -> tuple[Batch, Batch]:
    """Two parts of a batch, every claim whole in one of them."""
    claims = sorted({row["claim_id"] for row in rows})
    some = st.sets(st.sampled_from(claims), min_size=1, max_size=max(1, len(claims) - 1))
    moved = data.draw(some)
    stay = [row for row in rows if row["claim_id"] not in moved]
    return stay, [row for row in rows if row["claim_id"] in moved]


@pytest.mark.slow
@ORDINARY
@given(run=NUMBERED_RUNS, data=st.data())
def test_splitting_a_file_at_claims_changes_nothing(
    run: tuple[Batch, Batch | None], data: st.DataObject
) -> None:
    rows, history = run
    parts = [part for part in _split(rows, data) if part]
    policies = enlarged().packaged
    before, after = scrub([rows], policies, history), scrub(parts, policies, history)
    assert before.named(_number([rows])) == after.named(_number(parts))


@pytest.mark.slow
@ORDINARY
@given(rows=NUMBERED, data=st.data())
def test_rows_of_other_services_change_nothing(rows: Batch, data: st.DataObject) -> None:
    mixed = list(rows)
    others = ("99213", "99214", "0554T", "G0444")
    assert not enlarged().plain.partners.intersection(others)
    for code in data.draw(st.lists(st.sampled_from(others))):
        # A claim's own rows may have its diagnoses, whatever they bill.
        stranger: Row = {**data.draw(st.sampled_from(rows)), "hcpcs_code": code, "claim_id": "X"}
        mixed.insert(data.draw(st.integers(0, len(mixed))), stranger)
    policies = enlarged().packaged
    before, after = scrub([rows], policies), scrub([mixed], policies)
    assert before.named(_number([rows])) == after.named(_number([mixed]))


@pytest.mark.slow
@ORDINARY
@given(rows=NUMBERED, data=st.data())
def test_claims_in_history_count_as_those_in_the_batch(rows: Batch, data: st.DataObject) -> None:
    """An earlier service and a scan count wherever they are."""
    assume("person_id" in rows[0])  # a history without patients is refused
    for row in rows:
        row.pop("paid_amount", None)  # which is read of earlier claims alone, as is this:
        row.pop("allowed_amount", None)
    stay, moved = _split(rows, data)
    assume(stay and moved)
    numbers = {row["claim_id"] for row in stay}
    for (
        row
    ) in moved:  # an earlier void is of an earlier sending, one of the batch is of the batch's
        if row.get("original_reference_number") in numbers:
            row["original_reference_number"] = ""
    policies = enlarged().packaged
    before, after = scrub([rows], policies), scrub([stay], policies, moved)
    number, left = _number([rows]), {row["claim_line_number"] for row in stay}

    def flagged(outcomes: Outcomes, name: Callable[[Place], str]) -> set[tuple[str, str]]:
        return {
            (name(place), rule)
            for place, rule, _ in outcomes.findings
            if rule in ("FR002", "BU004") and name(place) in left
        }

    assert flagged(before, number) == flagged(after, _number([stay]))
