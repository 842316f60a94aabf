"""What a rule is. A rule module imports polars and this module, nothing else of ours.

A rule's `flag` is one boolean expression over claim columns, facts (`facts/`) and policy
parameters (`param`). True is a finding, false is clear, null is *not checked*: Polars keeps to
three-valued logic through `& | ~` and comparisons, and a syntax test keeps out what does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import polars as pl

from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY, GLOBAL, INTERPRETATION, TECHNICAL
from cpt77092.reference.sources import Confidence, Source

__all__ = [
    "CHECKED",
    "COMPANIONS",
    "FAMILY",
    "GLOBAL",
    "INTERPRETATION",
    "TECHNICAL",
    "Confidence",
    "Denial",
    "FixKind",
    "Message",
    "Remedy",
    "Rule",
    "Severity",
    "Source",
    "cell_state",
    "decided_by",
    "is_assumed",
    "limit_is_mue",
    "param",
]


class Severity(StrEnum):
    """How much a finding matters, most first."""

    ERROR = "error"
    """Expect a denial or a rejection."""
    WARNING = "warning"
    """Likely trouble."""
    INFO = "info"
    """Worth a look."""


class FixKind(StrEnum):
    """Whether a remedy may be applied without asking."""

    SAFE = "safe"
    """Changes nothing that was done or paid; a program may apply it."""
    UNSAFE = "unsafe"
    """Likely right, but a person must check the chart first."""
    NONE = "none"
    """The claim alone does not show what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to change. `when` narrows it to some lines; the first remedy that fits is given."""

    text: str
    kind: FixKind = FixKind.NONE
    when: Callable[[], pl.Expr] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is wrong. `when` narrows it to some lines; the first message that fits is used."""

    text: str
    when: Callable[[], pl.Expr] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Codes that a payer denies with, where `when` holds; of several the first that fits."""

    carc: str = ""
    """Claim adjustment reason code."""
    rarc: str = ""
    """Remittance advice remark code."""
    when: Callable[[], pl.Expr] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One named test of a claim line.

    Messages and remedies are templates: `{name}` is a column of the findings table,
    a claim column, a fact, or a policy parameter, in that order.
    """

    doc: str
    """The module's docstring: title, Why, Basis, Clear, Not checked."""
    code: str
    name: str
    severity: Severity
    codes: frozenset[str]
    """Procedure codes of the lines that the rule checks."""
    includes_partners: bool = False
    """Whether it also checks partner lines: other codes, in a pair with a checked one."""
    flag: Callable[[], pl.Expr]
    message: str
    other_messages: tuple[Message, ...] = ()
    """Other messages, on the lines that their `when` narrows them to."""
    remedies: tuple[Remedy, ...]
    parameter: str | None = None
    """The policy parameter it uses, whose source every finding quotes."""
    source: Source | None = None
    """The source it quotes where it uses no parameter."""
    group: Literal["CO", "OA", ""] = ""
    carc: str = ""
    """Predicted claim adjustment reason code."""
    rarc: str = ""
    """Predicted remittance advice remark code."""
    other_denials: tuple[Denial, ...] = ()
    """Other codes predicted on the lines that their `when` narrows them to."""
    since: str
    """First version of this program that has it."""
    status: Literal["stable", "preview", "removed"] = "stable"

    @property
    def title(self) -> str:
        """First line of the page, without its period."""
        return self.doc.strip().splitlines()[0].rstrip(".")

    @property
    def templates(self) -> list[str]:
        """The texts of all messages and remedies."""
        return [m.text for m in self.messages] + [r.text for r in self.remedies]

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, ending with the one that always fits."""
        return (*self.other_messages, Message(text=self.message))

    @property
    def denials(self) -> tuple[Denial, ...]:
        """All predicted denials, ending with the one that always fits; it may be blank."""
        return (*self.other_denials, Denial(carc=self.carc, rarc=self.rarc))

    @property
    def conditions(self) -> list[pl.Expr]:
        """The expressions that narrow its messages, remedies and denials to some lines."""
        choices: tuple[Message | Remedy | Denial, ...] = (
            *self.messages,
            *self.remedies,
            *self.denials,
        )
        return [choice.when() for choice in choices if choice.when is not None]


def param(name: str) -> pl.Expr:
    """The payer's value of a parameter in force for the line's code on its date, else null."""
    return pl.col(f"policy.{name}")


def decided_by(name: str) -> pl.Expr:
    """Which file decided the parameter: `payer`, `follows` or `default`; null where nothing did."""
    return pl.col(f"policy.{name}.level")


def cell_state(column: str) -> pl.Expr:
    """How the cell was read: `read`, `blank` or `unreadable`; null where the column is absent."""
    return pl.col(f"{column}.state")


def limit_is_mue() -> pl.Expr:
    """The unit limit in effect is CMS's MUE, not a limit of the payer's own."""
    return pl.col("source_title").str.contains(r"(?i)medically unlikely|\bMUE\b")


def is_assumed() -> pl.Expr:
    """The policy value comes from general knowledge or was found for another service."""
    return pl.col("confidence") == "recalled"
