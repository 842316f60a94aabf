"""Facts of the diagnoses, computed once for each distinct combination of them.

A line's diagnoses are those its pointer names, or all of the row where it names none. Codes are
compared in capitals and without the dot, and shown with it; only `diagnosis_problems` takes them as
they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cpt77092.claims.columns import BETWEEN_DIAGNOSES, DIAGNOSES, WHOSE_CLAIM
from cpt77092.claims.quotable import shown
from cpt77092.facts.fact import NO, YES, Context, Fact, by_set
from cpt77092.reference.icd10 import CATEGORY, WOMEN_ONLY, DiagnosisList

_FILLED = f"[^{BETWEEN_DIAGNOSES}]"
"""In the joined cell where some diagnosis is not blank."""
_CELL = pl.col("diagnoses_cell").cast(pl.String)
_HAS_SOME = _CELL.str.contains(_FILLED)
_POINTER = pl.col("diagnosis_pointer").cast(pl.String).str.to_uppercase()
_LETTERS = "ABCDEFGHIJKL"
# A category begins with a letter and a digit; QA0 (2026) is the first to begin with two letters.
_CODE = r"([A-Z][0-9]|QA)[0-9A-Z]"
_FORM = rf"^{_CODE}[0-9A-Z]{{0,4}}$"
_AS_WRITTEN = rf"^{_CODE}(\.?[0-9A-Z]{{1,4}})?$"
_READABLE_POINTER = r"^[,: ]*([A-L]+|[0-9]+)([,: ]+([A-L]+|[0-9]+))*[,: ]*$"
_TEXTS = pl.List(pl.String)
OTHER_YEAR = "the ICD-10-CM list on file is of another fiscal year"
"""Why a line's diagnoses are not looked up."""
_ROW = ("diagnoses_cell", "list_year")
_OF_ROW = Fact(reads=_ROW, distinct_by=_ROW)
# Without pointers each line has all cells of its row.
_OF_POINTED = Fact(
    reads=("diagnoses_cell",),
    optional=("pointed_diagnoses",),
    distinct_by=("diagnoses_cell", "pointed_diagnoses"),
)
_OF_LINE = Fact(
    reads=("line_diagnoses",),
    distinct_by=("line_diagnoses",),
    unknown="the diagnosis pointer cannot be followed",
)
_LISTS = ("policy.supporting_diagnoses", "policy.excluded_diagnoses")
_OF_LISTS = replace(_OF_LINE, optional=_LISTS, distinct_by=("line_diagnoses", *_LISTS))


def without_dot(code: pl.Expr) -> pl.Expr:
    """A diagnosis in capitals and without its dot."""
    return code.str.to_uppercase().str.replace_all(".", "", literal=True)


def with_dot(code: pl.Expr) -> pl.Expr:
    """A normal diagnosis with the dot after its third character."""
    return code.str.replace(rf"^(.{{{CATEGORY}}})(.+)$", "${1}.${2}")


def _joined(texts: pl.Expr, between: str = ", ") -> pl.Expr:
    """A list of texts as a person writes it: each once, without nulls."""
    return texts.list.drop_nulls().list.unique(maintain_order=True).list.join(between)


@Fact(reads=DIAGNOSES, distinct_by=DIAGNOSES).of
def row_diagnoses(context: Context) -> pl.Expr:
    """All diagnosis cells of the row in order.

    Most files fill a few of the twelve: blank columns after the last filled one are left out.
    """
    filled = [n for n, name in enumerate(DIAGNOSES) if name not in context.blank]
    cells = pl.col(DIAGNOSES[: max(filled, default=0) + 1]).cast(pl.String)
    return pl.concat_str(cells, separator=BETWEEN_DIAGNOSES).cast(pl.Categorical)


