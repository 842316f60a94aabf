"""What a rule is. A rule module imports this module, and nothing else of ours.

A rule's `flag` is one boolean expression over claim columns, facts (`facts/`) and policy
parameters (`param`). True is a finding, false is clear, null is *not checked*: Polars keeps to
three-valued logic through `& | ~` and comparisons, and a syntax test keeps out what does not.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from enum import StrEnum
from typing import Literal

import polars as pl

# Passed on to the rules, which so import from here alone, as are the names that follow it.
from polars import col as col

from cpt77092.frozen import frozen
from cpt77092.reference.code_list import CARCS, RARCS
from cpt77092.reference.codes import BONE_MASS as BONE_MASS
from cpt77092.reference.codes import CHECKED as CHECKED
from cpt77092.reference.codes import COMPANIONS as COMPANIONS
from cpt77092.reference.codes import FAMILY as FAMILY
from cpt77092.reference.codes import GLOBAL as GLOBAL
from cpt77092.reference.codes import INTERPRETATION as INTERPRETATION
from cpt77092.reference.codes import INTERPRETED as INTERPRETED
from cpt77092.reference.codes import TECHNICAL as TECHNICAL
from cpt77092.reference.sources import Confidence as Confidence
from cpt77092.reference.sources import Source as Source


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
    """Changes nothing that was done or paid; a program may apply it to a claim not yet sent."""
    UNSAFE = "unsafe"
    """Likely right, but a person must check the chart first."""
    NONE = "none"
    """The claim alone does not show what to change."""


@frozen
class RemoveModifier:
    """A modifier is taken off the line; those behind it move up."""

    modifier: str


@frozen
class AddFirst:
    """A modifier is put in the first position; those there move down to the first blank one."""

    modifier: str


@frozen
class MoveFirst:
    """A modifier of the line is moved to the first position."""

    modifier: str


class Rewrite(StrEnum):
    """A change that depends on no code."""

    FIRST_OF_EACH = "first of each modifier"
    """Of a repeated modifier the first one is kept, and those behind move up."""
    NO_GAP = "no blank modifier position before a filled one"
    CAPITALS = "modifiers in capitals, without blanks"
    DIAGNOSIS_FORM = "diagnoses in capitals, with the dot after the third character"


Change = RemoveModifier | AddFirst | MoveFirst | Rewrite
"""What `scrub fix` does to the modifiers of a line, or to the form of its diagnoses: it can do no
more, so that no change of a code, units, charge or frequency can be declared."""


@frozen(eq=False)
class Message:
    """What is wrong. `when` narrows it to some lines; the first message that fits is used."""

    text: str
    _: KW_ONLY
    when: pl.Expr | None = None


@frozen(eq=False)
class Remedy:
    """What to change. `when` narrows it to some lines; the first remedy that fits is given."""

    text: str
    _: KW_ONLY
    kind: FixKind = FixKind.NONE
    change: Change | None = None
    """What a program does for it; None where only a person can."""
    when: pl.Expr | None = None


@frozen(eq=False)
class Denial:
    """Codes that a payer denies with, where `when` holds; of several the first that fits."""

    group: Literal["CO", "OA", "PR", ""] = ""
    carc: str = ""
    """Claim adjustment reason code."""
    rarc: str = ""
    """Remittance advice remark code."""
    _: KW_ONLY
    when: pl.Expr | None = None

    @property
    def listed_codes(self) -> list[tuple[str, str]]:
        """Its codes, each with the beginning of the name of the list that has it."""
        return [(kind, code) for kind, code in ((CARCS, self.carc), (RARCS, self.rarc)) if code]


@frozen(kw_only=True, eq=False)
class Rule:
    """One named test of a claim line.

    Messages and remedies are templates: `{name}` is a column of the findings table,
    a claim column, a fact, or a policy parameter, in that order.
    """

    code: str = ""
    """The code by which people know the rule: `MO001`. A rule of the catalogue has it from the name
    of its module, as it has its name; its page is the module's docstring."""
    name: str = ""
    """What it flags: `modifier-26-not-allowed`."""
    doc: str = ""
    """The page: title, Why, Basis, Clear, Not checked."""
    severity: Severity
    error_when: pl.Expr | None = None
    """The flagged lines on which it is an error, the others being warnings; None where all are
    of one severity."""
    codes: frozenset[str] = CHECKED
    """Procedure codes of the lines that the rule checks; all if it names none."""
    includes_voids: bool = False
    """Whether it also checks the lines of a void (8), which repeats a claim as it was."""
    includes_partners: bool = False
    """Whether it also checks partner lines: other codes, in a pair with a checked one."""
    flag: pl.Expr
    parameter: str | None = None
    """The policy parameter it uses, whose source every finding quotes."""
    paid_codes: str | None = None
    """The fact with the codes, as bits, that are paid instead of a flagged one whatever a recalled
    list says. It is an error where there are some, and the entry that pairs them is more than
    recalled; None where every value that the rule reads counts."""
    parameter_of_replacements: str | None = None
    """The one that it uses instead on a replacement (7)."""
    source: Source | None = None
    """The source it quotes where it uses no parameter."""
    cites_list: str = ""
    """The fact with the number of the code list that it uses on a line; where the user imported
    that list, it quotes the list's source instead."""
    message: str
    other_messages: tuple[Message, ...] = ()
    """Messages of the lines that their `when` narrows them to."""
    remedy: Remedy | str
    """A text alone is for a person to do."""
    other_remedies: tuple[Remedy, ...] = ()
    """Remedies of the lines that their `when` narrows them to."""
    denial: Denial = Denial()
    """The predicted denial; blank where none is."""
    other_denials: tuple[Denial, ...] = ()
    """Denials of the lines that their `when` narrows them to."""
    question: str = ""
    """What the payer answers once for all its claims, where no policy of its own decides; reports
    then count the rule's findings by payer. Rules with one question are counted together."""
    asked_of: str = ""
    """What the lines have on which the rule asks it, where another rule asks it, too."""
    since: str = ""
    """First version of this program that has it; blank for a rule of the user's own."""
    status: Literal["stable", "preview", "removed"] = "stable"

    @property
    def is_own(self) -> bool:
        """Whether it is a rule of the user's own, and not of the catalogue."""
        return not self.since

    @property
    def title(self) -> str:
        """First line of the page, without its period."""
        return self.doc.strip().splitlines()[0].rstrip(".")

    @property
    def severity_label(self) -> str:
        """The severity in words: `error or warning` where the line decides."""
        return (
            self.severity if self.error_when is None else f"{Severity.ERROR} or {Severity.WARNING}"
        )

    @property
    def templates(self) -> list[str]:
        """The texts of all messages and remedies."""
        return [m.text for m in self.messages] + [r.text for r in self.remedies]

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, ending with the one that always fits."""
        return (*self.other_messages, Message(self.message))

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """All remedies, ending with the one that always fits."""
        always = Remedy(self.remedy) if isinstance(self.remedy, str) else self.remedy
        return (*self.other_remedies, always)

    @property
    def denials(self) -> tuple[Denial, ...]:
        """All predicted denials, ending with the one that always fits."""
        return (*self.other_denials, self.denial)

    @property
    def conditions(self) -> list[pl.Expr]:
        """The expressions that narrow its messages, remedies and denials to some lines."""
        choices: list[Message | Remedy | Denial]
        choices = [*self.messages, *self.remedies, *self.denials]
        return [choice.when for choice in choices if choice.when is not None]


def across(flag: pl.Expr) -> pl.Expr:
    """The flag of a rule that compares lines: false where the line no longer counts.

    A line does not count where it is voided or replaced. Where it is unknown which lines of the day
    do, only a finding stands.
    """
    return (flag & pl.col("is_linked") & pl.col("counts")) | pl.col("doubt")


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


def guide_837p(at: str) -> Source:
    """A place in the guide to electronic professional claims."""
    return Source(title="837P guide 005010X222A1", at=at, confidence=Confidence.SECONDARY)


def fee_schedule_file(at: str) -> Source:
    """A place in Medicare's description of its fee schedule, where modifiers are explained."""
    return Source(
        title="CMS fee schedule file documentation RVU25D, Attachment A",
        at=f"{at}; third-party copy",
        url="https://github.com/alex-bea/cms_api",
    )


INPATIENT_PLACES = ("21", "51", "61")
"""POS codes that CMS names for inpatients, for whom X12 has a remark code of its own (M96)."""

NPI_STANDARD = Source(
    title="CMS NPI standard",
    at="format and check digit; quoted by others",
    confidence=Confidence.SECONDARY,
)
DUPLICATE_CODE = Source(
    title="X12 claim adjustment reason codes (June 2024)",
    at="code 18, exact duplicate; used with group OA; third-party copy",
    url="https://github.com/andrewallenbruce/northstar",
)
SIGNED_REPORTS = Source(
    title="42 CFR 410.32 and contractor rules on records of diagnostic tests",
    at="signed and dated report; quoted by others",
    confidence=Confidence.SECONDARY,
)
POLICY_FILES = Source(
    title="Policy files of this run",
    at="matches: brands, words and payer IDs",
    confidence=Confidence.PRIMARY,
)
