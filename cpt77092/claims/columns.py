"""The claim-line contract: the canonical columns, what their cells hold, and their types.

Names follow the Tuva Input Layer where it has one. In typed lines a null always means *unknown*:
the file has no such column, or (for a column that is not text) the cell is blank or unreadable; the
column's `.state` says which. A blank text cell is the empty string, which is a known value: a blank
modifier is no modifier.
"""

from __future__ import annotations

from enum import StrEnum

import polars as pl

from cpt77092.frozen import frozen


class Kind(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    CODE = "code"
    """Text of which a batch has few different ones on many lines: kept as categories, which compare
    as fast as numbers."""
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    INTEGER = "whole number"


MONEY = pl.Decimal(18, 4)
"""Dollars. Four decimal places, so that a fraction of a cent is kept."""

DTYPES: dict[Kind, pl.DataType | type[pl.DataType]] = {
    Kind.TEXT: pl.String,
    Kind.CODE: pl.Categorical(),
    Kind.DATE: pl.Date,
    Kind.NUMBER: pl.Float64,
    Kind.MONEY: MONEY,
    Kind.INTEGER: pl.Int64,
}

UNREADABLE_TEXT = ".text"
"""Suffix of the column that keeps the text of unreadable cells."""

DAY_FIRST = ".day_first"
"""Suffix of the column that has the other reading of dates, where it is unknown whether their month
or their day comes first."""

STATE = pl.Enum(["read", "blank", "unreadable"])


@frozen(kw_only=True)
class Column:
    """One canonical column."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    patient: bool = False
    """Identifies a patient: never shown, logged or written unless asked for."""
    needed_for: str = ""
    """What is not checked where the file lacks it."""
    of_history: bool = False
    """Read of earlier claims alone: lines that are yet to be submitted do not have it."""
    set_name: str | None = None
    """Numbered columns of one set: where the file has one of them, the others are blank, not
    unknown."""


MODIFIERS = tuple(f"hcpcs_modifier_{n}" for n in range(1, 6))
DIAGNOSES = tuple(f"diagnosis_code_{n}" for n in range(1, 13))
BETWEEN_DIAGNOSES = "\x1f"
"""Separates the diagnoses in a joined cell; no text that people write has it."""
WHOSE_CLAIM = ("person_id", "billing_npi", "payer", "payer_id", "claim_frequency_code")
"""What tells apart two claims of one number in a file."""

NO_RULE = "IN001 alone: no other rule rests on it"

COLUMNS: tuple[Column, ...] = (
    Column(name="claim_id", required=True, needed_for="everything"),
    Column(name="claim_line_number", kind=Kind.INTEGER, needed_for="naming a line"),
    Column(name="line_control_number", needed_for="naming a line"),
    Column(name="person_id", patient=True, needed_for="tests across claims"),
    Column(name="payer", kind=Kind.CODE, needed_for="the payer's policy"),
    Column(name="plan_name", kind=Kind.CODE, needed_for="the payer's policy"),
    Column(name="payer_id", kind=Kind.CODE, needed_for="the payer's policy"),
    Column(name="claim_filing_indicator", kind=Kind.CODE, needed_for="the payer's policy"),
    Column(name="claim_line_start_date", kind=Kind.DATE, needed_for="everything dated"),
    Column(name="claim_line_end_date", kind=Kind.DATE, needed_for="DT006"),
    Column(name="place_of_service_code", kind=Kind.CODE, needed_for="PO rules"),
    Column(name="hcpcs_code", kind=Kind.CODE, required=True, needed_for="everything"),
    *(
        Column(name=name, kind=Kind.CODE, needed_for="MO and CV rules, CH002", set_name="modifiers")
        for name in MODIFIERS
    ),
    Column(
        name="service_unit_quantity",
        kind=Kind.NUMBER,
        needed_for="UN rules, CH002 and expected payment",
    ),
    Column(name="charge_amount", kind=Kind.MONEY, needed_for="CH rules and dollars at risk"),
    Column(
        name="paid_amount",
        kind=Kind.MONEY,
        of_history=True,
        needed_for="FR002: an earlier test that was paid nothing does not count",
    ),
    Column(
        name="allowed_amount",
        kind=Kind.MONEY,
        of_history=True,
        needed_for="FR002: one that was allowed counts, though the deductible left nothing to pay",
    ),
    *(
        Column(name=name, kind=Kind.CODE, needed_for="DX rules", set_name="diagnoses")
        for name in DIAGNOSES
    ),
    Column(
        name="diagnosis_pointer",
        kind=Kind.CODE,
        needed_for="DX006 and which diagnoses are the line's",
    ),
    Column(name="rendering_npi", kind=Kind.CODE, needed_for="ID001"),
    Column(name="billing_npi", kind=Kind.CODE, needed_for="ID002 and tests across claims"),
    Column(name="ordering_npi", kind=Kind.CODE, needed_for="ID003 and ID004"),
    Column(name="prior_authorization_number", needed_for="CV002"),
    Column(
        name="claim_frequency_code",
        kind=Kind.CODE,
        needed_for="CH003, and which claims are voided or replaced",
    ),
    Column(
        name="original_reference_number",
        needed_for="CH004, and which claim a void or replacement is for",
    ),
    Column(name="patient_sex", kind=Kind.CODE, needed_for="DX005"),
    Column(name="patient_birth_date", kind=Kind.DATE, patient=True, needed_for=NO_RULE),
    Column(
        name="submission_date",
        kind=Kind.DATE,
        needed_for="DT004, DT005, DO002; else the as-of date",
    ),
    Column(name="report_signed_date", kind=Kind.DATE, needed_for="DO rules"),
)

BY_NAME = {column.name: column for column in COLUMNS}
TEXT_KINDS = frozenset({Kind.TEXT, Kind.CODE})
"""Kinds whose cells are text; every text can be read."""
TYPED = tuple(column.name for column in COLUMNS if column.kind not in TEXT_KINDS)
CODES = tuple(column.name for column in COLUMNS if column.kind is Kind.CODE)
OF_HISTORY = frozenset(column.name for column in COLUMNS if column.of_history)


def absent_members(present: set[str]) -> list[str]:
    """Numbered columns that are missing while another of their set is present: these are blank."""
    sets = {column.set_name for column in COLUMNS if column.name in present and column.set_name}
    return [c.name for c in COLUMNS if c.set_name in sets and c.name not in present]