@Fact(
    reads=("row_diagnoses",),
    # Readers look up the claim's first row by these.
    optional=("claim_diagnoses", "claim_line_number", *WHOSE_CLAIM),
    distinct_by=("row_diagnoses", "claim_diagnoses"),
).of
def diagnoses_cell(_: Context) -> pl.Expr:
    """The diagnosis cells that count for the line; the key of the diagnosis facts.

    They are those of its row. A claim's diagnoses that are on its first row alone, by line number,
    are those of all its lines.
    """
    cells = pl.coalesce(pl.col("claim_diagnoses", "row_diagnoses").cast(pl.String))
    # Null where the file has no diagnoses.
    return pl.when(pl.col("row_diagnoses").is_not_null()).then(cells).cast(pl.Categorical)


@_OF_POINTED.of
def has_diagnosis(_: Context) -> pl.Expr:
    """Some diagnosis that counts for the line is not blank."""
    return _HAS_SOME


def _written() -> pl.Expr:
    """The diagnoses of the row as they are written, without blank cells."""
    return _CELL.str.split(BETWEEN_DIAGNOSES).list.filter(pl.element() != "")


def diagnosis_categories(lines: pl.DataFrame) -> frozenset[str]:
    """The first characters of all diagnoses of a batch, up to the dot."""
    names = [name for name in (*DIAGNOSES, "claim_diagnoses") if name in lines.columns]
    cells = [lines[name].unique().cast(pl.String) for name in names]
    written = pl.concat([pl.Series(dtype=pl.String), *cells]).unique().to_frame("code")
    code = pl.col("code").str.split(BETWEEN_DIAGNOSES).explode()
    begun = written.select(without_dot(code).str.head(CATEGORY).unique())
    return frozenset(begun.to_series().drop_nulls())


_NO_DATE, _OTHER_YEAR = 0, 100


@Fact(reads=("claim_line_start_date",)).of
def list_year(context: Context) -> pl.Expr:
    """The number of the ICD-10-CM list whose fiscal year the date of service is in, from 1.

    In a year without a list, the number of the nearest one and `_OTHER_YEAR` more.
    """
    lists, day = context.diagnosis_lists, pl.col("claim_line_start_date")
    nearest = pl.lit(_OTHER_YEAR + 1)
    for number, listed in enumerate(lists[1:], start=2):
        begun = pl.when(day >= listed.first_day)
        nearest = begun.then(_OTHER_YEAR + number).otherwise(nearest)
    year = pl.when(day.is_not_null()).then(nearest).otherwise(_NO_DATE)
    for number, listed in enumerate(lists, start=1):
        is_listed = day.is_between(listed.first_day, listed.last_day)
        year = pl.when(is_listed).then(number).otherwise(year)
    return year.cast(pl.UInt8)


_IN_YEAR = pl.col("list_year").is_between(_NO_DATE + 1, _OTHER_YEAR - 1)
_IS_OTHER_YEAR = pl.col("list_year") > _OTHER_YEAR


def _by_list(
    context: Context, of_list: Callable[[DiagnosisList], pl.Expr], *, other_year: bool = False
) -> pl.Expr:
    """What holds by the list of the line's fiscal year, or in another year by the nearest one.

    Null on the other lines.
    """
    first = _OTHER_YEAR + 1 if other_year else 1
    return pl.coalesce(
        pl.when(pl.col("list_year") == number).then(of_list(listed))
        for number, listed in enumerate(context.diagnosis_lists, start=first)
    )


