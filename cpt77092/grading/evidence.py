"""Where payers' answers contradict their policies, or answer what no policy does.

Nothing is changed: a person decides, and types the command that is proposed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.grading.grades import RuleGrade, Step
from cpt77092.grading.rates import Rate
from cpt77092.policies import Level, decide
from cpt77092.policies.parameters import Use
from cpt77092.policies.policy import DEFAULT, PolicySet
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.rule import Rule

LEAST = 10
"""Answers that agree, below which nothing is concluded."""
CLEAR = 0.9
"""Share of the answers that must agree."""
MODIFIER = "modifier_26"


@frozen(kw_only=True)
class Proposal:
    """An entry of a payer's policy that its answers speak for."""

    payer: str
    payer_label: str
    parameter: str
    code: str
    on_file: str
    """What the policy has, in words."""
    value: str
    """What the answers speak for; blank where they only speak against what is on file."""
    first_day: date
    evidence: str
    command: str
    """What to type; blank where there is no policy to write to, or no value."""


@frozen
class _Side:
    """Answers to lines of 77092 with 26, or without it."""

    paid: Rate
    denied: Rate
    first_day: date | None
    last_day: date | None

    @property
    def accepts(self) -> bool:
        """Whether lines billed so are clearly paid."""
        return self.paid.part >= LEAST and (self.paid.value or 0) >= CLEAR

    @property
    def rejects(self) -> bool:
        """Whether lines billed so are clearly denied for the modifier."""
        return self.denied.part >= LEAST and (self.denied.value or 0) >= CLEAR

    def words(self, how: str) -> str:
        """`30 of 31 lines with 26 paid (03/02/2026 to 05/29/2026)`."""
        rate, what = (self.denied, "denied for it") if self.rejects else (self.paid, "paid")
        days = f"{us_date(self.first_day)} to {us_date(self.last_day)}"
        return f"{rate.part:,} of {rate.whole:,} lines {how} {what}, services {days}"


def us_date(day: date | None) -> str:
    """`03/02/2026`."""
    return "no date" if day is None else f"{day:%m/%d/%Y}"


def proposals(
    lines: pl.DataFrame,
    policies: PolicySet,
    rules: Iterable[Rule],
    steps: Iterable[Step],
    folder: Path | None,
) -> tuple[Proposal, ...]:
    """What the answers say about modifier 26 on 77092, payer by payer.

    Args:
        lines: graded lines, as `grade` gives them.
        policies: those in force.
        rules: the catalogue, whose denials about modifier 26 count as answers about it.
        steps: changes of mind: answers before the last one are left out.
        folder: the user's own policies, for the command.
    """
    codes = {
        (denial.carc, denial.rarc)
        for rule in rules
        if rule.parameter == MODIFIER
        for denial in rule.denials
        if denial.carc
    }
    answered = lines.filter(
        pl.col("hcpcs_code").is_in(sorted(INTERPRETATION)),
        pl.col("outcome").is_in(["denied", "paid"]),
        pl.col("modifiers").is_not_null(),
    ).with_columns(has_26=pl.col("modifiers").str.split(" ").list.contains("26"))
    answered = _since_last_step(answered, steps).with_columns(is_about_it=_is_about_it(codes))
    answers = []
    for (payer, label), rows in answered.group_by("payer", "payer_label"):
        sides = [_side(rows.filter(pl.col("has_26") == has)) for has in (True, False)]
        proposal = _proposal(str(payer), str(label), sides[0], sides[1], policies, folder)
        answers += [proposal] if proposal else []
    return tuple(sorted(answers, key=lambda p: (p.payer_label, p.payer)))


def doubtful_rules(grades: Iterable[RuleGrade], rules: Iterable[Rule]) -> tuple[RuleGrade, ...]:
    """Rules whose errors rest on a payer's policy and were clearly paid by that payer.

    What the value should be instead the answers do not say; those about modifier 26 do, and are
    `proposals`.
    """
    on_policy = {rule.code for rule in rules if rule.parameter not in (None, MODIFIER)}
    return tuple(
        one
        for one in grades
        if one.rule in on_policy
        and one.severity == "error"
        and one.tally.paid >= LEAST
        and one.tally.paid >= CLEAR * (one.tally.paid + one.tally.denied)
    )


