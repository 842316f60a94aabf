"""Which remittance line answers which checked line, and what the last answer is.

The keys are tried in order, the surest first. A checked line may have several answers: a payment of
its split units, a reversal with its correction, an answer of the next payer.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cpt77092.facts.money import CENTS
from cpt77092.frozen import frozen
from cpt77092.reference.adjustments import LATER_PAYER
from cpt77092.reference.codes import CHECKED
from cpt77092.remittances.schema import ANSWERS

LINE, REMIT = "line", "remit"
"""Numbers of a checked line and of a remittance line."""
KEYS: tuple[tuple[str, ...], ...] = (
    ("claim", "control"),
    ("claim", "code", "modifiers_sorted", "day", "charge"),
    ("claim", "code", "modifiers_sorted", "day"),
    ("claim", "code", "day", "charge"),
    ("claim", "code", "day"),
    ("claim", "code", "undated"),
)
"""What must be equal: payers give back the claim's number, and the line's where it had one; a
changed modifier, split units or an export without dates still leave enough to know the line by."""
OUTCOMES = pl.Enum(["denied", "paid", "zero", "changed", "reversed", "unanswered"])
"""What became of a checked line: `paid` includes what the patient owes; `zero` is paid nothing
without a code that denies; `changed` was billed differently than it was checked."""
_NOT_ANSWERS = ("forwarded", "predetermined")


@frozen
class Matches:
    """Checked lines with what became of them, and what is left on the other side."""

    lines: pl.DataFrame
    """The checked lines with `outcome`, and of their last answer `paid`, `allowed`, `denied_group`,
    `denied_carc`, `denied_carcs`, `remarks`, `adjustments`, `payment_date`, `remitting_payer`,
    `remit` (the number of its remittance line) and `answers`, how many payments there were."""
    unmatched: pl.Series
    """Numbers of remittance lines with a checked code that answer no checked line."""
    other_codes: int
    """Remittance lines with other codes."""


def match(lines: pl.DataFrame, remittances: pl.DataFrame) -> Matches:
    """Find the answers of all checked lines.

    Args:
        lines: as `Predictions.lines` has them.
        remittances: as `REMITTANCE_LINE` has them.
    """
    claims = _numbered_claims(lines)
    keys = _keys_of_lines(lines, claims)
    remits = _with_categories(remittances.with_row_index(REMIT))
    pairs = _pairs(keys, _keys_of_remittances(remits, claims))
    answers = _last_answers(pairs, keys, remits)
    graded = lines.join(answers, on=LINE, how="left", maintain_order="left").with_columns(
        pl.col("outcome").fill_null("unanswered")
    )
    is_answer = pl.col("hcpcs_code").is_in(sorted(CHECKED)) & ~pl.col("answer").is_in(
        ["reversed", *_NOT_ANSWERS]
    )
    rest = remits.select(REMIT, "hcpcs_code", "answer").filter(is_answer)
    others = remittances.filter(
        ~pl.col("hcpcs_code").is_in(sorted(CHECKED)), ~pl.col("is_whole_claim")
    )
    return Matches(graded, rest.join(pairs, on=REMIT, how="anti")[REMIT], others.height)


def _keys_of_lines(lines: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The keys of every checked line, in the order of their numbers."""
    control = pl.col("line_control_number").fill_null("").str.strip_chars()
    keys = _with_categories(lines).select(
        LINE,
        "code",
        "modifiers_sorted",
        number=_claim(),
        control=pl.when(control != "").then(control),
        day="claim_line_start_date",
        charge="charge_amount",
        undated=pl.lit(True),  # noqa: FBT003
    )
    return keys.join(numbers, on="number", how="left", maintain_order="left").drop("number")


