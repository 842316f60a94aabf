"""The engine and the row-by-row oracle agree on every outcome of generated batches.

Also properties that need no oracle: an outcome depends on a line and on the other lines of its
claim and day, so the order of rows, a split into files at claims and rows of other services change
nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from cpt77092 import findings
from cpt77092.engine import Result, check, needed_columns
from cpt77092.policies import PolicySet, load_policies
from cpt77092.readers import Options, read_batch, read_history
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import CATALOGUE
from tests.claim_strategies import Batch, batches, runs, vocabulary
from tests.large_batch_path import large_batch
from tests.oracle import DIAGNOSES, ROOT, RULES, Policies, Row, judge, read_policies

AS_OF = date(2026, 11, 23)
# What fails is a batch, and a batch is long: let it be shown.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

# Payers that do what no payer on file does: a required 26, recalled sources, ends, gaps, values of
# groups under values of codes, pairs of every sort, and a chain of three.
MORE_POLICIES = {
    "oracle-strict": """
        payer: oracle-strict
        label: Oracle Strict
        matches: {names: [strict health plan], payer_ids: ["77001"], unless: [advantage, dual plan]}
        sources:
          manual: {title: Manual, confidence: primary}
          memory: {title: Memory, confidence: recalled}
        codes:
          all:
            max_units_per_day:
              2023-01-01: {value: 2, source: manual}
              2024-07-01: {value: 1, source: memory}
            inapplicable_modifiers:
              2022-01-01: {value: ["50", LT], source: manual}
              2026-03-02: {value: ["25"], source: manual}
            facility_place_of_service:
              2022-01-01: {value: ["22", "24"], source: memory}
            notice_modifiers:
              2022-01-01: {value: [[GA, GZ], [GX, GA]], source: manual}
            bypass_modifiers:
              2022-01-01: {value: ["59", XU], source: manual}
              2024-07-01: {value: ["59", KX], source: memory}
              2026-03-03: {ended: true, source: manual}
            timely_filing:
              2022-01-01: {value: 90 days, source: memory}
              2024-07-01: {value: 12 months, source: manual}
              2026-03-02: {value: 90 days, source: manual}
            timely_filing_replacement:
              2022-01-01: {value: 120 days, source: memory}
              2024-07-01: {value: 18 months, source: manual}
            claim_frequency_codes:
              2022-01-01: {value: ["1"], source: manual}
              2024-07-01: {value: ["1", "7"], source: memory}
            ordering_provider:
              2022-01-01: {value: required, source: manual}
              2024-06-30: {value: required, source: memory}
              2026-03-02: {value: not_required, source: manual}
            supporting_diagnoses:
              2022-01-01: {value: [M80.0-, M81.0, "Z78.0", M85.8-], source: manual}
              2026-03-03: {value: [M81-], source: memory}
            excluded_diagnoses:
              2023-01-01: {value: [M85.80, N95.-], source: manual}
              2026-03-03: {ended: true, source: manual}
          tbs_family:
            coverage:
              2022-01-01: {value: investigational, source: manual}
              2024-07-01: {value: contractor_decides, source: manual}
              2026-03-02: {value: not_covered, source: memory}
            prior_authorization:
              2023-01-01: {value: required, source: manual}
              2024-07-01: {value: required, source: memory}
              2026-03-02: {value: not_required, source: manual}
            min_months_between:
              2022-01-01: {value: 23, source: memory}
              2026-03-03: {value: 11, source: manual}
            fee:
              2022-01-01: {value: 45.01, source: manual}
              2026-03-02: {ended: true, source: manual}
            pairs:
              2022-01-01: {value: [{with: "36592", denied: "36592", bypass: true}], source: manual}
            modifier_26:
              2022-01-01: {value: accepted, source: manual}
            technical_in_facility:
              2023-01-01: {value: not_payable, source: memory}
              2026-03-02: {value: payable, source: manual}
            place_of_service:
              2023-01-01: {value: ["11", "22"], source: manual}
              2026-03-02: {ended: true, source: manual}
            modifier_tc:
              2022-01-01: {value: not_allowed, source: memory}
          companions:
            modifier_26:
              2022-01-01: {value: accepted, source: manual}
            max_units_per_day:
              2022-01-01: {value: 3, source: manual}
            fee:
              2022-01-01:
                value: {whole: 60.50, professional: 15.25, technical: 45.25}
                source: manual
              2024-07-01: {value: {whole: 153.11, professional: 45.00}, source: memory}
            place_of_service:
              2022-01-01: {value: ["11", "49"], source: memory}
          77080:
            pairs:
              2022-01-01:
                value:
                  - {with: "77085", denied: "77080", bypass: false}
                  - {with: G0130, denied: "77080", bypass: true}
                  - {with: "36591", denied: "36591", bypass: true}
                source: manual
              2024-07-01: {value: [{with: "77085", denied: "77080", bypass: true}], source: memory}
          77081:
            pairs:
              2022-01-01:
                value:
                  - {with: "77080", denied: "77081", bypass: true}
                  - {with: "77092", denied: "77081", bypass: false}
                source: manual
          77092:
            pairs:
              2022-01-01: {value: [{with: "36591", denied: "36591", bypass: false}], source: memory}
              2024-07-01:
                value:
                  - {with: "36591", denied: "36591", bypass: false}
                  - {with: "96523", denied: "96523", bypass: true}
                  - {with: 0749T, denied: "77092", bypass: true}
                source: manual
            modifier_26:
              2022-01-01: {value: required, source: manual}
              2024-07-01: {value: required, source: memory}
              2026-03-03: {value: not_allowed, source: memory}
          77089:
            in_force:
              2023-01-01: {value: true, source: memory}
              2026-03-03: {ended: true, source: memory}
            pairs:
              2022-01-01:
                value:
                  - {with: "77090", denied: "77089", bypass: true}
                  - {with: "77091", denied: "77089", bypass: true}
                  - {with: "77092", denied: "77089", bypass: false}
                  - {with: "36591", denied: "36591", bypass: false}
                  - {with: 0749T, denied: "77089", bypass: true}
                source: manual
              2026-03-02:
                value:
                  - {with: "77092", denied: "77089", bypass: true}
                  - {with: "77080", denied: "77089", bypass: true}
                source: memory
    """,
    "oracle-child": """
        payer: oracle-child
        label: Oracle Child
        matches: {names: ["child, plan"], payer_ids: ["77002"]}
        follows: oracle-strict
        sources:
          letter: {title: Letter, confidence: secondary}
        codes:
          77092:
            modifier_26:
              2023-01-01: {not_available: nothing was found}
              2024-06-30: {value: required, source: letter}
              2024-07-01: {not_available: taken from the site}
              2026-03-03: {ended: true, source: letter}
            max_units_per_day:
              2023-01-01: {value: 2, source: letter}
              2026-03-02: {ended: true, source: letter}
            min_months_between:
              2024-07-01: {value: 23, source: letter}
              2026-03-02: {value: 0, source: letter}
            excluded_diagnoses:
              2022-01-01: {value: [M81.0, E28.3-], source: letter}
            coverage:
              2023-01-01: {not_available: nothing was found}
              2026-03-02: {value: adjunct, source: letter}
          all:
            claim_frequency_codes:
              2022-01-01: {value: ["1", "7", "8"], source: letter}
            timely_filing_replacement:
              2024-07-01: {value: 12 months, source: letter}
            timely_filing:
              2024-07-01: {value: 120 days, source: letter}
              2026-11-01: {ended: true, source: letter}
            bypass_modifiers:
              2022-01-01: {not_available: nothing was found}
              2026-03-02: {value: [XU], source: letter}
    """,
    "oracle-silent": """
        payer: oracle-silent
        label: Oracle Silent
        matches: {names: [silent], payer_ids: ["77003"]}
        sources:
          site: {title: Site, confidence: primary}
        codes:
          tbs_family:
            modifier_26:
              2022-01-01: {not_available: no position was found}
            coverage:
              2022-01-01: {not_available: no position was found}
              2025-06-15: {value: not_covered, source: site}
            place_of_service:
              2025-06-15: {value: ["22"], source: site}
          companions:
            pairs:
              2023-01-01: {value: [{with: "96523", denied: "96523", bypass: true}], source: site}
          77091:
            in_force:
              2023-01-01: {value: true, source: site}
          77092:
            typical_place_of_service:
              2024-07-01: {value: ["11"], source: site}
    """,
}


@dataclass(frozen=True)
class World:
    """One set of policies, as the package and as the oracle read it."""

    packaged: PolicySet
    plain: Policies


@cache
def shipped() -> World:
    """Policies as they are shipped."""
    return World(load_policies(), read_policies(ROOT / "policies"))


@cache
def enlarged() -> World:
    """Shipped policies and those of `MORE_POLICIES`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for stem, text in MORE_POLICIES.items():
            (folder / f"{stem}.yaml").write_text(dedent(text), encoding="utf-8")
        return World(load_policies(folder), read_policies(ROOT / "policies", folder))