def _since_last_step(answered: pl.DataFrame, steps: Iterable[Step]) -> pl.DataFrame:
    """The answers that hold since the payer last changed its mind on lines with the modifiers."""
    keys = ["payer", "payer_label", "hcpcs_code", "modifiers"]
    days = pl.DataFrame(
        [(s.payer, s.payer_label, s.hcpcs_code, s.modifiers, s.day) for s in steps],
        schema={**dict.fromkeys(keys, pl.String), "changed_on": pl.Date},
        orient="row",
    )
    joined = answered.join(days, on=keys, how="left", maintain_order="left")
    holds = pl.col("changed_on").is_null() | (
        pl.col("claim_line_start_date") >= pl.col("changed_on")
    )
    return joined.filter(holds.fill_null(value=False))


def _is_about_it(codes: set[tuple[str, str]]) -> pl.Expr:
    """Whether a line was denied for the modifier: by a code that has no other use, or a remark.

    CARC 16 means that anything is missing: only its remark code shows that it is the modifier.
    """
    general = {"16"}
    by_code = [carc for carc, _ in codes if carc not in general]
    remarks = [rarc for carc, rarc in codes if carc in general and rarc]
    denied = pl.col("denied_carcs").fill_null([])
    return pl.any_horizontal(
        *(denied.list.contains(carc) for carc in sorted(set(by_code))),
        *(pl.col("remarks").fill_null([]).list.contains(rarc) for rarc in sorted(set(remarks))),
    ) & (pl.col("outcome") == "denied")


def _side(rows: pl.DataFrame) -> _Side:
    paid = rows.filter(pl.col("outcome") == "paid").height
    denied = rows.filter("is_about_it").height
    relevant = paid + denied
    days = rows.filter((pl.col("outcome") == "paid") | pl.col("is_about_it"))[
        "claim_line_start_date"
    ]
    first, last = days.min(), days.max()
    return _Side(
        Rate(paid, relevant),
        Rate(denied, relevant),
        first if isinstance(first, date) else None,
        last if isinstance(last, date) else None,
    )


def _proposal(
    payer: str,
    label: str,
    with_26: _Side,
    without: _Side,
    policies: PolicySet,
    folder: Path | None,
) -> Proposal | None:
    value = _value(with_26, without)
    sides = {"with 26": with_26, "without 26": without}
    clear = {how: side for how, side in sides.items() if side.accepts or side.rejects}
    days = [side.first_day for side in clear.values() if side.first_day]
    if value is None or not days:
        return None
    key = payer if payer in policies.policies else DEFAULT
    code = min(INTERPRETATION)
    last_day = max(side.last_day or max(days) for side in clear.values())
    decision = decide(policies, key, code, MODIFIER, last_day)
    is_own = decision.level not in (None, Level.DEFAULT)
    if is_own and not _contradicts(str(decision.value), with_26, without):
        return None
    evidence = "; ".join(side.words(how) for how, side in clear.items())
    return Proposal(
        payer=key,
        payer_label=label,
        parameter=MODIFIER,
        code=code,
        on_file=f"{decision.value} (its policy)" if is_own else "no rule of its own",
        value=value.value,
        first_day=max(days),
        evidence=evidence,
        command="" if key == DEFAULT else _command(key, value, max(days), evidence, folder),
    )


def _command(payer: str, value: Use, first_day: date, evidence: str, folder: Path | None) -> str:
    """What a person types to record the answer."""
    words = [
        *("scrub", "policies", "set", payer, MODIFIER, value.value, "--code", min(INTERPRETATION)),
        *("--from", first_day.isoformat(), "--source", f"Remittances: {evidence}"),
        *("--policies", str(folder or "my-policies")),
    ]
    return shlex.join(words)


def _value(with_26: _Side, without: _Side) -> Use | None:
    """The position that the answers speak for; None where they leave it open."""
    if with_26.rejects and not without.rejects:
        return Use.NOT_ALLOWED
    if without.rejects and with_26.accepts:
        return Use.REQUIRED
    return Use.ACCEPTED if with_26.accepts and not without.rejects else None


def _contradicts(on_file: str, with_26: _Side, without: _Side) -> bool:
    """Whether the answers are clearly other than what the policy leads to expect."""
    against = {
        Use.NOT_ALLOWED: with_26.accepts,
        Use.REQUIRED: with_26.rejects or without.accepts,
        Use.EXPECTED: with_26.rejects,
        Use.ACCEPTED: with_26.rejects or without.rejects,
    }
    return on_file in set(Use) and against[Use(on_file)]
