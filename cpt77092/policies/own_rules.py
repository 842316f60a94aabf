"""Rules of the user's own, from the YAML files of a policy folder into rules like any other.

The names that they may use are claim columns, facts, and parameters of policies.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files as package_files
from typing import Any

import polars as pl

from cpt77092.claims.columns import BY_NAME, DTYPES, TEXT_KINDS
from cpt77092.errors import did_you_mean
from cpt77092.policies.condition import ConditionError, Name, Type, compile_condition
from cpt77092.policies.parameters import PARAMETERS, Kind, Parameter, Use, expand
from cpt77092.policies.validate import PolicyFileRead
from cpt77092.reference.sources import Confidence, Source
from cpt77092.rule import Denial, Rule, Severity

_IN_TEXTS = {"payer": "payer_name", "payer_policy": "payer"}
"""Names that texts of findings have for columns, where they are others."""
_FIELD = re.compile(r"\{(\w+)\}")
_DTYPES: dict[Type, pl.DataType | type[pl.DataType]] = {
    Type.TEXT: pl.String,
    Type.NUMBER: pl.Int64,
    Type.DATE: pl.Date,
    Type.YES_NO: pl.Boolean,
}
_PARAMETERS = {
    Kind.FLAG: Type.YES_NO,
    Kind.COUNT: Type.NUMBER,
    Kind.USE: Type.TEXT,
    Kind.CHOICE: Type.TEXT,
}
"""Kinds of parameters that are one value which can be compared; for lists there are facts."""
_CHOICES = {"patient_sex": ("M", "F")}


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


@cache
def columns_and_facts() -> dict[str, Name]:
    """The claim columns, and then the facts; `rule_names.csv` has a row for each."""
    text = package_files("cpt77092.policies").joinpath("rule_names.csv").read_text(encoding="utf-8")
    return {
        row["name"]: _name(row["name"], row["column"], Type(row["type"]), row["meaning"])
        for row in csv.DictReader(text.splitlines())
    }


@cache
def parameters() -> dict[str, Name]:
    """The parameters of one value: that of the line's payer, code and date of service."""
    return {
        parameter.name: _of_parameter(parameter)
        for parameter in PARAMETERS.values()
        if parameter.kind in _PARAMETERS
    }


def open_names(*, codes: Collection[str], payers: Collection[str]) -> dict[str, Name]:
    """Every name, for a rule that checks some codes, where policies have some keys."""
    names = {**columns_and_facts(), **parameters()}
    choices = {**_CHOICES, "hcpcs_code": sorted(codes), "payer_policy": sorted(payers)}
    return names | {
        name: replace(names[name], choices=tuple(values)) for name, values in choices.items()
    }


def _name(name: str, column: str, kind: Type, meaning: str) -> Name:
    """A row of the file, with the fact behind a column where its cells need one."""
    cells = BY_NAME.get(name)
    if cells is None:
        return Name(kind=kind, meaning=meaning, column=column, dtype=_DTYPES[kind])
    dtype = _DTYPES[kind] if cells.kind in TEXT_KINDS else DTYPES[cells.kind]
    behind = name
    if cells.set_name == "diagnoses":
        behind = f"{name}.normal"
    elif cells.kind in TEXT_KINDS and cells.set_name is None:
        behind = f"{name}.filled"
    return Name(
        kind=kind,
        meaning=meaning,
        column=column or behind,
        dtype=dtype,
        is_blank=f"{name}.is_blank",
        shown=not cells.patient,
    )


def _of_parameter(parameter: Parameter) -> Name:
    choices = tuple(use.value for use in Use) if parameter.kind is Kind.USE else parameter.choices
    kind = _PARAMETERS[parameter.kind]
    column = f"policy.{parameter.name}"
    dtype = pl.Enum(choices) if choices else _DTYPES[kind]
    meaning = f"{parameter.description}, in the payer's policy"
    return Name(kind=kind, meaning=meaning, column=column, dtype=dtype, choices=choices)