# Policies are read when a test runs, not when tests are collected.
SHIPPED_RUNS = st.deferred(lambda: runs(vocabulary(shipped().plain, AS_OF)))
"""A batch in the words of the shipped policies, and perhaps a history."""
ENLARGED_RUNS = st.deferred(lambda: runs(vocabulary(enlarged().plain, AS_OF)))
"""The same in the words of all policies."""
ENLARGED = st.deferred(lambda: batches(vocabulary(enlarged().plain, AS_OF)))
NUMBERED = st.deferred(lambda: batches(vocabulary(enlarged().plain, AS_OF), numbered=True))
"""Every row has a line number of its own, which identifies it wherever it moves."""
NUMBERED_RUNS = st.deferred(lambda: runs(vocabulary(enlarged().plain, AS_OF), numbered=True))

ORDINARY = settings(
    max_examples=100,
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
FEWER = settings(ORDINARY, max_examples=25)
SAMPLE = settings(ORDINARY, max_examples=8)
"""Quick enough for every run; the long properties are marked slow."""


# --- running the package ----------------------------------------------------------------------

Place = tuple[int, int]
"""Number of the file, and of the row in it, from 0."""


@dataclass
class Outcomes:
    """The outcomes of the package for each line, of the rules that the oracle knows."""

    findings: set[tuple[Place, str, str]]
    not_checked: set[tuple[Place, str]]

    def named(self, name: Callable[[Place], object]) -> tuple[set[object], set[object]]:
        """Give every line a name that a change of files leaves alone."""
        return (
            {(name(place), rule, severity) for place, rule, severity in self.findings},
            {(name(place), rule) for place, rule in self.not_checked},
        )


def scrub(files: Sequence[Batch], policies: PolicySet, history: Batch | None = None) -> Outcomes:
    """Write the files and run the package over them."""
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"claims-{n}.csv") for n in range(len(files))]
        for path, rows in zip(paths, files, strict=True):
            _write(path, rows)
        earlier = []
        if history is not None:
            earlier = [str(Path(folder) / "history.csv")]
            _write(earlier[0], history)
        # Every other batch is computed as a large one.
        with large_batch() if len(files[0]) % 2 else nullcontext():
            result = _run(paths, earlier, policies)
        flagged = findings.as_table(result).to_dicts()
        unchecked = findings.not_checked_rows(result).to_dicts()

    def place(row: dict[str, object]) -> Place:
        assert isinstance(row["source_row"], int)
        # A spreadsheet counts from 1, and the header is its first row.
        return paths.index(str(row["source_file"])), row["source_row"] - 2

    return Outcomes(
        {(place(r), r["rule"], r["severity"]) for r in flagged if r["rule"] in RULES},
        {(place(r), r["rule"]) for r in unchecked if r["rule"] in RULES},
    )