@replace(_OF_ROW, unknown=OTHER_YEAR).of
def diagnosis_problems(context: Context) -> pl.Expr:
    """What is wrong with the row's diagnoses; blank where nothing is.

    Outside the fiscal years of the lists their form is checked, and whether one is a heading in the
    nearest list.
    """
    written, normal = pl.element(), without_dot(pl.element())
    misformed = pl.when(~normal.str.contains(_FORM)).then(
        pl.format(
            "{} does not have the form of an ICD-10-CM code", shown("diagnosis_code_1", written)
        )
    )
    miswritten = pl.when(~written.str.contains(_AS_WRITTEN)).then(
        pl.format(
            "{} is not written in capitals with a dot, if any, after the third character", written
        )
    )

    def in_year(listed: DiagnosisList) -> pl.Expr:
        not_billable = pl.format("{} {}", written, _standing(normal, listed))
        problem = pl.coalesce(misformed, not_billable, miswritten)
        return _joined(_written().list.eval(problem), "; ")

    def in_other_year(listed: DiagnosisList) -> pl.Expr:
        text = f"{{}} needs more characters in the nearest list (fiscal year {listed.fiscal_year})"
        is_heading = normal.is_in(listed.headings["code"].implode())
        heading = pl.when(is_heading).then(pl.format(text, written))
        return _joined(_written().list.eval(pl.coalesce(misformed, heading, miswritten)), "; ")

    by_form = _joined(_written().list.eval(pl.coalesce(misformed, miswritten)), "; ")
    elsewhere = pl.coalesce(_by_list(context, in_other_year, other_year=True), by_form)
    return (
        pl.when(_IN_YEAR)
        .then(_by_list(context, in_year))
        .when((elsewhere != "") | ~_HAS_SOME)
        .then(elsewhere)
    )


@Fact(
    reads=("diagnoses_cell", "list_year", "diagnosis_problems"),
    distinct_by=("diagnoses_cell", "list_year", "diagnosis_problems"),
).of
def diagnosis_is_wrong_in_any_year(_: Context) -> pl.Expr:
    """A diagnosis has a wrong form, or is not billable in the fiscal year of the list."""
    is_misformed = ~without_dot(pl.element()).str.contains(_FORM)
    is_miswritten = ~pl.element().str.contains(_AS_WRITTEN)
    is_wrong = _written().list.eval(is_misformed | is_miswritten).list.any()
    return is_wrong | (_IN_YEAR & (pl.col("diagnosis_problems") != ""))


def _standing(code: pl.Expr, listed: DiagnosisList) -> pl.Expr:
    """Why a code is not billable by a list; null where it is."""
    headings = listed.headings
    below = pl.col("billable_below")
    codes = pl.when(below == 1).then(pl.lit("code begins")).otherwise(pl.lit("codes begin"))
    short = pl.format("needs more characters ({} billable {} with it)", below, codes)
    reason = code.replace_strict(
        headings["code"],
        headings.select(short).to_series(),
        default=pl.lit("is not an ICD-10-CM code that year"),
    )
    return pl.when(~code.is_in(listed.billable.implode())).then(reason)


def well_written(code: pl.Expr) -> pl.Expr:
    """A diagnosis in capitals and with its dot, if any, after the third character."""
    has_dot = code.str.contains(".", literal=True)
    rewritten = pl.when(has_dot).then(with_dot(without_dot(code))).otherwise(without_dot(code))
    return pl.when(code.str.contains(_AS_WRITTEN)).then(code).otherwise(rewritten)


@_OF_ROW.of
def corrected_diagnoses(context: Context) -> pl.Expr:
    """The miswritten diagnoses as they should be written, where that makes all billable.

    Null where some other diagnosis of the row is wrong, or the list is of another year.
    """
    written, normal = pl.element(), without_dot(pl.element())
    corrected = pl.when(~written.str.contains(_AS_WRITTEN)).then(well_written(written))

    def all_billable(listed: DiagnosisList) -> pl.Expr:
        return _written().list.eval(normal.is_in(listed.billable.implode())).list.all()

    are_billable = _IN_YEAR & _by_list(context, all_billable)
    return pl.when(are_billable).then(_joined(_written().list.eval(corrected)))


def cell_at(position: int) -> pl.Expr:
    """The diagnosis cell in a position; those after the last filled column are blank."""
    return _CELL.str.split(BETWEEN_DIAGNOSES).list.get(position, null_on_oob=True).fill_null("")


