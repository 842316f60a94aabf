"""The condition of an own rule: an SQL expression, as Polars reads it, over names that are open.

Polars parses the text. What is parsed is then checked part by part: a part that is not listed here
is refused, so that every condition keeps to three values (true, false, unknown), is the same on
every day, and cannot fail on any claim. Names are put in place of what they stand for.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import polars as pl
from polars.exceptions import PanicException, PolarsError

from cpt77092.claims.columns import MONEY
from cpt77092.errors import did_you_mean
from cpt77092.frozen import frozen

LONGEST = 2_000
"""Characters of a condition."""
MOST_PARTS = 400
"""Names, values and operators of a condition: a chain of them is as deep as it is long."""
LARGEST_FACTOR = 1_000_000
"""No amount of a claim times such a number is too large to be computed exactly."""


class Type(StrEnum):
    """What a name, a value or an expression is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes or no"
    PERIOD = "a length of time"


@frozen(kw_only=True)
class Name:
    """A name that conditions and messages may use."""

    kind: Type
    meaning: str
    column: str
    """The column or fact that has its value, which is null where that is unknown."""
    dtype: pl.DataType | type[pl.DataType]
    """The type of that column."""
    is_blank: str = ""
    """The fact that a cell is blank (`IS NULL`); where there is none, nothing is said of blanks."""
    choices: tuple[str, ...] = ()
    """The only values that it can have; any text where there are none."""
    shown: bool = True
    """Whether messages may show it; what identifies a patient is not shown."""


class ConditionError(ValueError):
    """A condition cannot be used; the text says why and what to write."""


@frozen
class _Part:
    """A part of a condition after the check."""

    node: Any
    type: Type
    choices: tuple[str, ...] = ()
    """What the name can be, for a name with choices."""
    is_blank: str = ""
    """The fact that its cell is blank, for a name that has one."""
    values: tuple[Any, ...] = ()
    """The values that are written, for a value or a list of them."""


def compile_condition(sql: str, names: Mapping[str, Name]) -> pl.Expr:
    """The expression of a condition, over the columns that the names stand for.

    Raises:
        ConditionError: it is no SQL expression, or uses what is not open to conditions.
    """
    if len(sql) > LONGEST:
        raise ConditionError(f"longer than {LONGEST:,} characters; write two rules")
    try:
        tree = json.loads(pl.sql_expr(sql).meta.serialize(format="json"))
        part = _Reader(sql, names).read(tree)
    except (PolarsError, PanicException) as problem:
        raise ConditionError(f"not an SQL expression ({_first_line(problem)})") from None
    except RecursionError:
        raise ConditionError("nested too deeply; write two rules") from None
    if part.type is not Type.YES_NO:
        raise ConditionError(f"gives {part.type}; write a comparison, which is true or false")
    return _tried(_expression(part.node), names)


def _tried(condition: pl.Expr, names: Mapping[str, Name]) -> pl.Expr:
    """The condition, after a run on no claim at all, in which Polars checks every type."""
    types = {name.column: name.dtype for name in names.values()}
    types |= dict.fromkeys((name.is_blank for name in names.values()), pl.Boolean())
    read = condition.meta.root_names()
    if not read:
        raise ConditionError("names no column or fact")
    frame = pl.DataFrame(schema={column: types[column] for column in read})
    try:
        dtype = frame.select(condition).to_series().dtype
    except (PolarsError, PanicException) as problem:
        raise ConditionError(_first_line(problem)) from None
    if dtype != pl.Boolean:
        raise ConditionError("is not true or false")
    return condition


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().split("\n", maxsplit=1)[0][:200]


def _expression(node: Any) -> pl.Expr:
    return pl.Expr.deserialize(io.StringIO(json.dumps(node)), format="json")


