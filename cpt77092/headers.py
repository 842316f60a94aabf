"""Which header of a file means which canonical column; the alias table is `data/headers.yaml`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from cpt77092.claims import BY_NAME, COLUMNS
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a file's headers were understood."""

    chosen: Mapping[str, str]
    """Canonical column to the header it is read from."""
    how: Mapping[str, str]
    """Canonical column to why: `--map`, `named` or `nearly`."""
    unused: tuple[str, ...]
    """Headers that mean nothing to this program."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Canonical columns that no header gives, in the contract's order."""
        return tuple(c.name for c in COLUMNS if c.name not in self.chosen)


def normal(header: str) -> str:
    """A header without case, spaces and punctuation, as headers are compared."""
    return "".join(character for character in header.casefold() if character.isalnum())


@cache
def _aliases() -> dict[str, dict[str, tuple[str, ...]]]:
    text = files("cpt77092").joinpath("data", "headers.yaml").read_text(encoding="utf-8")
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


def match_headers(
    headers: Mapping[str, str], overrides: Mapping[str, str], *, file: str
) -> HeaderMatch:
    """Match the headers of one file to canonical columns.

    Args:
        headers: a name for each column in order, and its header as it is written.
        overrides: canonical column to header, from `--map`.
        file: the file's name, for messages.

    Returns:
        What each canonical column is read from.

    Raises:
        UsageError: `--map` names a column or header that does not exist.
        ClaimsError: two headers claim one column and nothing settles it.
    """
    chosen, how = _overridden(list(headers), overrides, file=file)
    by_normal: dict[str, list[str]] = {}
    for header, written in headers.items():
        if header not in chosen.values():
            by_normal.setdefault(normal(written), []).append(header)
    for column, ranks in _aliases().items():
        if column in chosen:
            continue
        named = [h for alias in ranks["named"] for h in by_normal.get(alias, ())]
        if len(named) > 1:
            raise ClaimsError(
                f"{file}: headers {_quoted(named)} all claim {column}; choose one: "
                f"--map {shlex.quote(f'{column}={named[0]}')}"
            )
        nearly = [h for alias in ranks.get("otherwise", ()) for h in by_normal.get(alias, ())]
        for header, reason in [(h, "named") for h in named] or [(h, "nearly") for h in nearly[:1]]:
            chosen[column], how[column] = header, reason
    unused = tuple(header for header in headers if header not in chosen.values())
    return HeaderMatch(MappingProxyType(chosen), MappingProxyType(how), unused)


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
