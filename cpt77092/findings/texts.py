"""Messages, fixes and predicted denials of findings, filled in from their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import polars as pl

from cpt77092.claims.quotable import shown
from cpt77092.engine import Result, column_of, fields_of, names_in_texts
from cpt77092.facts import MESSAGE_FIELDS
from cpt77092.facts.money import CENTS
from cpt77092.findings.lines import reported
from cpt77092.readers import ROW_ID
from cpt77092.rule import Denial, Message, Remedy, Rule

LONGEST_CELL = 300
"""Characters of a cell that a message quotes; a damaged cell may hold a whole file."""
TEXTS = ("message", "fix", "fix_kind", "group_code", "carc", "rarc")
REMEDY = "remedy"
"""The place in `Rule.remedies` of the remedy of a finding."""


def message_fields(result: Result, chosen: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """What messages say of other lines, by the number of the rule; each frame is by line.

    Looked up among all lines of the batch, so once, however many pieces the findings come in.
    """
    by_rule: dict[int, pl.DataFrame] = {}
    for number in chosen["rule"].unique().to_list():
        names = _names_read(result.rules[number])
        fields = [MESSAGE_FIELDS[name] for name in names if name in MESSAGE_FIELDS]
        if not fields:
            continue
        line = chosen.filter(pl.col("rule") == number)["line"].sort()
        reads = {name for field in fields for name in field.reads}
        every = result.lines.select({"line", *reads, ROW_ID} & set(result.lines.columns))
        lines = every[line]
        by_rule[number] = pl.DataFrame([line]).with_columns(
            field.render(lines, every, result.context).alias(field.name) for field in fields
        )
    return by_rule


def write_texts(
    result: Result,
    chosen: pl.DataFrame,
    sources: pl.DataFrame,
    fields: Mapping[int, pl.DataFrame],
    names: Sequence[str] = TEXTS,
) -> pl.DataFrame:
    """`TEXTS` of some findings, or `REMEDY`, in the order of the findings.

    `chosen` has `line`, `rule` and `source`, a row of `sources`, of each finding; `fields` is what
    `message_fields` gave for these findings or more.
    """
    lines = reported(result.lines)
    parts = chosen.with_row_index("place")
    schema = {"place": pl.get_index_type(), **dict.fromkeys(TEXTS, pl.String), REMEDY: pl.UInt8}
    by_rule = [
        _texts_of(result.rules[rows.item(0, "rule")], rows, lines, sources, fields)
        for rows in parts.partition_by("rule")
    ]
    some = [texts.select("place", *names) for texts in (pl.LazyFrame(schema=schema), *by_rule)]
    texts = pl.concat(pl.collect_all(some))
    return texts[texts["place"].arg_sort()].drop("place")


def _texts_of(
    rule: Rule,
    rows: pl.DataFrame,
    lines: pl.DataFrame,
    sources: pl.DataFrame,
    fields: Mapping[int, pl.DataFrame],
) -> pl.LazyFrame:
    """The texts of one rule's findings, with their `place`."""
    frame = _frame_of(rule, rows, lines, sources, fields)
    messages, remedies, denials = rule.messages, rule.remedies, rule.denials
    return frame.lazy().select(
        "place",
        message=_first_fitting(messages, [_filled_in(each.text, frame) for each in messages]),
        fix=_first_fitting(remedies, [_filled_in(remedy.text, frame) for remedy in remedies]),
        fix_kind=_first_fitting(remedies, [pl.lit(remedy.kind.value) for remedy in remedies]),
        group_code=_first_fitting(denials, [pl.lit(denial.group) for denial in denials]),
        carc=_first_fitting(denials, [pl.lit(denial.carc) for denial in denials]),
        rarc=_first_fitting(denials, [pl.lit(denial.rarc) for denial in denials]),
        remedy=_first_fitting(remedies, [pl.lit(n, pl.UInt8) for n in range(len(remedies))]),
    )


def _frame_of(
    rule: Rule,
    rows: pl.DataFrame,
    lines: pl.DataFrame,
    sources: pl.DataFrame,
    fields: Mapping[int, pl.DataFrame],
) -> pl.DataFrame:
    """What the texts of one rule's findings read, and their `place`."""
    names = _names_read(rule)
    read = [name for name in names if name not in MESSAGE_FIELDS and name not in sources.columns]
    frame = lines[list(dict.fromkeys(["line", *read]))][rows["line"]].hstack([rows["place"]])
    if not sources.schema.keys().isdisjoint(names):
        frame = frame.hstack(sources[rows["source"]])
    of_others = fields.get(rows.item(0, "rule"))
    if of_others is not None:
        frame = frame.hstack(of_others.drop("line")[of_others["line"].search_sorted(rows["line"])])
    return frame


@cache
def _names_read(rule: Rule) -> tuple[str, ...]:
    """What a rule's texts read, each once."""
    return tuple(dict.fromkeys(names_in_texts(rule)))


def _first_fitting(
    choices: Sequence[Message | Remedy | Denial], values: Sequence[pl.Expr]
) -> pl.Expr:
    """The value of the first choice whose condition holds on the line; blank where none does."""
    chosen: pl.Expr = pl.lit("")
    for choice, value in reversed(list(zip(choices, values, strict=True))):
        if choice.when is None:
            chosen = value
        else:
            chosen = pl.when(choice.when).then(value).otherwise(chosen)
    return chosen


def _filled_in(template: str, frame: pl.DataFrame) -> pl.Expr:
    """A template as an expression; a field that is null reads `blank`."""
    fields = fields_of(template)
    if not fields:
        return pl.lit(template.replace("{{", "{").replace("}}", "}"))
    pattern = template
    for field in set(fields):
        pattern = pattern.replace(f"{{{field}}}", "{}")
    names = [column_of(field) for field in fields]
    return pl.format(pattern, *(as_text(name, frame.schema[name]) for name in names))


def as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as a message quotes its cells; `blank` where it is null or empty."""
    value = pl.col(name)
    if dtype.is_float():
        is_whole = value == value.floor()
        whole = value.cast(pl.Int64, strict=False).cast(pl.String)
        text = pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
    elif dtype.is_decimal():
        amount = value.abs().cast(CENTS).cast(pl.String)
        text = pl.format(
            "{}${}", pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit("")), amount
        )
    elif isinstance(dtype, pl.Enum):
        text = value.cast(pl.String).str.replace_all("_", " ", literal=True)
    elif dtype in (pl.String, pl.Categorical):
        whole = value.cast(pl.String)
        cut = pl.format("{}...", whole.str.head(LONGEST_CELL))
        is_long = whole.str.len_chars() > LONGEST_CELL
        text = pl.when(value != "").then(pl.when(is_long).then(cut).otherwise(shown(name, whole)))
    else:
        text = value.cast(pl.String)
    return text.fill_null("blank")
