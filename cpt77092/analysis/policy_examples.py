"""The examples of policy files, run as claims: which of them do not come out as expected, and why.

Each example has claims and patients of its own. A batch holds one example of each payer, as some
rules of the catalogue report a payer once in a batch; of own rules it holds all examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import polars as pl

from cpt77092 import findings
from cpt77092.analysis.claim_trace import Kind, trace
from cpt77092.engine import Result
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.policies import Decision, PolicySet, load_policies
from cpt77092.policies.example_line import EXAMPLE_LINE
from cpt77092.policies.examples import Example, as_day, read_examples
from cpt77092.policies.load import load_folders, packaged_folder
from cpt77092.policies.named import is_complete
from cpt77092.policies.value_text import position_text
from cpt77092.readers import Frame
from cpt77092.rule import Severity
from cpt77092.rules.selection import with_own
from cpt77092.run import Request, run

_OWN = ("claim_id", "person_id", "original_reference_number")
"""Cells that name something else in each example: its number ends them."""


@frozen
class Failure:
    """An example that does not come out as expected."""

    example: Example
    actual: Mapping[str, str]
    """Rules that found something, with their severities."""
    reasons: tuple[str, ...]
    """For each rule that differs, how it ended and which value decided, with its source."""

    def lines(self) -> Iterator[str]:
        """The failure in words, line by line."""
        example = self.example
        yield f"{example.where.file}:{example.where.line}: {example.name}"
        actual = ", ".join(f"{rule} ({severity})" for rule, severity in sorted(self.actual.items()))
        expected = ", ".join(example.findings) or "no finding"
        yield f"  expected {expected}; actual {actual or 'no finding'}"
        for reason in self.reasons:
            yield f"  {reason}"


@frozen
class Tested:
    """The examples of a folder."""

    examples: int
    files: int
    without: tuple[str, ...]
    """Names of files that have no examples."""
    failures: tuple[Failure, ...]

    def verdict(self) -> str:
        """How the examples came out, and what to do."""
        number = len(self.failures)
        if not number:
            return "all as expected."
        return (
            f"{number} not as expected. Compare the source: correct the value if it says "
            f"otherwise, and the example if the value is right."
        )


def run_examples(folder: Path | None) -> Tested:
    """Run the examples of a folder's files; of the packaged files if it is None.

    A folder without a default policy is laid over the packaged policies, as in a check.

    Raises:
        UsageError: the folder does not exist, or no file in it has examples.
        PolicyError: its files are wrong.
    """
    place: Traversable = folder if folder is not None else packaged_folder()
    if folder is not None and folder.is_dir() and is_complete(folder):
        policies = load_folders(folder)
    else:
        policies = load_policies(folder, trust_packaged=folder is not None)
    by_file = read_examples(place, [rule.code for rule in with_own(policies.rules)])
    examples = [example for own in by_file.values() for example in own]
    if not examples:
        raise UsageError(
            f"{place}: no policy file has examples; write them below a line of --- at its end"
        )
    failures = [one for batch in _batches(examples) for one in _failures(batch, policies)]
    return Tested(
        examples=len(examples),
        files=sum(bool(own) for own in by_file.values()),
        without=tuple(name for name, own in by_file.items() if not own),
        failures=tuple(sorted(failures, key=lambda one: _order(one.example))),
    )


def _order(example: Example) -> tuple[str, int]:
    return example.where.file, example.where.line


def _batches(examples: Sequence[Example]) -> list[list[Example]]:
    """The examples in as few batches as have no payer twice."""
    batches: list[list[Example]] = []
    payers: list[set[str]] = []
    for example in examples:
        own = {line[name].casefold() for line in example.lines for name in ("payer", "payer_id")}
        own = set() if example.is_of_rules else {example.payer, *filter(None, own)}
        number = next((n for n, used in enumerate(payers) if not own & used), len(batches))
        if number == len(batches):
            batches.append([])
            payers.append(set())
        batches[number].append(example)
        payers[number] |= own
    return batches


def _failures(examples: Sequence[Example], policies: PolicySet) -> Iterator[Failure]:
    result = run(_request(examples, policies))
    own = {rule.code for rule in policies.rules}
    table = findings.as_table(result).select("claim_id", "rule", "severity")
    by_example: dict[int, dict[str, str]] = {number: {} for number in range(len(examples))}
    for claim, rule, severity in table.iter_rows():
        by_example[int(claim.rpartition(":")[2])].setdefault(rule, severity)
    for number, example in enumerate(examples):
        expected, actual = set(example.findings), by_example[number]
        firm = {rule for rule, severity in actual.items() if severity != Severity.INFO}
        if example.is_of_rules:  # those of the catalogue are not its subject
            firm &= own
        differing = (expected - actual.keys()) | (firm - expected)
        if differing:
            reasons = _reasons(result, policies, _claims(number, example), differing)
            yield Failure(example, actual, tuple(reasons))


def _request(examples: Sequence[Example], policies: PolicySet) -> Request:
    """All lines as one batch, as of the last day that any of them names."""
    rows = []
    for number, example in enumerate(examples):
        for position, line in enumerate(example.lines, start=1):
            own = {name: f"{line[name]}:{number}" for name in _OWN if line[name]}
            own = {"claim_id": f":{number}", "person_id": f":{number}"} | own
            own["claim_line_number"] = line["claim_line_number"] or str(position)
            rows.append({**line, **own})
    cells = [cell for row in (*rows, EXAMPLE_LINE) for cell in row.items()]
    dates = [text for name, text in cells if name.endswith("_date")]
    as_of = max(day for day in map(as_day, dates) if day is not None)
    frame = Frame(pl.LazyFrame(rows), "examples")
    return Request(paths=(), frame=frame, as_of=as_of, policies=policies)


def _claims(number: int, example: Example) -> list[str]:
    """The numbers of an example's claims in the batch."""
    return list(dict.fromkeys(f"{line['claim_id']}:{number}" for line in example.lines))


def _reasons(
    result: Result, policies: PolicySet, claims: Sequence[str], rules: set[str]
) -> Iterator[str]:
    """How each of some rules ended on each line of some claims."""
    lines = [line for claim in claims for line in trace(result, claim)]
    for rule in sorted(rules):
        for line in lines:
            outcome = next(one for one in line.outcomes if one.rule.code == rule)
            if outcome.kind is not Kind.DOES_NOT_APPLY or len(lines) == 1:
                where = f" on line {line.number}" if len(lines) > 1 else ""
                text = f": {outcome.text}" if outcome.text else ""
                yield f"{rule}{where}: {outcome.severity or outcome.kind.value}{text}"
                yield from (f"  {_decided(one, policies)}" for one in outcome.decisions)


def _decided(decision: Decision, policies: PolicySet) -> str:
    """`modifier 26: accepted since 2026-01-01 (my/aetna.yaml:9, Call 4711)`."""
    cited = [_place(decision, policies), decision.source.title if decision.source else ""]
    places = ", ".join(filter(None, cited))
    return f"{position_text(decision)}{f' ({places})' if places else ''}"


def _place(decision: Decision, policies: PolicySet) -> str:
    """File and line of the entry that decided."""
    for policy in policies.policies.values():
        if policy.label == decision.decided_by:
            entries = policy.values.get((decision.code, decision.parameter), ())
            for entry in entries:
                if entry.first_day == decision.first_day and entry.where is not None:
                    return f"{entry.where.file}:{entry.where.line}"
    return ""
