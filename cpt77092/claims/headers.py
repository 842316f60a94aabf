"""Which header of a file means which canonical column; the alias table is `data/headers.yaml`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from cpt77092.claims.columns import BY_NAME, COLUMNS
from cpt77092.claims.layouts import Layout, shipped_layouts
from cpt77092.errors import ClaimsError, UsageError, did_you_mean


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a file's headers were understood."""

    columns: Mapping[str, str]
    """Canonical column to the header it is read from."""
    match_kind: Mapping[str, str]
    """Canonical column to why: `--map`, `named` or `nearly`."""
    unused: tuple[str, ...]
    """Headers that mean nothing to this program."""
    line_columns: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Where a row holds several lines: canonical column to the header for each line."""
    row_filter: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header to the values it has on claim lines; other rows are not data."""
    layout: str = ""
    """The layout that was used, if any."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Canonical columns that no header gives, in the contract's order."""
        return tuple(c.name for c in COLUMNS if c.name not in self.columns)


def normal(header: str) -> str:
    """A header without case, spaces and punctuation, as headers are compared."""
    return "".join(character for character in header.casefold() if character.isalnum())


@cache
def _aliases() -> dict[str, dict[str, tuple[str, ...]]]:
    text = files("cpt77092.claims").joinpath("headers.yaml").read_text(encoding="utf-8")
    table = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - BaseLoader builds text only
    return {
        column: {r: tuple(dict.fromkeys(map(normal, names))) for r, names in ranks.items()}
        for column, ranks in table.items()
    }


@cache
def known_headers() -> Mapping[str, str]:
    """Every header we know by its normal form, and the canonical column it names."""
    return MappingProxyType(
        {
            alias: column
            for rank in ("otherwise", "named")
            for column, ranks in _aliases().items()
            for alias in ranks.get(rank, ())
        }
    )


REPORT_COLUMNS = frozenset({"source_file", "source_row", "claim_id", "severity"})
"""Every table of findings has them: one next to the claims is not read with the next run."""


def match_headers(
    headers: Mapping[str, str],
    overrides: Mapping[str, str],
    *,
    file: str,
    layout: Layout | None = None,
) -> HeaderMatch:
    """Match the headers of one file to canonical columns.

    Args:
        headers: a name for each column in order, and its header as it is written.
        overrides: canonical column to header, from `--map`.
        file: the file's name, for messages.
        layout: the user's layout; a shipped one is used where its headers are all there.

    Returns:
        What each canonical column is read from.

    Raises:
        UsageError: `--map` or the layout names a column or header that does not exist.
        ClaimsError: two headers claim one column and nothing settles it, or the file is a report.
    """
    if set(headers.values()) >= REPORT_COLUMNS:
        raise ClaimsError(f"{file}: a findings report of scrub, not a claim file")
    chosen, how = _overridden(list(headers), overrides, file=file)
    layout = layout or _recognised(headers)
    wide = _laid_out(layout, list(headers), chosen, how, file=file) if layout else {}
    known = {*chosen, *wide, *(layout.absent if layout else ())}
    for column, header, reason in _by_alias(headers, set(chosen.values()), known, file=file):
        chosen[column], how[column] = header, reason
    if not layout and how.get("hcpcs_code") != "--map":
        wide = _numbered(headers, chosen.get("hcpcs_code"))
    for column, columns in wide.items():
        how[column] = "layout" if layout and column in layout.columns else "numbered"
        chosen[column] = next(header for header in columns if header is not None)
    if wide:  # MOD1 to MOD6 beside CPT1 to CPT6 are not the modifiers of one line
        taken = {header for columns in wide.values() for header in columns}
        chosen = {c: h for c, h in chosen.items() if c in wide or h not in taken}
    used = {*chosen.values(), *(header for columns in wide.values() for header in columns)}
    rows = layout.rows if layout else {}
    return HeaderMatch(
        MappingProxyType(chosen),
        MappingProxyType({column: how[column] for column in chosen}),
        tuple(header for header in headers if header not in used and header not in rows),
        line_columns=MappingProxyType(wide),
        row_filter=rows,
        layout=layout.name if layout else "",
    )


def _by_alias(
    headers: Mapping[str, str], taken: set[str], known: set[str], *, file: str
) -> Iterator[tuple[str, str, str]]:
    """Column, header and why, for every column that a header names and nothing has settled."""
    by_normal: dict[str, list[str]] = {}
    for header, written in headers.items():
        if header not in taken:
            by_normal.setdefault(normal(written), []).append(header)
    for column, ranks in _aliases().items():
        if column in known:
            continue
        named = [h for alias in ranks["named"] for h in by_normal.get(alias, ())]
        if len(named) > 1:
            raise ClaimsError(
                f"{file}: headers {_quoted(named)} all claim {column}; choose one: "
                f"--map {shlex.quote(f'{column}={named[0]}')}"
            )
        nearly = [h for alias in ranks.get("otherwise", ()) for h in by_normal.get(alias, ())]
        for header, reason in [(h, "named") for h in named] or [(h, "nearly") for h in nearly[:1]]:
            yield column, header, reason