@Fact(
    optional=("diagnoses_cell", "diagnosis_pointer"),
    distinct_by=("diagnoses_cell", "diagnosis_pointer"),
).of
def pointed_diagnoses(_: Context) -> pl.Expr:
    """The diagnosis pointer as letters: `1:2`, `1 2` and `12` are `AB`; `?` cannot be read.

    10 is the tenth diagnosis, and 11 or 12 alone is that one if it is there, else two digits.
    """
    letters = _POINTER.str.replace_all("10", "J", literal=True)
    for number in (11, 12):
        alone = letters.str.replace_all(rf"\b{number}\b", _LETTERS[number - 1])
        letters = pl.when(cell_at(number - 1) != "").then(alone).otherwise(letters)
    letters = letters.str.replace_many(list("123456789"), list(_LETTERS[:9]))
    letters = letters.str.replace_all(r"[,: ]", "")
    readable = _POINTER.str.contains(_READABLE_POINTER) & letters.str.contains(r"^[A-L]+$")
    return (
        pl.when((_POINTER == "") | readable)
        .then(letters)
        .when(_POINTER.is_not_null())
        .then(pl.lit("?"))
        .cast(pl.Categorical)
    )


_POINTED = pl.col("pointed_diagnoses").cast(pl.String)


def _positions(pointed: pl.Expr) -> pl.Expr:
    """The positions in the row that some letters point to, in order; the first is 0."""
    position = pl.element().replace_strict(list(_LETTERS), range(len(_LETTERS)), default=None)
    positions = pointed.str.split("").list.eval(position).list.drop_nulls()
    return positions.list.unique().list.sort()


@replace(_OF_POINTED, reads=("diagnoses_cell", "diagnosis_pointer")).of
def diagnosis_pointer_problem(_: Context) -> pl.Expr:
    """What is wrong with the diagnosis pointer; blank where nothing is, or the pointer is blank."""
    filled = [
        pl.when(cell_at(position) != "").then(pl.lit(position, dtype=pl.Int64))
        for position in range(len(_LETTERS))
    ]
    unfilled = _positions(_POINTED).list.set_difference(pl.concat_list(filled)).list.sort()
    letter = pl.element().replace_strict(range(len(_LETTERS)), list(_LETTERS), default=None)
    named = unfilled.list.eval(pl.format("{} ({})", pl.element() + 1, letter)).list.join(", ")
    return (
        pl.when(_CELL.is_null() & (_POINTED != ""))
        .then(pl.lit(None, dtype=pl.String))
        .when(_POINTED == "?")
        .then(pl.lit("cannot be read as letters A to L or numbers 1 to 12"))
        .when(unfilled.list.len() > 0)
        .then(pl.format("points to a blank diagnosis: {}", named))
        .when(_POINTED.is_not_null())
        .then(pl.lit(""))
    )


@replace(_OF_POINTED, unknown=_OF_LINE.unknown).of
def line_diagnoses(_: Context) -> pl.Expr:
    """The line's own diagnoses, normalized, in one text; null where its pointer is invalid.

    It is the key of the facts that compare them with the payer's lists.
    """
    cells = without_dot(_CELL).str.split(BETWEEN_DIAGNOSES)
    chosen = cells.list.gather(_positions(_POINTED), null_on_oob=True)
    filled = chosen.list.eval(pl.element().fill_null(""))
    follows = (_POINTED != "?") & ~filled.list.contains("")
    all_filled = cells.list.filter(pl.element() != "")
    own = (
        pl.when(_CELL.is_not_null() & (_POINTED.fill_null("") == ""))
        .then(all_filled)
        .when(_CELL.is_not_null() & follows)
        .then(filled)
    )
    return own.list.join(BETWEEN_DIAGNOSES).cast(pl.Categorical)


_OWN = pl.col("line_diagnoses").cast(pl.String).str.split(BETWEEN_DIAGNOSES)


@_OF_LINE.of
def has_line_diagnosis(_: Context) -> pl.Expr:
    """The line has a diagnosis."""
    return pl.col("line_diagnoses") != ""


