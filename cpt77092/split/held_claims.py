"""The claims to be held back, and why each is: a claim is its number, payer, patient and provider.

What a row leaves out may be anything: a row without a patient is of every claim of its number, so
that a claim is never cut in two; a row that names another patient is of another claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.policies.payer_names import Matcher

KEY = ("claim_id", "payer", "payer_id", "person_id", "billing_npi")
"""Columns by which rows belong to one claim."""
REASON = "reason"
_OWNERS = ("same_payer", "person_id", "billing_npi")
_NAMED = ("claim_id", *_OWNERS)


@dataclass
class HeldClaims:
    """Claims by the key of one or more of their rows, each with a reason."""

    matcher: Matcher
    _held: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=dict.fromkeys((*_NAMED, REASON), pl.String))
    )
    _payers: dict[tuple[str, str], str] = field(default_factory=dict)

    def hold(self, keys: pl.DataFrame) -> None:
        """Hold the claims of rows with these columns of `KEY`, and a `reason`.

        A blank number is no claim.
        """
        named = self._named(keys).with_columns(keys[REASON]).filter(pl.col("claim_id") != "")
        self._held = pl.concat([self._held, named]).unique(maintain_order=True)

    def holds(self, keys: pl.DataFrame) -> pl.Series:
        """Which rows are of a held claim."""
        return self.reasons(keys).is_not_null()

    def reasons(self, keys: pl.DataFrame) -> pl.Series:
        """Why the claim of each row is held, `MO001; UN001`; null where it is not."""
        none = constant(keys.height, value=None, dtype=pl.String).alias(REASON)
        if not self._held.height:
            return none
        numbers = self._held["claim_id"].unique().implode()
        cells = (pl.col("claim_id") if "claim_id" in keys.columns else pl.lit("")).cast(pl.String)
        may_be = keys.select(cells.is_in(numbers).fill_null(value=False)).to_series().arg_true()
        if not may_be.len():
            return none
        matches = list(self._matches(self._named(keys[may_be])))
        reasons = pl.concat(matches).group_by("row").agg(pl.col(REASON).unique().sort())
        text = reasons.select("row", pl.col(REASON).list.join("; "))
        return none.scatter(may_be.gather(text["row"]), text[REASON])

    def _matches(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """`row` and `reason` of rows that are of a held claim, by what both of them name."""
        held = _by_names(self._held)
        for named, some in _by_names(rows.with_row_index("row")).items():
            for named_held, claims in held.items():
                on = ["claim_id", *(name for name in named if name in named_held)]
                of_claim = claims.select(*on, REASON).unique()
                yield some.join(of_claim, on=on).select("row", REASON)

    def _named(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Claim number, patient and provider, and the payer by what all its spellings share."""
        texts = keys_of(keys)
        spellings = texts.select("payer_id", "payer").unique()
        for spelling in spellings.iter_rows():
            if spelling not in self._payers:
                # Names that differ in blanks alone are held as one: a claim is never cut in two.
                same = self.matcher.same_payer(*spelling) if any(spelling) else ""
                self._payers[spelling] = same.replace(" ", "")
        each = [self._payers[spelling] for spelling in spellings.iter_rows()]
        spellings = spellings.with_columns(pl.Series("same_payer", each, dtype=pl.String))
        on = ["payer_id", "payer"]
        return texts.join(spellings, on=on, how="left", maintain_order="left").select(_NAMED)


def keys_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of `KEY` as texts; blank where there is none."""
    cells = {name: pl.col(name) if name in rows.columns else pl.lit("") for name in KEY}
    return rows.select(**{n: cell.cast(pl.String).fill_null("") for n, cell in cells.items()})


def _by_names(rows: pl.DataFrame) -> dict[tuple[str, ...], pl.DataFrame]:
    """The rows by which of payer, patient and provider they name."""
    is_named = [(pl.col(name) != "").alias(f"has_{name}") for name in _OWNERS]
    parts = rows.with_columns(is_named).partition_by([f"has_{n}" for n in _OWNERS], as_dict=True)
    return {
        tuple(name for name, has in zip(_OWNERS, marks, strict=True) if has): part
        for marks, part in parts.items()
    }