_CAST: dict[Type, pl.DataType] = {Type.TEXT: pl.String(), Type.NUMBER: MONEY}
"""What columns of a type are compared and computed as: decimals, since they are exact."""
_COMPARISONS = frozenset({"Eq", "NotEq", "Lt", "LtEq", "Gt", "GtEq"})
_TERMS = {
    "Agg": "SUM, COUNT, MIN, MAX and the like",
    "Alias": "AS",
    "Cast": "CAST, COUNT and ||",
    "Explode": "UNNEST",
    "Len": "COUNT",
    "Over": "OVER",
    "Selector": "*",
    "SubPlan": "SELECT",
    "Ternary": "CASE, IF, NULLIF, SUM, IN (SELECT) and DOW (for weekdays: ISODOW)",
    "EqValidity": "IS NOT DISTINCT FROM",
    "NotEqValidity": "IS DISTINCT FROM",
    "Coalesce": "COALESCE",
    "MaxHorizontal": "GREATEST",
    "MinHorizontal": "LEAST",
    "Div": "/ (multiply the other side instead)",
    "Rem": "%",
    "FieldByName": "a name with a dot",
}
"""What parts that are refused are in SQL."""
_INTERVAL = re.compile(r"-?(\d{1,4}(d|w|mo|q|y))+")
_DAY_WRITTEN = re.compile(r"\bDATE\s*'(\d{4}-\d{2}-\d{2})'", re.IGNORECASE)
_DATE_PARTS = frozenset({"WeekDay", "Year", "Month", "Day"})


OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("= <> < <= > >=", "compare two of one type", "charge_amount > 250.00"),
    ("AND OR NOT", "join comparisons", "has_modifier_26 AND NOT has_modifier_tc"),
    ("IN, NOT IN", "one of several values", "place_of_service_code IN ('21', '22')"),
    ("BETWEEN, NOT BETWEEN", "from one value to another", "patient_age BETWEEN 50 AND 64"),
    (
        "IS NULL, IS NOT NULL",
        "the cell of a column is blank, or is not",
        "prior_authorization_number IS NULL",
    ),
    (
        "LIKE, ILIKE, NOT LIKE",
        "a pattern with % and _; ILIKE for capitals and small letters alike",
        "line_diagnoses LIKE '%M80%'",
    ),
    ("STARTS_WITH, ENDS_WITH", "how a text begins or ends", "STARTS_WITH(payer_id, '87')"),
    ("~", "a regular expression", "rendering_npi ~ '^1[0-9]{9}$'"),
    (
        "UPPER, LOWER, LENGTH, SUBSTR, LEFT",
        "of a text",
        "SUBSTR(original_reference_number, 1, 2) = '99'",
    ),
    ("+ -, * a number", "of numbers", "charge_amount > 99.50 * service_unit_quantity"),
    ("DATE", "a day", "claim_line_start_date >= DATE '2026-07-01'"),
    (
        "INTERVAL",
        "days, weeks, months or years, for dates",
        "submission_date > claim_line_start_date + INTERVAL '30 days'",
    ),
    (
        "EXTRACT: YEAR, MONTH, DAY, ISODOW",
        "a part of a date; ISODOW is 1 for Monday to 7 for Sunday",
        "EXTRACT(ISODOW FROM claim_line_start_date) IN (6, 7)",
    ),
)
"""What a condition may use besides names, each with its meaning and an example."""


