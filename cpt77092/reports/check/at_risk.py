"""Dollars at risk in words; the one place that words them."""

from __future__ import annotations

from decimal import Decimal

from cpt77092.findings import AtRisk
from cpt77092.text import count, dollars

UNKNOWN = "not available"


def charges(money: AtRisk) -> str:
    """`$99.20 (known for 5 of 6 lines)`: what was charged."""
    return _amount(money.charges, money.charges_known, money.lines)


def expected(money: AtRisk) -> str:
    """`$99.20 (known for 5 of 6 lines)`: what the payer would pay."""
    return _amount(money.expected, money.expected_known, money.lines)


def stakes(money: AtRisk) -> str:
    """The money of a batch in one clause, without a full stop."""
    known = _known_for(money.charges_known, money.lines)
    charged = f"{dollars(money.charges)} in charges at risk{known}"
    if not money.charges_known:
        charged = f"Charges at risk {UNKNOWN}"
    fee = "" if money.expected_known else " (no published fee found)"
    return f"{charged}; expected payment {expected(money)}{fee}"


def figures(money: AtRisk) -> str:
    """`3 lines, $135.00 charged, $30.06 expected (known for 2 of 3 lines)`."""
    paid = f"{dollars(money.expected)} expected{_known_for(money.expected_known, money.lines)}"
    return ", ".join(
        (
            count(money.lines, "line"),
            charged(money),
            paid if money.expected_known else f"payment {UNKNOWN}",
        )
    )


def charged(money: AtRisk) -> str:
    """`$99.20 charged (known for 5 of 6 lines)`."""
    if not money.charges_known:
        return f"charge {UNKNOWN}"
    return f"{dollars(money.charges)} charged{_known_for(money.charges_known, money.lines)}"


def _amount(amount: Decimal, known: int, lines: int) -> str:
    return f"{dollars(amount)}{_known_for(known, lines)}" if known or not lines else UNKNOWN


def _known_for(known: int, lines: int) -> str:
    return "" if known == lines else f" (known for {known:,} of {count(lines, 'line')})"