def _run(paths: Sequence[str], earlier: Sequence[str], policies: PolicySet) -> Result:
    """Read batch and history with the package and check them."""
    needed, scope = needed_columns(CATALOGUE), CHECKED | policies.partner_codes()
    batch = read_batch(paths, needed=needed, scope=scope, options=Options(), past=earlier)
    history = None
    if earlier:
        history = read_history(earlier, batch=batch, needed=needed, scope=scope, options=Options())
    return check(batch, policies, CATALOGUE, as_of=AS_OF, history=history)


def _write(path: str, rows: Batch) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# --- against the oracle -----------------------------------------------------------------------


def test_oracle_and_catalogue_agree_on_what_each_rule_looks_at() -> None:
    looked_at = {rule.code: (str(rule.severity), rule.codes) for rule in CATALOGUE}
    assert {code: (rule.severity, rule.applies) for code, rule in RULES.items()} == {
        code: looked_at.get(code) for code in RULES
    }


def disagreement(files: Sequence[Batch], world: World, history: Batch | None) -> list[str]:
    """Every outcome that only one of the two came to, with its line."""
    places = [(number, row) for number, rows in enumerate(files) for row in range(len(rows))]
    lines = [row for rows in files for row in rows]
    verdict = judge(lines, world.plain, AS_OF, history)
    got = scrub(files, world.packaged, history)
    oracle = {(places[line], rule, severity) for line, rule, severity in verdict.findings} | {
        (places[line], rule, "not checked") for line, rule in verdict.not_checked
    }
    engine = got.findings | {(place, rule, "not checked") for place, rule in got.not_checked}
    return [
        f"{rule} {outcome}: only the {who} has this for row {row}: {files[number][row]}"
        for who, only in (("oracle", oracle - engine), ("engine", engine - oracle))
        for (number, row), rule, outcome in sorted(only)
    ]


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
@given(run=SHIPPED_RUNS)
def test_engine_agrees_with_oracle_on_shipped_policies(run: tuple[Batch, Batch | None]) -> None:
    rows, history = run
    assert_agree([rows], shipped(), history)