def _with_categories(table: pl.DataFrame) -> pl.DataFrame:
    """A table with `code` and `modifiers_sorted` as categories, which compare faster than text."""
    modifiers = table["modifiers"]
    each = modifiers.unique()
    # Payers give modifiers back in any order.
    in_order = each.str.to_uppercase().str.split(" ").list.sort().list.join(" ")
    return table.with_columns(
        code=pl.col("hcpcs_code").cast(pl.Categorical),
        modifiers_sorted=modifiers.replace_strict(each, in_order).cast(pl.Categorical),
    )


def _numbered_claims(lines: pl.DataFrame) -> pl.DataFrame:
    """Each claim number (`number`) with a short number of ours (`claim`), which joins faster."""
    claims = lines.select(number=_claim()).unique().filter(pl.col("number") != "")
    return claims.with_row_index("claim")


def _claim() -> pl.Expr:
    return pl.col("claim_id").fill_null("").str.strip_chars().str.to_uppercase()


def _bare(claim: pl.Expr) -> pl.Expr:
    """A claim number as systems that drop marks and leading zeros have it."""
    return claim.str.replace_all(r"[^A-Z0-9]", "").str.strip_chars_start("0")


def _keys_of_remittances(remits: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """The remittance lines whose claim is known, with the same keys."""
    near_claims = claims.select("claim", bare=_bare(pl.col("number")))
    near_claims = near_claims.filter(pl.col("bare").is_unique(), pl.col("bare") != "")
    named = remits.select(REMIT, *_PAYERS_NUMBER, number=_claim())
    named = named.join(claims, on="number", how="left", maintain_order="left")
    rest = named.filter(pl.col("claim").is_null()).drop("claim")
    near = rest.with_columns(bare=_bare(pl.col("number"))).join(near_claims, on="bare")
    named = pl.concat([named.drop_nulls("claim"), near.select(named.columns)])
    rest = rest.join(near, on=REMIT, how="anti")
    named_so = named.join(rest, on=_PAYERS_NUMBER, how="semi", nulls_equal=True)
    same = rest.join(_claims_by_payers_number(named_so), on=_PAYERS_NUMBER, nulls_equal=True)
    claim_of = pl.concat([named.select(REMIT, "claim"), same.select(REMIT, "claim")])
    return remits.join(claim_of, on=REMIT, maintain_order="left").select(
        REMIT,
        "claim",
        "is_whole_claim",
        "code",
        "modifiers_sorted",
        payment=pl.struct("source", "claim_row"),
        control=pl.when(pl.col("line_control_number") != "").then("line_control_number"),
        day="claim_line_start_date",
        charge=pl.col("charge").abs(),
        undated=pl.col("claim_line_start_date").is_null(),
    )


_PAYERS_NUMBER = ["remitting_payer", "payer_claim_number"]
"""CLP07: a payer that corrects its answer gives the claim its own number again."""


def _claims_by_payers_number(named: pl.DataFrame) -> pl.DataFrame:
    """Our number of each claim by the payer's, where one claim alone has it."""
    numbers = named.select(*_PAYERS_NUMBER, "claim").unique()
    has_one = (pl.col("payer_claim_number") != "") & (pl.len().over(_PAYERS_NUMBER) == 1)
    return numbers.filter(has_one)


def _pairs(lines: pl.DataFrame, remits: pl.DataFrame) -> pl.DataFrame:
    """`line, remit` of every remittance line whose checked line is known."""
    whole = remits.filter("is_whole_claim")
    rest = remits.filter(~pl.col("is_whole_claim"))
    pairs: list[pl.DataFrame] = []
    for keys in KEYS:
        joined = _joined(lines, rest, keys)
        pairs.append(joined)
        rest = rest.join(joined, on=REMIT, how="anti", maintain_order="left")
    pairs.append(whole.join(lines, on="claim", how="inner").select(LINE, REMIT))
    return pl.concat(pairs)


def _joined(lines: pl.DataFrame, remits: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Pairs with equal keys; of several equal checked lines each answers in its turn."""
    has_keys = pl.all_horizontal(pl.col(key).is_not_null() for key in keys)
    names = list(keys)
    remits = remits.filter(has_keys).select(*keys, REMIT, "payment")
    lines = lines.filter(has_keys).select(*keys, LINE)
    lines = lines.join(remits, on="claim", how="semi", maintain_order="left")
    alone = lines.unique(names, keep="none")
    several = lines.join(alone, on=LINE, how="anti", maintain_order="left")
    in_turn = several.with_columns(turn=pl.int_range(pl.len()).over(names))
    remits_in_turn = remits.join(several, on=names, how="semi", maintain_order="left")
    remits_in_turn = remits_in_turn.with_columns(turn=pl.int_range(pl.len()).over(*keys, "payment"))
    pairs = [remits.join(alone, on=names), remits_in_turn.join(in_turn, on=[*keys, "turn"])]
    return pl.concat(pair.select(LINE, REMIT) for pair in pairs)


def _last_answers(pairs: pl.DataFrame, keys: pl.DataFrame, remits: pl.DataFrame) -> pl.DataFrame:
    """One row for each answered line: what its last payment came to."""
    # A later payer answers what the first one left; it counts where no other answer is there.
    is_later = pl.col("claim_status").is_in(sorted(LATER_PAYER)).fill_null(value=False)
    order = remits.select("source", "claim_row", "payment_date", "answer", is_later=is_later)
    answers = pairs.hstack(order[pairs[REMIT]]).filter(~pl.col("answer").is_in(list(_NOT_ANSWERS)))
    if answers["is_later"].any():
        answers = answers.filter(~pl.col("is_later") | pl.col("is_later").all().over(LINE))
    answers = answers.with_columns(alike=pl.len().over(_PLACE))
    alone = answers.filter(pl.col("alike") == 1)
    several = _in_full(answers.filter(pl.col("alike") > 1), keys, remits)
    several = _without_repetitions(several).group_by(_PLACE, maintain_order=True).agg(_of_several())
    shared = [*_PLACE, REMIT, "payment_date", "answer"]
    is_first = pl.col("answer") != "reversed"  # what corrects a payment follows its reversal
    last = (
        pl.concat([alone.select(shared), several.select(shared)])
        .with_columns(answers=pl.len().over(LINE).cast(pl.UInt32))
        .sort(LINE, "payment_date", is_first, "source", "claim_row", nulls_last=False)
        .unique(LINE, keep="last", maintain_order=True)
    )
    of_one = _in_full(last.join(alone, on=_PLACE, how="semi"), keys, remits)
    what = pl.concat([of_one.select(*_PLACE, *_of_one()), several])
    return (
        last.select(*_PLACE, "answers")
        .join(what, on=_PLACE)
        .with_columns(outcome=_outcome())
        .drop("source", "claim_row", "answer", "is_changed")
    )


def _in_full(answers: pl.DataFrame, keys: pl.DataFrame, remits: pl.DataFrame) -> pl.DataFrame:
    """Answers with all that is read of their remittance lines, and what was billed."""
    billed = keys.select(
        billed_code="code", billed_modifiers="modifiers_sorted", billed_charge="charge"
    )
    full = answers.select(LINE, REMIT).hstack(remits.select(_ANSWER)[answers[REMIT]])
    return full.hstack(billed[answers[LINE]]).with_columns(differs=_differs())


_PLACE = (LINE, "source", "claim_row")
"""One payment of one checked line."""
_ANSWER = (
    *("source", "claim_row", "is_whole_claim", "remitting_payer", "payment_date"),
    *("code", "modifiers_sorted", "charge", "paid", "allowed", "patient_share", "answer"),
    *("group_code", "carc", "carcs", "rarcs", "adjustments"),
)
"""What is read of a remittance line that answers a checked one."""


def _differs() -> pl.Expr:
    """Whether a line was billed with another code or other modifiers than it was checked with."""
    code = pl.col("code") != pl.col("billed_code")
    modifiers = pl.col("modifiers_sorted") != pl.col("billed_modifiers")
    return code.fill_null(value=False) | modifiers.fill_null(value=False)


def _without_repetitions(answers: pl.DataFrame) -> pl.DataFrame:
    """Answers in order: of a whole line twice in one payment the last; split units are all kept."""
    is_whole = (pl.col("charge") == pl.col("billed_charge")).fill_null(value=False)
    is_last = pl.col(REMIT) == pl.col(REMIT).max().over(_PLACE)
    return answers.sort(*_PLACE, REMIT).filter(~is_whole | is_last)


def _of_one() -> list[pl.Expr]:
    """What a payment of one line comes to, as `_of_several`: nearly all payments are such."""
    is_line = ~pl.col("is_whole_claim")
    recharged = (pl.col("charge") != pl.col("billed_charge")).fill_null(value=False)
    return [
        pl.col("answer"),
        ((pl.col("differs") | recharged) & is_line).alias("is_changed"),
        pl.when(is_line).then("paid").cast(CENTS).alias("paid"),
        pl.when(is_line).then(_allowed()).cast(CENTS).alias("allowed"),
        pl.col("group_code").alias("denied_group"),
        pl.col("carc").alias("denied_carc"),
        pl.col("carcs").alias("denied_carcs"),
        pl.col("rarcs").alias("remarks"),
        pl.col("adjustments").fill_null(""),
        pl.col("payment_date"),
        pl.col("remitting_payer"),
        pl.col(REMIT),
    ]


def _of_several() -> list[pl.Expr]:
    """What the lines of one payment that answer one checked line come to together."""
    answer = pl.col("answer")
    comes_to = pl.coalesce(
        *(
            pl.when((answer == name).any()).then(pl.lit(name))
            for name in ("reversed", "paid", "patient", "denied")
        ),
        pl.lit("zero"),
    )
    charge, billed = pl.col("charge"), pl.col("billed_charge").first()
    recharged = (charge.sum() != billed) & charge.is_not_null().all()
    is_line = ~pl.col("is_whole_claim").any()
    main = pl.col("carc").is_not_null()

    def listed(name: str) -> pl.Expr:
        codes = pl.col(name).list.explode(keep_nulls=False, empty_as_null=False)
        return codes.unique(maintain_order=True)

    return [
        comes_to.cast(ANSWERS).alias("answer"),
        ((pl.col("differs").any() | recharged.fill_null(value=False)) & is_line).alias(
            "is_changed"
        ),
        pl.when(is_line).then(pl.col("paid").sum()).cast(CENTS).alias("paid"),
        pl.when(is_line).then(_allowed().sum()).cast(CENTS).alias("allowed"),
        pl.col("group_code").filter(main).first().alias("denied_group"),
        pl.col("carc").filter(main).first().alias("denied_carc"),
        listed("carcs").alias("denied_carcs"),
        listed("rarcs").alias("remarks"),
        pl.col("adjustments").drop_nulls().str.join("; ").alias("adjustments"),
        pl.col("payment_date").max(),
        pl.col("remitting_payer").first(),
        pl.col(REMIT).last(),
    ]


def _allowed() -> pl.Expr:
    """What the payer allows; where it does not state it, what it pays and leaves to the patient."""
    return pl.coalesce("allowed", pl.col("paid") + pl.col("patient_share").fill_null(0))


def _outcome() -> pl.Expr:
    """What became of the line."""
    answer = pl.col("answer")
    return (
        pl.when(answer == "reversed")
        .then(pl.lit("reversed"))
        .when("is_changed")
        .then(pl.lit("changed"))
        .when(answer.is_in(["paid", "patient"]))
        .then(pl.lit("paid"))
        .when(answer == "denied")
        .then(pl.lit("denied"))
        .otherwise(pl.lit("zero"))
        .cast(OUTCOMES)
    )