class _Reader:
    """Checks the parts of one condition, and puts in what its names stand for."""

    def __init__(self, sql: str, names: Mapping[str, Name]) -> None:
        self.names = names
        self.parts = 0
        self.days = set(_DAY_WRITTEN.findall(sql))

    def read(self, node: Any) -> _Part:
        """One part with all that is in it."""
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise ConditionError(f"more than {MOST_PARTS} names and values; write two rules")
        kind = _key(node)
        reader = _READERS.get(kind)
        if reader is None:
            raise _refused(kind)
        return reader(self, node[kind])

    def column(self, name: str) -> _Part:
        """A name."""
        open_name = self.names.get(name)
        if open_name is None:
            hint = did_you_mean(name, self.names)
            raise ConditionError(f"{name!r} is not a name that rules can use{hint}")
        column = pl.col(open_name.column)
        if open_name.kind in _CAST:  # codes are categories, and amounts are of several types
            column = column.cast(_CAST[open_name.kind], strict=False)
        node = json.loads(column.meta.serialize(format="json"))
        return _Part(node, open_name.kind, open_name.choices, open_name.is_blank)

    def literal(self, node: Any) -> _Part:
        """A value, or the values of IN."""
        values = pl.select(_expression({"Literal": node}).alias("value")).to_series()
        if isinstance(values.dtype, pl.List):
            values = values.explode()
        written = values.to_list()
        kind = _type_of(values.dtype)
        if kind is None or None in written:
            raise ConditionError(
                "NULL, and the time of day, cannot be compared with; a blank cell IS NULL"
            )
        if kind is Type.DATE and not self.days.issuperset(map(str, written)):
            raise ConditionError("write a day as DATE '2026-01-31'; that of the run is as_of_date")
        if "" in written:
            raise ConditionError("'' is never in a claim; write NAME IS NULL for a blank cell")
        return _Part({"Literal": node}, kind, values=tuple(written))

    def binary(self, node: Any) -> _Part:
        """An operator between two parts."""
        one, other = self.read(node["left"]), self.read(node["right"])
        joined = {"BinaryExpr": {"left": one.node, "op": node["op"], "right": other.node}}
        return _Part(joined, _type_of_operation(node["op"], one, other))

    def function(self, node: Any) -> _Part:
        """A function: the operators of SQL that Polars has no operator for are functions, too."""
        function, inputs = node["function"], node["input"]
        room = _key(function)
        name = function if isinstance(function, str) else _key(function[room])
        match room, name:
            case "Sql", "Binary" | "IsIn":
                one, other = self.read(inputs[0]), self.read(inputs[1])
                operator = "Eq" if name == "IsIn" else function["Sql"]["Binary"]
                kind = _type_of_operation(operator, one, other)
                return _Part(_call(function, one.node, other.node), kind)
            case "Boolean", "Not":
                inner = inputs[0]["Cast"]["expr"] if _key(inputs[0]) == "Cast" else inputs[0]
                part = self.read(inner)
                _require(part.type is Type.YES_NO, "NOT is for comparisons", part)
                return _Part(_call(function, part.node), Type.YES_NO)
            case "Boolean", "IsNull" | "IsNotNull":
                return self._is_blank(inputs[0], negated=name == "IsNotNull")
            case "StringExpr", _:
                return self._of_text(name, function, *inputs)
            case "TemporalExpr", _:
                return self._of_date(name, function, *inputs)
        raise _refused(name)

    def _is_blank(self, tested: Any, *, negated: bool) -> _Part:
        """IS NULL: the cell is blank, which is unknown where the file has no such column."""
        name = tested.get("Column", "") if isinstance(tested, dict) else ""
        is_blank = self.column(name).is_blank if name else ""
        if not is_blank:
            raise ConditionError("IS NULL is for a cell of the claim that may be blank")
        node: Any = {"Column": is_blank}
        return _Part(_call({"Boolean": "Not"}, node) if negated else node, Type.YES_NO)

    def _of_text(self, name: str, function: Any, *inputs: Any) -> _Part:
        """LIKE in its forms, and functions of a text."""
        if name not in _TEXT_FUNCTIONS:
            raise _refused(name)
        parts = [self.read(one) for one in inputs]
        _require(parts[0].type is Type.TEXT, f"{_TEXT_FUNCTIONS[name][0]} is for text", parts[0])
        if any(not part.values for part in parts[1:]):
            raise ConditionError(f"{_TEXT_FUNCTIONS[name][0]} takes values, not names")
        node = _call(function, *(part.node for part in parts))
        return _Part(node, _TEXT_FUNCTIONS[name][1])

    def _of_date(self, name: str, function: Any, *inputs: Any) -> _Part:
        """A date and a length of time, or a part of a date."""
        part = self.read(inputs[0])
        _require(part.type is Type.DATE, "EXTRACT and INTERVAL are for dates", part)
        if name in _DATE_PARTS:
            return _Part(_call(function, part.node), Type.NUMBER)
        if name != "OffsetBy":
            raise _refused(name)
        length = self.read(inputs[1])
        if len(length.values) != 1 or not _INTERVAL.fullmatch(str(length.values[0])):
            raise ConditionError("write INTERVAL '30 days', weeks, months or years")
        return _Part(_call(function, part.node, length.node), Type.DATE)


