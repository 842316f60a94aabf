"""Shares of few lines, with how far they can be trusted, and the day on which a share changes."""

from __future__ import annotations

from typing import Any

import polars as pl

from cpt77092.frozen import frozen

_Z = 1.959964
"""Standard deviations on either side that hold 95%."""
LEAST_ON_A_SIDE = 5
"""Answers before a change, and after it, below which none is reported."""


@frozen
class Rate:
    """Some of a number of lines."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies with 95% confidence (Wilson's score); anywhere, of nothing."""
        if not self.whole:
            return 0.0, 1.0
        low, high = _wilson(self.part, self.whole)
        return max(0.0, low), min(1.0, high)

    @property
    def percent(self) -> str:
        """`91%`; a dash of nothing."""
        return "-" if self.value is None else f"{self.value:.0%}"

    def __str__(self) -> str:
        """`91% (73-98%)`."""
        if not self.whole:
            return "-"
        low, high = self.interval
        return f"{self.percent} ({100 * low:.0f}-{100 * high:.0f}%)"

    def record(self) -> dict[str, float | int | None]:
        """The rate as JSON has it."""
        low, high = self.interval
        return {
            "part": self.part,
            "whole": self.whole,
            "share": None if self.value is None else round(self.value, 4),
            "low": round(low, 4) if self.whole else None,
            "high": round(high, 4) if self.whole else None,
        }


def change_points(lines: pl.DataFrame, by: list[str], day: str, event: str) -> pl.DataFrame:
    """The day on which a share most clearly changes in each group, where it does.

    Of all days that part a group in two, the one that makes the answers likeliest; it is a change
    where the 95% intervals of both sides do not meet and each has `LEAST_ON_A_SIDE` answers.

    Args:
        lines: one row per answer.
        by: columns of the group.
        day: column of the day.
        event: column of truth values whose share is looked at.

    Returns:
        `*by, day, before, before_of, since, since_of`: the first day of the new share, and how many
        of how many answers on each side.
    """
    daily = (
        lines.drop_nulls([day])
        .group_by(*by, day)
        .agg(events=pl.col(event).sum().cast(pl.Int64), answers=pl.len().cast(pl.Int64))
        .sort(*by, day)
    )
    sides = daily.with_columns(
        before=pl.col("events").cum_sum().over(by) - pl.col("events"),
        before_of=pl.col("answers").cum_sum().over(by) - pl.col("answers"),
        all_events=pl.col("events").sum().over(by),
        all_answers=pl.col("answers").sum().over(by),
    ).with_columns(
        since=pl.col("all_events") - pl.col("before"),
        since_of=pl.col("all_answers") - pl.col("before_of"),
    )
    least = pl.min_horizontal("before_of", "since_of") >= LEAST_ON_A_SIDE
    sides = sides.filter(least).with_columns(
        likelihood=_log_likelihood("before", "before_of") + _log_likelihood("since", "since_of")
    )
    best = sides.sort("likelihood", descending=True).unique(by, keep="first", maintain_order=True)
    low_1, high_1 = _wilson(pl.col("before"), pl.col("before_of"))
    low_2, high_2 = _wilson(pl.col("since"), pl.col("since_of"))
    return (
        best.filter((high_1 < low_2) | (high_2 < low_1))
        .select(*by, day, "before", "before_of", "since", "since_of")
        .sort(by)
    )


def _log_likelihood(part: str, whole: str) -> pl.Expr:
    """Of so many events at their own share; nought times the logarithm of nought is nought."""
    hits, misses = pl.col(part).cast(pl.Float64), (pl.col(whole) - pl.col(part)).cast(pl.Float64)
    total = hits + misses
    return sum(
        (pl.when(count > 0).then(count * (count / total).log()).otherwise(0.0))
        for count in (hits, misses)
    )  # type: ignore[return-value]


def _wilson(part: Any, whole: Any) -> tuple[Any, Any]:
    """The ends of the interval of `Rate.interval`, of numbers or of expressions."""
    share = part / whole
    center = share + _Z * _Z / (2 * whole)
    spread = _Z * (share * (1 - share) / whole + _Z * _Z / (4 * whole * whole)) ** 0.5
    return (center - spread) / (1 + _Z * _Z / whole), (center + spread) / (1 + _Z * _Z / whole)
