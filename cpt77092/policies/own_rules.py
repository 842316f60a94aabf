"""Rules of the user's own, from the YAML files of a policy folder into rules like any other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from cpt77092.claims.columns import BY_NAME
from cpt77092.errors import did_you_mean
from cpt77092.policies.code_groups import expand
from cpt77092.policies.condition import ConditionError, Name, compile_condition
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.rule_names import open_names
from cpt77092.policies.validate import PolicyFileRead
from cpt77092.reference.sources import Confidence, Source
from cpt77092.rule import Denial, Rule, Severity

_IN_TEXTS = {"payer": "payer_name", "payer_policy": "payer"}
"""Names that texts of findings have for columns, where they are others."""
_FIELD = re.compile(r"\{(\w+)\}")


def own_rules(files: Sequence[PolicyFileRead], payers: Collection[str]) -> tuple[Rule, ...]:
    """The own rules of some files by code; what is wrong with one is a problem of its file.

    Args:
        files: the files of a policy folder, each valid by itself.
        payers: the keys of all policies.
    """
    owners: dict[str, str] = {}
    rules: dict[str, Rule] = {}
    for file in files:
        for code, stated in file.own_rules.items():
            path = ("rules", code)
            if code in rules:
                file.problem(path, f"{code} is a rule of another file already")
            owner = owners.setdefault(stated["name"], code)
            if owner != code:
                file.problem((*path, "name"), f"name {stated['name']!r} is that of {owner}")
            rule = _rule(file, code, stated, payers)
            if rule is not None:
                rules.setdefault(code, rule)
    return tuple(rules[code] for code in sorted(rules))


def _rule(
    file: PolicyFileRead, code: str, stated: Mapping[str, Any], payers: Collection[str]
) -> Rule | None:
    """One rule; None where its condition or a text is wrong, with the problems in the file."""
    path = ("rules", code)
    codes = frozenset().union(*map(expand, stated.get("codes", ["all"])))
    names = open_names(codes=codes, payers=payers)
    problems = len(file.problems)
    texts = {
        key: _template(file, (*path, key), stated[key], names) for key in ("message", "remedy")
    }
    condition = " ".join(stated["condition"].split())
    try:
        flag = compile_condition(condition, names)
    except ConditionError as problem:
        file.problem((*path, "condition"), f"condition: {problem}")
    if len(file.problems) > problems:
        return None
    place = f"{file.path}:{file.lines.at(path)}"
    denial = stated.get("denial", {})
    return Rule(
        code=code,
        name=stated["name"],
        doc=_page(stated, condition, place),
        severity=Severity(stated["severity"]),
        codes=codes,
        flag=flag,
        # Some reports show the title alone.
        source=Source(
            title=f"{stated.get('source', 'Own rule').strip()}, {place}",
            confidence=Confidence.PRIMARY,
        ),
        message=texts["message"],
        remedy=texts["remedy"],
        denial=Denial(denial.get("group", ""), denial.get("carc", ""), denial.get("rarc", "")),
    )


def _template(
    file: PolicyFileRead, path: tuple[str, ...], text: str, names: Mapping[str, Name]
) -> str:
    """A text whose names in braces are those of columns and facts; a wrong one is a problem."""
    shown = {name for name, one in names.items() if one.shown}
    for name in _FIELD.findall(text):
        if name not in shown:
            what = "cannot be shown" if name in names else "is not a name that rules can use"
            file.problem(path, f"{path[-1]}: {{{name}}} {what}{did_you_mean(name, shown)}")
    if re.search(r"[{}]", _FIELD.sub("", text)):
        file.problem(path, f"{path[-1]}: braces are for names, as in {{charge_amount}}")

    def column(field: re.Match[str]) -> str:
        name = field[1]
        is_fact = name in names and name not in BY_NAME and name not in PARAMETERS
        return f"{{{_IN_TEXTS.get(name, names[name].column if is_fact else name)}}}"

    return _FIELD.sub(column, " ".join(text.split()))


def _page(stated: Mapping[str, Any], condition: str, place: str) -> str:
    """The page of a rule, with the parts that every page has."""
    parts: Iterable[tuple[str, str]] = (
        ("Why", stated.get("why", "your own rule, for what your payers or your practice ask.")),
        ("Basis", f"{stated['source']}, {place}." if "source" in stated else f"{place}."),
        ("Clear", f"this is false: {condition}"),
        ("Not checked", "what that needs is blank or unreadable, or has no column."),
    )
    title = stated["name"].replace("-", " ").capitalize()
    page = "\n".join(f"{label}: {' '.join(text.split())}" for label, text in parts)
    return f"{title}.\n\n{page}\n"