@pytest.mark.slow
@ORDINARY
@given(run=ENLARGED_RUNS)
def test_engine_agrees_with_oracle_on_policies_of_every_shape(
    run: tuple[Batch, Batch | None],
) -> None:
    rows, history = run
    assert_agree([rows], enlarged(), history)


@pytest.mark.slow
@FEWER
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

    # The rarest outcome is in one batch of some hundreds; once all are seen, nothing is judged.
    @settings(ORDINARY, max_examples=2000)
    @given(run=ENLARGED_RUNS)
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


def test_oracle_shares_no_code_with_the_package() -> None:
    text = (ROOT / "tests" / "oracle.py").read_text(encoding="utf-8")
    assert "\nimport cpt77092" not in text
    assert "\nfrom cpt77092" not in text


# --- without the oracle -----------------------------------------------------------------------


def _number(files: Sequence[Batch]) -> Callable[[Place], str]:
    return lambda place: files[place[0]][place[1]]["claim_line_number"]


@pytest.mark.slow
@FEWER
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
@FEWER
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
@FEWER
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
@FEWER
@given(rows=NUMBERED, data=st.data())
def test_claims_in_history_count_as_those_in_the_batch(rows: Batch, data: st.DataObject) -> None:
    """An earlier service and a scan count wherever they are."""
    assume("person_id" in rows[0])  # a history without patients is refused
    for row in rows:
        row.pop("paid_amount", None)  # which is read of earlier claims alone
    stay, moved = _split(rows, data)
    assume(stay and moved)
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
