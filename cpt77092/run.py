"""One run from named files to a result: the order in which the rooms are walked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from cpt77092.claims.layouts import load_layout
from cpt77092.engine import Result, check, needed_columns
from cpt77092.errors import ClaimsError, UsageError, did_you_mean
from cpt77092.policies import PolicySet, load_policies
from cpt77092.policies.payer_names import Matcher, OwnName, with_own_names
from cpt77092.policies.policy import NATIONAL, Where
from cpt77092.readers import (
    OpenedFile,
    Options,
    find_files,
    find_readable,
    is_read_once,
    open_claims,
    read_history,
    read_readable,
)
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule
from cpt77092.rules import CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything a user may say about what to check and how."""

    paths: Sequence[str]
    as_of: date
    history: Sequence[str] = ()
    """Files of earlier claims; without any, what rests on them is not checked."""
    payer: str | None = None
    policies: Path | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    sheet: str | None = None
    layout: str | None = None
    """The path of a layout file."""
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    show_phi: bool = False
    lenient: bool = False
    payers: Sequence[OwnName] = ()
    """The user's own names for payers."""

    def recorded(self) -> dict[str, Any]:
        """The request as plain JSON values, for the manifest of a report.

        Files, policies and the day are left out: the manifest tells more of them.
        """
        told = {
            _RECORDED_AS.get(one.name, one.name): _plain(getattr(self, one.name))
            for one in fields(self)
            if one.name not in _TOLD_APART
        }
        return told | {"payers": {own.name: own.policy for own in self.payers}}

    @classmethod
    def restored(cls, record: Mapping[str, Any], *, where: str, **told_apart: Any) -> Request:
        """The request that `recorded` gave.

        Args:
            record: plain JSON values; what is not there is as if it had not been said.
            where: the file that they stand in.
            told_apart: what the record leaves out.

        Raises:
            UsageError: a value is of no kind that it can be.
        """
        blank, given = cls(paths=(), as_of=date.min), dict(record)
        for one in fields(cls):
            name = _RECORDED_AS.get(one.name, one.name)
            if one.name in _TOLD_APART or name not in given:
                continue
            if not _is_like(given[name], getattr(blank, one.name), is_payers=name == "payers"):
                raise UsageError(f"{where}: the option {name} cannot be {given[name]!r}")
            told_apart[one.name] = given[name]
        names = told_apart.get("payers") or {}
        told_apart["payers"] = [OwnName(name, key, Where(where, 1)) for name, key in names.items()]
        return cls(**told_apart)


_TOLD_APART = frozenset({"paths", "as_of", "history", "policies"})
_RECORDED_AS = {"overrides": "map"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _is_like(value: Any, usual: Any, *, is_payers: bool) -> bool:
    """Whether a plain value is of the kind of the usual one."""
    if isinstance(usual, Mapping) or is_payers:
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if isinstance(usual, bool):
        return isinstance(value, bool)
    if usual is None:
        return value is None or isinstance(value, str)
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _nobody(what: str, rows: int = 0) -> None:
    """Nobody is watching."""


def run(request: Request, tell: Callable[[str, int], None] = _nobody) -> Result:
    """Check the claim files of a request.

    Args:
        request: what to check and how.
        tell: is told of each step, with the rows that are known by then.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to mend.
    """
    rules = select_rules(
        CATALOGUE,
        select=request.select,
        ignore=request.ignore,
        extend_select=request.extend_select,
    )
    policies = with_own_names(load_policies(request.policies), request.payers)
    payer = None if request.payer is None else require_known_payer(policies, request.payer)
    if payer == NATIONAL:
        raise UsageError(f"--payer {payer}: these are national tables, not a payer; say whose")
    needed = needed_columns(rules) | ({"person_id"} if request.show_phi else set())
    scope = CHECKED | partners(policies)
    options = Options(
        overrides=request.overrides,
        payer=payer,
        lenient=request.lenient,
        encoding=request.encoding,
        sheet=request.sheet,
        layout=load_layout(request.layout) if request.layout else None,
    )
    tell("Reading claims", 0)
    paths, lost = find_readable(request.paths)
    batch = read_readable(paths, not_found=lost, needed=needed, scope=scope, options=options)
    past = None
    if request.history:
        try:
            earlier = find_files(request.history)
        except ClaimsError as problem:
            raise UsageError(*(f"--history {line}" for line in problem.lines)) from None
        past = read_history(earlier, batch=batch, needed=needed, scope=scope, options=options)
    tell("Checking", batch.total.rows)
    return check(batch, policies, rules, as_of=request.as_of, history=past)


def opened(request: Request) -> list[OpenedFile]:
    """The claim files of a request, their heads read.

    Not those that can be read only once, nor those that cannot be read: the run tells of them.

    Raises:
        ScrubError: nothing comes of any name, or the user's own words cannot be.
    """
    options = Options(
        overrides=request.overrides,
        lenient=request.lenient,
        encoding=request.encoding,
        sheet=request.sheet,
        layout=load_layout(request.layout) if request.layout else None,
    )
    files = []
    for path in find_readable(request.paths)[0]:
        if not is_read_once(path):
            with suppress(ClaimsError):
                files.append(open_claims(path, options))
    return files


def partners(policies: PolicySet) -> frozenset[str]:
    """Codes that stand in a pair with a checked code in some policy: kept as context."""
    return frozenset(
        pair.with_
        for policy in policies.policies.values()
        for (_, parameter), entries in policy.values.items()
        if parameter == "pairs"
        for entry in entries
        for pair in entry.value or ()
    )


def require_known_payer(policies: PolicySet, payer: str) -> str:
    """The policy key for a payer named on the command line.

    Raises:
        UsageError: no policy answers to the name; a payer typed by hand is not guessed at.
    """
    if payer in policies.policies:
        return payer
    matcher = Matcher.of(policies)
    found = matcher.policy_of(payer, payer)
    if found is None:
        keys = sorted(policies.policies)
        raise UsageError(
            # Medicaid is not a slip for Medicare: only the nearest names are offered.
            f"no policy for payer {payer!r}"
            f"{did_you_mean(payer.lower(), [*keys, *matcher.by_name], nearness=0.85)}; "
            f"there are {', '.join(keys)}"
        )
    return found


def select_rules(
    catalogue: Sequence[Rule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    extend_select: Sequence[str] = (),
) -> list[Rule]:
    """Choose rules by group (`MO`), code (`MO001`) or name.

    Raises:
        UsageError: no rule fits. Part of a number is none: whoever means MO001 and writes MO01 is
            not to be given MO010 to MO017.
    """

    def fits(rule: Rule, prefix: str) -> bool:
        of_group = prefix.isalpha() and rule.code.startswith(prefix.upper())
        return of_group or rule.code == prefix.upper() or rule.name == prefix.lower()

    for prefix in (*select, *ignore, *extend_select):
        if prefix != "ALL" and not any(fits(rule, prefix) for rule in catalogue):
            known = [rule.code for rule in catalogue]
            raise UsageError(
                f"no rule {prefix!r}{did_you_mean(prefix.upper(), known)}; see scrub rules"
            )

    def wanted(rule: Rule) -> bool:
        chosen = not select or any(p == "ALL" or fits(rule, p) for p in (*select, *extend_select))
        return chosen and not any(p == "ALL" or fits(rule, p) for p in ignore)

    rules = [rule for rule in catalogue if wanted(rule)]
    if not rules:
        raise UsageError("--select and --ignore leave no rule to run; see scrub rules")
    return rules
