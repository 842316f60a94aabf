"""Examples in policy files: claim lines, and the rules that are to find something on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from importlib.resources.abc import Traversable
from operator import attrgetter
from typing import Any

from cpt77092.errors import PolicyError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.policies.example_line import EXAMPLE_LINE
from cpt77092.policies.load import ENDINGS, file_content, parse_file
from cpt77092.policies.policy import Where
from cpt77092.policies.validate import PolicyFileRead, as_problems
from cpt77092.policies.yaml_lines import split_examples

_DAYS_LATER = {"claim_line_end_date": 0, "report_signed_date": 1, "submission_date": 7}
"""Dates that follow a line's date of service, with the days between."""


@frozen(kw_only=True)
class Example:
    """Claim lines of one payer, and the rules that are to find something on them."""

    payer: str
    """The key of the policy; blank in a file of own rules."""
    name: str
    where: Where
    lines: tuple[Mapping[str, str], ...]
    """Text by column, complete."""
    findings: tuple[str, ...]
    """Codes of rules."""

    @property
    def is_of_rules(self) -> bool:
        """Whether it is of a file of own rules, and says nothing of the catalogue's."""
        return not self.payer


def read_examples(folder: Traversable, rules: Collection[str]) -> dict[str, list[Example]]:
    """The examples of every policy file in a folder, by the file's name, in the order of the names.

    Args:
        folder: policy files, which are valid but for their examples.
        rules: the codes that exist.

    Raises:
        UsageError: a file cannot be read.
        PolicyError: examples are wrong; it lists every problem in all files.
    """
    examples: dict[str, list[Example]] = {}
    problems = []
    paths = [path for path in folder.iterdir() if path.name.endswith(ENDINGS)]
    for path in sorted(paths, key=attrgetter("name")):
        file = PolicyFileRead(path)
        examples[path.name] = _read(file, file_content(path), rules)
        problems += file.problems
    if problems:
        raise PolicyError(tuple(problems))
    return examples


def _read(file: PolicyFileRead, content: bytes, rules: Collection[str]) -> list[Example]:
    """The examples of one file; none where they are wrong, with the problems in `file`."""
    from pydantic import ValidationError

    from cpt77092.policies.schema import examples_model

    policy, document = split_examples(content)
    payer = "" if re.search(rb"^rules:", policy, re.MULTILINE) else file.stem
    # Blank lines in place of the policy keep the line numbers.
    tree = parse_file(b"\n" * policy.count(b"\n") + document, file) if document else None
    if tree is None or file.problems:
        return []
    try:
        examples_model().model_validate(tree)
    except ValidationError as invalid:
        file.problems += as_problems(invalid, file)
        return []
    for number, stated in enumerate(tree["examples"]):
        for position, rule in enumerate(stated["findings"]):
            if rule not in rules:
                path = ("examples", number, "findings", position)
                file.problem(path, f"no rule {rule!r}{did_you_mean(rule, rules)}")
    return [
        Example(
            payer=payer,
            name=stated["name"],
            where=Where(str(file.path), file.lines.at(("examples", number))),
            lines=tuple(_complete(line, payer) for line in stated["lines"]),
            findings=tuple(stated["findings"]),
        )
        for number, stated in enumerate(tree["examples"])
    ]


def _complete(stated: Mapping[str, Any], payer: str) -> dict[str, str]:
    """A line with what it leaves out: from the clean line, with dates that follow its own."""
    line = {**EXAMPLE_LINE, "payer": payer, **stated}
    day = as_day(line["claim_line_start_date"])
    if day is not None:
        for column, days in _DAYS_LATER.items():
            line[column] = stated.get(column, (day + timedelta(days)).isoformat())
    return line


def as_day(text: str) -> date | None:
    """The day that a cell states as YYYY-MM-DD; None where it is blank or wrong on purpose."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