_LINE_FIRST = re.compile(
    r"^(?:line|svc|service|srvc|proc)[ _-]*(\d{1,2})[ _-]+(.+)$", re.IGNORECASE
)
_NUMBER_LAST = re.compile(r"^(.+?)[ _-]*(?:line|svc)?[ _-]*(\d{1,2})$", re.IGNORECASE)


def _numbered(headers: Mapping[str, str], code: str | None) -> dict[str, tuple[str | None, ...]]:
    """Columns of a file whose rows hold several lines each: HCPCS_CD_1, HCPCS_CD_2, ...

    None where one header is the code already. CPT4 is, unless it stands among CPT1 to CPT6.
    """
    found: dict[str, dict[int, str]] = {}
    for header, written in headers.items():
        if first := _LINE_FIRST.match(written):
            number, base = int(first[1]), first[2]
        elif last := _NUMBER_LAST.match(written):
            number, base = int(last[2]), last[1]
        else:
            continue
        column = known_headers().get(normal(base))
        if column is not None and not column.startswith("diagnosis_code"):
            found.setdefault(column, {}).setdefault(number, header)
    lines = sorted(found.get("hcpcs_code", {}))
    if len(lines) < 2 or (code is not None and code not in found["hcpcs_code"].values()):
        return {}
    return {
        column: tuple(numbers.get(n) for n in lines)
        for column, numbers in found.items()
        if len(numbers) > 1 and numbers.keys() <= set(lines)
    }


def _recognised(headers: Mapping[str, str]) -> Layout | None:
    there = {normal(written) for written in headers.values()}
    fitting = [x for x in shipped_layouts() if set(map(normal, x.known_by)) <= there]
    return fitting[0] if fitting else None


def _laid_out(
    layout: Layout,
    headers: Sequence[str],
    chosen: dict[str, str],
    how: dict[str, str],
    *,
    file: str,
) -> dict[str, tuple[str | None, ...]]:
    """Add what a layout says to what is chosen; columns with a header for each line are given."""
    names: dict[str, tuple[str, ...]] = {}
    for column, wanted in layout.columns.items():
        if column in chosen:
            continue
        names[column] = tuple(_only(headers, h, f"layout {layout.name}", file=file) for h in wanted)
    for header in layout.rows:
        _only(headers, header, f"layout {layout.name}", file=file)
    lines = max(map(len, names.values()), default=1)
    for column, found in names.items():
        if len(found) not in (1, lines):
            raise UsageError(
                f"layout {layout.name}: {column} has {len(found)} headers where others have "
                f"{lines}; give one for each line of a row, or one for all"
            )
        how[column] = "layout"
        if lines == 1 or len(found) == 1:
            chosen[column] = found[0]
    return {c: found for c, found in names.items() if len(found) == lines > 1}


def _only(headers: Sequence[str], wanted: str, said: str, *, file: str) -> str:
    """The header that a layout means."""
    found = [h for h in headers if h == wanted] or [
        h for h in headers if normal(h) == normal(wanted)
    ]
    if len(found) != 1:
        problem = "two headers" if found else "no header"
        raise UsageError(f"{said}: {file} has {problem} {wanted!r}; correct the layout")
    return found[0]


def _overridden(
    headers: Sequence[str], overrides: Mapping[str, str], *, file: str
) -> tuple[dict[str, str], dict[str, str]]:
    chosen: dict[str, str] = {}
    for column, wanted in overrides.items():
        if column not in BY_NAME:
            raise UsageError(
                f"--map {column}={wanted}: there is no column {column}"
                f"{did_you_mean(column, BY_NAME)}; scrub columns FILE lists them"
            )
        found = [h for h in headers if h == wanted] or [
            h for h in headers if normal(h) == normal(wanted)
        ]
        if len(found) != 1:
            is_known = any(normal(header) in known_headers() for header in headers)
            # A file without headers begins with a claim: its cells are nobody's to show.
            there = f"it has {_quoted(headers)}" if is_known else "no header of it is known here"
            problem = "two headers" if found else "no header"
            raise UsageError(
                f"--map {column}={wanted}: {file} has {problem} {wanted!r}"
                f"{did_you_mean(wanted, headers) if is_known else ''}; {there}"
            )
        chosen[column] = found[0]
    return chosen, dict.fromkeys(chosen, "--map")


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
