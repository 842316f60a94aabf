"""The engine and the row-by-row oracle agree on every outcome of generated batches.

Also properties that need no oracle: an outcome belongs to a line and to what stands beside it on
its claim and day, so the order of rows, a split into files at claims and rows of other services
change nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from cpt77092 import findings
from cpt77092.codes import CHECKED
from cpt77092.engine import check, needed_columns
from cpt77092.policies import PolicySet, load_policies
from cpt77092.readers import Options, read_batch
from cpt77092.rules import CATALOGUE
from tests.claim_strategies import Batch, batches, vocabulary
from tests.oracle import ROOT, RULES, Policies, Row, judge, read_policies

AS_OF = date(2026, 11, 23)

# Payers that do what no payer on file does: a required 26, recalled sources, ends, gaps, values of
# groups under values of codes, and a chain of three.
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
          tbs_family:
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
          77092:
            modifier_26:
              2022-01-01: {value: required, source: manual}
              2024-07-01: {value: required, source: memory}
              2026-03-03: {value: not_allowed, source: memory}
          77089:
            in_force:
              2023-01-01: {value: true, source: memory}
              2026-03-03: {ended: true, source: memory}
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
    """Shipped policies with those of `MORE_POLICIES` beside them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for stem, text in MORE_POLICIES.items():
            (folder / f"{stem}.yaml").write_text(dedent(text), encoding="utf-8")
        return World(load_policies(folder), read_policies(ROOT / "policies", folder))


def shipped_batches() -> st.SearchStrategy[Batch]:
    """Batches in the words of the shipped policies."""
    return batches(vocabulary(shipped().plain))


def enlarged_batches(*, numbered: bool = False) -> st.SearchStrategy[Batch]:
    """Batches in the words of all policies."""
    return batches(vocabulary(enlarged().plain), numbered=numbered)


# Policies are read when a test runs, not when tests are collected.
SHIPPED = st.deferred(shipped_batches)
ENLARGED = st.deferred(enlarged_batches)
NUMBERED = st.deferred(lambda: enlarged_batches(numbered=True))
"""Every row has a line number of its own, by which it can be told wherever it moves."""

ORDINARY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # `assert_agree` leaves out rows faster than Hypothesis shrinks
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEWER = settings(ORDINARY, max_examples=50)


# --- running the package ----------------------------------------------------------------------

Place = tuple[int, int]
"""Number of the file, and of the row in it, from 0."""


@dataclass
class Outcomes:
    """What the package said, line by line; only of rules that the oracle knows."""

    findings: set[tuple[Place, str, str]]
    not_checked: set[tuple[Place, str]]

    def named(self, name: Callable[[Place], object]) -> tuple[set[object], set[object]]:
        """Give every line a name that a change of files leaves alone."""
        return (
            {(name(place), rule, severity) for place, rule, severity in self.findings},
            {(name(place), rule) for place, rule in self.not_checked},
        )


def scrub(files: Sequence[Batch], policies: PolicySet) -> Outcomes:
    """Write the files and run the package over them."""
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"claims-{n}.csv") for n in range(len(files))]
        for path, rows in zip(paths, files, strict=True):
            _write(path, rows)
        needed = needed_columns(CATALOGUE)
        batch = read_batch(paths, needed=needed, scope=CHECKED, options=Options())
        result = check(batch, policies, CATALOGUE, as_of=AS_OF)
        found = findings.table(result).to_dicts()
        unchecked = findings.not_checked_rows(result).to_dicts()

    def place(row: dict[str, object]) -> Place:
        assert isinstance(row["source_row"], int)
        # A spreadsheet counts from 1, and the header is its first row.
        return paths.index(str(row["source_file"])), row["source_row"] - 2

    return Outcomes(
        {(place(r), r["rule"], r["severity"]) for r in found if r["rule"] in RULES},
        {(place(r), r["rule"]) for r in unchecked if r["rule"] in RULES},
    )


def _write(path: str, rows: Batch) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# --- against the oracle -----------------------------------------------------------------------


def test_oracle_and_catalogue_agree_on_what_each_rule_looks_at() -> None:
    looked_at = {rule.code: (str(rule.severity), rule.applies) for rule in CATALOGUE}
    assert {code: (rule.severity, rule.applies) for code, rule in RULES.items()} == {
        code: looked_at.get(code) for code in RULES
    }