@Fact(
    reads=("line_diagnoses", "list_year"),
    distinct_by=("line_diagnoses", "list_year"),
    unknown="no ICD-10-CM list has a diagnosis, and that of its date is not there",
).of
def has_unbillable_diagnosis(context: Context) -> pl.Expr:
    """A diagnosis of the line is none that a claim may have, however it is written.

    Unknown where one is in no list on a date without a list: it may be a new one.
    """
    code = pl.element()
    is_wrong = (code != "") & ~code.str.contains(_FORM)

    def has_unlisted(listed: DiagnosisList) -> pl.Expr:
        is_unlisted = (code != "") & ~code.is_in(listed.billable.implode())
        return _OWN.list.eval(is_unlisted).list.any()

    def has_heading(listed: DiagnosisList) -> pl.Expr:
        is_heading = code.is_in(listed.headings["code"].implode())
        has_wrong = _OWN.list.eval(is_wrong | is_heading).list.any()
        return pl.when(has_wrong).then(YES).when(~has_unlisted(listed)).then(NO)

    return (
        pl.when(_IN_YEAR)
        .then(_by_list(context, has_unlisted))
        .when(_IS_OTHER_YEAR)
        .then(_by_list(context, has_heading, other_year=True))
        .otherwise(_OWN.list.eval(is_wrong).list.any())
    )


@_OF_LINE.of
def line_diagnoses_text(_: Context) -> pl.Expr:
    """The line's own diagnoses, for the message: `M81.0, Z78.0`."""
    return _joined(_dotted_all(_OWN))


@_OF_LINE.of
def diagnoses_of_women(_: Context) -> pl.Expr:
    """The line's diagnoses that only women have."""
    return _joined(_dotted_all(_of(WOMEN_ONLY, _OWN)))


def _dotted_all(codes: pl.Expr) -> pl.Expr:
    return codes.list.eval(with_dot(pl.element()))


def _of(entries: Sequence[Any], diagnoses: pl.Expr) -> pl.Expr:
    """The diagnoses that the entries name, whole or by a prefix that ends in `-`."""
    codes = [re.escape(_bare(entry)) + (".*" if entry.endswith("-") else "") for entry in entries]
    named = pl.element().str.contains(rf"^({'|'.join(codes)})$") & (pl.element() != "")
    return diagnoses.list.filter(named)


def _bare(entry: str) -> str:
    return entry.removesuffix("-").replace(".", "")


def _listed(parameter: str, context: Context) -> pl.Expr:
    """The line's diagnoses that are on a list of the payer; null without a list."""
    return by_set(parameter, context, lambda entries: _of(entries, _OWN), _TEXTS)


@replace(_OF_LISTS, reads=("line_diagnoses", "policy.supporting_diagnoses")).of
def has_supporting_diagnosis(context: Context) -> pl.Expr:
    """A diagnosis of the line is on the payer's list and not excluded from it."""
    # A payer that excludes none has no list of excluded ones.
    excluded = pl.coalesce(_listed("excluded_diagnoses", context), pl.lit([], dtype=_TEXTS))
    supporting = _listed("supporting_diagnoses", context)
    return supporting.list.set_difference(excluded).list.len() > 0


@replace(_OF_LISTS, reads=("line_diagnoses", "policy.excluded_diagnoses")).of
def excluded_diagnoses_found(context: Context) -> pl.Expr:
    """The line's diagnoses that the payer excludes; none on a line without diagnoses."""
    excluded = _joined(_dotted_all(_listed("excluded_diagnoses", context)))
    return pl.when(pl.col("line_diagnoses") == "").then(pl.lit("")).otherwise(excluded)


@Fact(optional=("excluded_diagnoses_found",)).of
def surely_has_excluded_diagnosis(_: Context) -> pl.Expr:
    """A diagnosis of the line is known to be excluded."""
    return (pl.col("excluded_diagnoses_found") != "").fill_null(value=False)