_READERS: dict[str, Callable[[_Reader, Any], _Part]] = {
    "Column": _Reader.column,
    "Literal": _Reader.literal,
    "BinaryExpr": _Reader.binary,
    "Function": _Reader.function,
}
_TEXT_FUNCTIONS = {
    "StartsWith": ("LIKE", Type.YES_NO),
    "EndsWith": ("LIKE", Type.YES_NO),
    "Contains": ("LIKE", Type.YES_NO),
    "Uppercase": ("UPPER", Type.TEXT),
    "Lowercase": ("LOWER", Type.TEXT),
    "Slice": ("SUBSTR", Type.TEXT),
    "LenChars": ("LENGTH", Type.NUMBER),
}
"""Functions of a text by their names in Polars: that in SQL, and what they give."""


def _key(node: Any) -> str:
    """The name of a part, by which it is known in the tree."""
    return node if isinstance(node, str) else str(next(iter(node)))


def _call(function: Any, *inputs: Any) -> Any:
    return {"Function": {"input": list(inputs), "function": function}}


def _refused(name: str) -> ConditionError:
    return ConditionError(f"{_TERMS.get(name, name)} cannot be used in a condition")


def _type_of_operation(name: str, one: _Part, other: _Part) -> Type:
    """The type of two parts with an operator between them."""
    types = {one.type, other.type}
    if name in {"And", "Or"}:
        _require(types == {Type.YES_NO}, f"{name.upper()} joins comparisons", one, other)
        return Type.YES_NO
    if name in _COMPARISONS:
        _comparable(one, other)
        return Type.YES_NO
    if name == "Minus" and types == {Type.DATE}:
        return Type.PERIOD
    if name not in {"Plus", "Minus", "Mul"}:
        raise _refused(name)
    _require(types == {Type.NUMBER}, "only numbers are added or multiplied", one, other)
    factors = [abs(value) for part in (one, other) for value in part.values]
    if name == "Mul" and (not factors or max(factors) > LARGEST_FACTOR):
        raise ConditionError(f"multiply by a number, of at most {LARGEST_FACTOR:,}")
    return Type.NUMBER


def _require(holds: bool, rule: str, *parts: _Part) -> None:  # noqa: FBT001
    if not holds:
        given = " and ".join(dict.fromkeys(part.type.value for part in parts))
        raise ConditionError(f"{rule}, not {given}")


_ADVICE = {
    frozenset({Type.DATE, Type.TEXT}): "; write a day as DATE '2026-01-31'",
    frozenset({Type.NUMBER, Type.TEXT}): "; codes are text, in single quotes: '11'",
    frozenset({Type.NUMBER, Type.PERIOD}): "; write INTERVAL '30 days'",
}


def _comparable(one: _Part, other: _Part) -> None:
    """Both are of one type, and a name with choices is compared with one of them."""
    if one.type is not other.type:
        advice = _ADVICE.get(frozenset({one.type, other.type}), "")
        raise ConditionError(f"{one.type} is compared with {other.type}{advice}")
    for choices, values in ((one.choices, other.values), (other.choices, one.values)):
        unknown = [value for value in values if value not in choices] if choices else []
        if unknown:
            hint = did_you_mean(str(unknown[0]), choices) or f"; it is {' or '.join(choices)}"
            raise ConditionError(f"is never {unknown[0]!r}{hint}")


def _type_of(dtype: pl.DataType) -> Type | None:
    if dtype.is_numeric():
        return Type.NUMBER
    return {pl.String: Type.TEXT, pl.Boolean: Type.YES_NO, pl.Date: Type.DATE}.get(
        dtype.base_type(), Type.PERIOD if isinstance(dtype, pl.Duration) else None
    )
