"""Layouts: which header is which column in a known kind of file, as YAML, shipped or the user's.

layout: our-billing-export
columns:
  hcpcs_code: Procedure              # the header as the file has it
  charge_amount: [Chg 1, Chg 2]      # one header for each line that a row holds
absent: [place_of_service_code]      # never to be guessed from other headers
rows:
  Type: [CHARGE]                     # other rows are no claim lines
known_by: [Procedure, Chg 1]         # shipped: the headers that give it away; saved: all headers
unused: [Mod Reason]                 # headers that are none of our columns, whatever they look like
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from cpt77092.claims.columns import BY_NAME
from cpt77092.errors import UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.text import small_file

KEYS = ("layout", "columns", "absent", "rows", "known_by", "unused")


@frozen(kw_only=True)
class Layout:
    """What a layout file says."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    """Canonical column to its header, or to several, one for each line in a row."""
    absent: tuple[str, ...] = ()
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header to the values that claim lines have there."""
    known_by: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    """Headers that are not asked about."""


def user_folder() -> Path:
    """The folder of the user's own files, which need not exist: layouts, and the key of digests."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "scrub")


def load_layout(path: str) -> Layout:
    """Read a user's layout file.

    Raises:
        UsageError: it cannot be read, or says something that means nothing here.
    """
    try:
        text = small_file(Path(path)).decode("utf-8")
        tree = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - builds text only
    except OSError as problem:
        raise UsageError(f"--layout {path}: cannot be read ({problem.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"--layout {path}{line}: not a YAML file in UTF-8") from None
    return _layout(tree, path)


@cache
def shipped_layouts() -> tuple[Layout, ...]:
    """The layouts that come with the program."""
    folder = files("cpt77092.claims").joinpath("known_layouts")
    texts = [entry.read_text(encoding="utf-8") for entry in folder.iterdir()]
    trees = [yaml.load(text, Loader=yaml.CBaseLoader) for text in texts]  # noqa: S506
    return tuple(sorted((_layout(tree, "") for tree in trees), key=lambda layout: layout.name))


def saved_layouts(folder: str | None) -> tuple[Layout, ...]:
    """The layouts that the user saved in a folder, by name.

    Raises:
        UsageError: one of them means nothing here.
    """
    paths = sorted(Path(folder).glob("*.yaml")) if folder else ()
    return tuple(load_layout(str(path)) for path in paths)


def fitting(layouts: Iterable[Layout], headers: Iterable[str]) -> Layout | None:
    """The first saved layout for exactly these headers, in any order."""
    row = set(headers)
    return next((layout for layout in layouts if set(layout.known_by) == row), None)


def write_layout(
    name: str,
    columns: Mapping[str, tuple[str, ...]],
    rows: Mapping[str, tuple[str, ...]],
    **headers: Sequence[str],
) -> str:
    """A layout as the text of its file; `headers` are lists under keys of their own."""
    tree: dict[str, Any] = {
        "layout": name,
        "columns": {c: list(h) if len(h) > 1 else h[0] for c, h in columns.items()},
    }
    if rows:
        tree["rows"] = {header: list(values) for header, values in rows.items()}
    tree |= {key: list(names) for key, names in headers.items() if names}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def _layout(tree: object, path: str) -> Layout:
    if not isinstance(tree, dict) or not isinstance(tree.get("columns"), dict):
        raise UsageError(
            f"--layout {path}: expected columns: and under it lines like hcpcs_code: Procedure "
            f"(scrub columns FILE --format yaml writes one)"
        )
    for key in tree:
        if key not in KEYS:
            raise UsageError(
                f"--layout {path}: {key!r} means nothing here{did_you_mean(key, KEYS)}; "
                f"expected {', '.join(KEYS)}"
            )
    absent = _texts(tree.get("absent", []), "absent", path)
    for column in (*tree["columns"], *absent):
        if column not in BY_NAME:
            raise UsageError(
                f"--layout {path}: there is no column {column}{did_you_mean(column, BY_NAME)}; "
                f"scrub columns FILE lists them"
            )
    rows = tree.get("rows", {})
    if not isinstance(rows, dict):
        raise UsageError(f"--layout {path}: rows: expected lines like Type: [CHARGE]")
    return Layout(
        name=str(tree.get("layout", Path(path).stem)),
        columns={c: _texts(h, c, path) for c, h in tree["columns"].items()},
        absent=absent,
        rows={header: _texts(values, header, path) for header, values in rows.items()},
        known_by=_texts(tree.get("known_by", []), "known_by", path),
        unused=_texts(tree.get("unused", []), "unused", path),
    )


def _texts(value: object, key: str, path: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in values):
        raise UsageError(f"--layout {path}: {key}: expected a header or a list of headers")
    return tuple(values)
