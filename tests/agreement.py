"""Runs the package and the oracle over the same batches, and says where they differ.

`python -m tests.agreement --outcomes 5000000` compares as many outcomes of rules on lines, with the
messages, the other lines that they name and the dollars, prints the number and every difference,
and exits 1 where there is one.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from textwrap import dedent

from cpt77092 import findings
from cpt77092.engine import Result, check, needed_columns
from cpt77092.policies import PolicySet, load_policies
from cpt77092.readers import Options, read_batch, read_history
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import CATALOGUE
from tests.claim_strategies import CIRCLES, Batch, run_of, vocabulary
from tests.large_batch_path import large_batch
from tests.oracle import ROOT, RULES, Policies, Verdict, judge, read_policies
from tests.oracle_texts import at_risk, fits, paid_of, texts_of

AS_OF = date(2026, 11, 23)

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
            timely_filing_weekend:
              2023-01-01: {value: next_business_day, source: manual}
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


# --- running the package ----------------------------------------------------------------------

Place = tuple[int, int]
"""Number of the file, and of the row in it, from 0."""
Money = tuple[int, Decimal, Decimal]
"""Lines with an error, what they charge and what would be paid for them."""


@dataclass
class Outcomes:
    """The outcomes of the package for each line, of the rules that the oracle knows."""

    findings: set[tuple[Place, str, str]]
    not_checked: set[tuple[Place, str]]
    messages: dict[tuple[Place, str], str]
    paid: dict[Place, Decimal | None]
    """Expected payment of each line with a finding."""
    at_risk: Money

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
        money = findings.totals(result).at_risk

    def place(row: dict[str, object]) -> Place:
        assert isinstance(row["source_row"], int)
        # A spreadsheet counts from 1, and the header is its first row.
        return paths.index(str(row["source_file"])), row["source_row"] - 2

    known = [row for row in flagged if row["rule"] in RULES]
    return Outcomes(
        {(place(r), r["rule"], r["severity"]) for r in known},
        {(place(r), r["rule"]) for r in unchecked if r["rule"] in RULES},
        {(place(r), r["rule"]): r["message"] for r in known},
        {place(r): r["expected_payment"] for r in known},
        (money.lines, money.charges, money.expected),
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


# --- comparing --------------------------------------------------------------------------------


def disagreement(files: Sequence[Batch], world: World, history: Batch | None) -> list[str]:
    """Every outcome, message and amount that the two do not share, with its line."""
    return compared(files, world, history)[0]


def compared(files: Sequence[Batch], world: World, history: Batch | None) -> tuple[list[str], int]:
    """Every difference, and how many outcomes of rules on lines were compared."""
    places = [(number, row) for number, rows in enumerate(files) for row in range(len(rows))]
    verdict = judge([row for rows in files for row in rows], world.plain, AS_OF, history)
    got = scrub(files, world.packaged, history)
    oracle = {(places[line], rule, severity) for line, rule, severity in verdict.findings} | {
        (places[line], rule, "not checked") for line, rule in verdict.not_checked
    }
    engine = got.findings | {(place, rule, "not checked") for place, rule in got.not_checked}
    differences = [
        f"{rule} {outcome}: only the {who} has this for row {row}: {files[number][row]}"
        for who, only in (("oracle", oracle - engine), ("engine", engine - oracle))
        for (number, row), rule, outcome in sorted(only)
    ]
    if not differences and len(files) == 1:  # in another file a line has another name
        differences = _different_texts(verdict, got) + _different_dollars(verdict, got)
    return differences, sum(map(len, (verdict.findings, verdict.not_checked, verdict.clear)))


def _different_texts(verdict: Verdict, got: Outcomes) -> list[str]:
    return [
        f"{rule} for row {row} says {message!r}, not {wanted!r}"
        for (row, rule), wanted in sorted(texts_of(verdict).items())
        if not fits(message := got.messages[(0, row), rule], wanted)
    ]


def _different_dollars(verdict: Verdict, got: Outcomes) -> list[str]:
    paid, risk = paid_of(verdict), at_risk(verdict)
    differences = [
        f"row {row}: expected payment {amount}, not {paid[row]}"
        for (_, row), amount in sorted(got.paid.items())
        if amount != paid[row]
    ]
    return differences + ([f"at risk {got.at_risk}, not {risk}"] if got.at_risk != risk else [])


def main() -> int:
    """Compare as many outcomes as the command line asks for; 1 where some differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outcomes", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first batch")
    options = parser.parse_args()
    world, words = enlarged(), vocabulary(enlarged().plain, AS_OF)
    outcomes = batches = differing = 0
    for seed in count(options.seed):
        if outcomes >= options.outcomes:
            break
        rows, history = run_of(Random(seed), words, circles=seed % (4 * CIRCLES) + 1)
        differences, number = compared([rows], world, history)
        outcomes, batches, differing = outcomes + number, batches + 1, differing + bool(differences)
        for difference in differences:
            sys.stdout.write(f"seed {seed}: {difference}\n")
        if batches % 50 == 0:
            sys.stderr.write(f"{outcomes:,} outcomes\n")
    sys.stdout.write(
        f"{outcomes:,} outcomes of rules on lines compared, in {batches:,} batches: "
        f"{differing:,} batches differ\n"
    )
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
