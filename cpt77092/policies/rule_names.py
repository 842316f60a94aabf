"""The names that own rules may use: claim columns, facts, and parameters of policies."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from importlib.resources import files

import polars as pl

from cpt77092.claims.columns import BY_NAME, DTYPES, TEXT_KINDS
from cpt77092.policies.condition import Name, Type
from cpt77092.policies.parameters import PARAMETERS, Kind, Parameter, Use

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


@cache
def columns_and_facts() -> dict[str, Name]:
    """The claim columns, and then the facts; `rule_names.csv` has a row for each."""
    text = files("cpt77092.policies").joinpath("rule_names.csv").read_text(encoding="utf-8")
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