def disagreement(files: Sequence[Batch], world: World) -> list[str]:
    """Every outcome that only one of the two came to, with its line."""
    places = [(number, row) for number, rows in enumerate(files) for row in range(len(rows))]
    lines = [row for rows in files for row in rows]
    verdict = judge(lines, world.plain, AS_OF)
    got = scrub(files, world.packaged)
    oracle = {(places[line], rule, severity) for line, rule, severity in verdict.findings} | {
        (places[line], rule, "not checked") for line, rule in verdict.not_checked
    }
    engine = got.findings | {(place, rule, "not checked") for place, rule in got.not_checked}
    return [
        f"{rule} {says}: only the {who} says so of row {row}: {files[number][row]}"
        for who, only in (("oracle", oracle - engine), ("engine", engine - oracle))
        for (number, row), rule, says in sorted(only)
    ]


def assert_agree(files: Sequence[Batch], world: World) -> None:
    """Compare, and where they disagree leave out rows until only those remain that matter."""
    for rows in files:
        note("\n".join(str(row) for row in rows))
    differences = disagreement(files, world)
    for number, rows in enumerate(files if differences else ()):
        for row in reversed(rows):
            fewer = [[kept for kept in part if kept is not row] for part in files]
            if fewer[number] and (still := disagreement(fewer, world)):
                files, differences = fewer, still
    assert not differences, "\n".join(
        [*differences, "in:", *(str(row) for r in files for row in r)]
    )


@ORDINARY
@given(rows=SHIPPED)
def test_engine_agrees_with_oracle_on_shipped_policies(rows: Batch) -> None:
    assert_agree([rows], shipped())


@ORDINARY
@given(rows=ENLARGED)
def test_engine_agrees_with_oracle_on_policies_of_every_shape(rows: Batch) -> None:
    assert_agree([rows], enlarged())


@FEWER
@given(files=st.tuples(ENLARGED, ENLARGED))
def test_engine_agrees_with_oracle_on_files_with_different_columns(
    files: tuple[Batch, Batch],
) -> None:
    assert_agree(files, enlarged())


# These rules need no column that a file may lack, and no policy.
NEVER_OPEN = {"DT001", "ID005", "IN001"}


def test_generated_batches_bring_every_rule_to_every_outcome() -> None:
    """Agreement on batches that never make a rule speak would prove nothing."""
    seen: set[tuple[str, str]] = set()

    @settings(ORDINARY, max_examples=400)
    @given(rows=ENLARGED)
    def look(rows: Batch) -> None:
        verdict = judge(rows, enlarged().plain, AS_OF)
        seen.update((rule, "finding") for _, rule, _ in verdict.findings)
        seen.update((rule, "clear") for _, rule in verdict.clear)
        seen.update((rule, "not checked") for _, rule in verdict.not_checked)

    look()
    every = {(rule, outcome) for rule in RULES for outcome in ("finding", "clear", "not checked")}
    assert every - seen == {(rule, "not checked") for rule in NEVER_OPEN}


def test_oracle_shares_no_code_with_the_package() -> None:
    text = (ROOT / "tests" / "oracle.py").read_text(encoding="utf-8")
    assert "\nimport cpt77092" not in text
    assert "\nfrom cpt77092" not in text


# --- without the oracle -----------------------------------------------------------------------


def _number(files: Sequence[Batch]) -> Callable[[Place], str]:
    return lambda place: files[place[0]][place[1]]["claim_line_number"]


@FEWER
@given(rows=NUMBERED, data=st.data())
def test_order_of_rows_changes_nothing(rows: Batch, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    policies = enlarged().packaged
    before, after = scrub([rows], policies), scrub([shuffled], policies)
    assert before.named(_number([rows])) == after.named(_number([shuffled]))


@FEWER
@given(rows=NUMBERED, data=st.data())
def test_splitting_a_file_at_claims_changes_nothing(rows: Batch, data: st.DataObject) -> None:
    moved = data.draw(st.sets(st.sampled_from(sorted({row["claim_id"] for row in rows}))))
    stay = [row for row in rows if row["claim_id"] not in moved]
    parts = [part for part in (stay, [row for row in rows if row["claim_id"] in moved]) if part]
    policies = enlarged().packaged
    before, after = scrub([rows], policies), scrub(parts, policies)
    assert before.named(_number([rows])) == after.named(_number(parts))


@FEWER
@given(rows=NUMBERED, data=st.data())
def test_rows_of_other_services_change_nothing(rows: Batch, data: st.DataObject) -> None:
    mixed = list(rows)
    for code in data.draw(st.lists(st.sampled_from(("99213", "36591", "770921", "G0444")))):
        stranger: Row = {**data.draw(st.sampled_from(rows)), "hcpcs_code": code}
        mixed.insert(data.draw(st.integers(0, len(mixed))), stranger)
    policies = enlarged().packaged
    before, after = scrub([rows], policies), scrub([mixed], policies)
    assert before.named(_number([rows])) == after.named(_number([mixed]))
