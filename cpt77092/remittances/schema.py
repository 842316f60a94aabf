"""One line of a remittance, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

import polars as pl

from cpt77092.frozen import frozen

CENTS = pl.Decimal(18, 2)

ANSWERS = pl.Enum(["paid", "patient", "denied", "zero", "reversed", "forwarded", "predetermined"])
"""What a line comes to: paid; allowed with all of it the patient's share; denied; adjusted to zero
without a code that denies; or no answer of its payer: taken back, sent on, priced beforehand."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

REMITTANCE_LINE: Schema = {
    "source": pl.UInt32,
    "source_row": pl.UInt32,
    "claim_row": pl.UInt32,
    "is_whole_claim": pl.Boolean,
    "remitting_payer": pl.String,
    "payment_date": pl.Date,
    "claim_id": pl.String,
    "payer_claim_number": pl.String,
    "claim_status": pl.String,
    "claim_line_number": pl.Int64,
    "line_control_number": pl.String,
    "hcpcs_code": pl.String,
    "modifiers": pl.String,
    "adjudicated_code": pl.String,
    "claim_line_start_date": pl.Date,
    "units": pl.Float64,
    "charge": CENTS,
    "paid": CENTS,
    "allowed": CENTS,
    "patient_share": CENTS,
    "answer": ANSWERS,
    "group_code": pl.String,
    "carc": pl.String,
    "carcs": pl.List(pl.String),
    "rarcs": pl.List(pl.String),
    "adjustments": pl.String,
}
"""`source` numbers the file; `source_row` is the row of a table or the segment (SVC) of an 835, and
`claim_row` that of its claim (CLP), which tells payments of one claim apart. Code and modifiers are
those that were submitted, also where the payer answers under an `adjudicated_code`. A claim without
service lines is one row (`is_whole_claim`) without a code. `group_code` and `carc` are of the
largest adjustment that denies, `carcs` all that do; `adjustments` lists every one: `CO-45 5.00`."""


@frozen
class RemittanceFile:
    """What one file holds, each row accounted for."""

    lines: pl.DataFrame
    """As `REMITTANCE_LINE` has them, without `source`."""
    rejects: pl.DataFrame
    """`source_row, reason` of rows that cannot be read."""
    rows: int
    """Lines, rejects and rows that are no data together."""
    kind: str
    not_data: int = 0
    """Rows of a table that are no remittance lines: titles, totals, blank rows."""
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with the file although it was read: `segment: text`."""
    payments: int = 0
    """Transactions (checks or transfers); 0 where the file does not have them."""
    provider_adjustments: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars by the reason that a PLB gives: what was withheld or added apart from any claim."""
