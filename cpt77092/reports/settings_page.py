"""`--show-settings`: every setting, its value, and where the value comes from."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from cpt77092.policies.payer_names import OwnName
from cpt77092.text import safe


def settings_text(
    file: str,
    rows: Sequence[tuple[str, Any, str]],
    payers: Sequence[OwnName],
    *,
    unknown: Sequence[str] = (),
) -> str:
    """The settings as aligned lines.

    Args:
        file: the settings file, blank where there is none.
        rows: name, value and origin of each setting.
        payers: the user's own names for payers.
        unknown: environment variables that look like ours and set nothing.
    """
    shown = [(name, _value(value), origin) for name, value, origin in rows]
    shown += [
        (f"payers: {own.name}", own.policy, f"{own.where.file}:{own.where.line}") for own in payers
    ]
    first, second = (max(len(row[column]) for row in shown) for column in (0, 1))
    head = f"Settings from {file}" if file else "No scrub.yaml read"
    lines = [f"{head}; command line before environment before file before default.", ""]
    lines += [f"{name:<{first}}  {value:<{second}}  {origin}" for name, value, origin in shown]
    lines += [f"{name} in the environment is not a setting." for name in unknown]
    return "\n".join(safe(line) for line in lines)


def _value(value: Any) -> str:
    if value is None or (isinstance(value, list | tuple) and not value):
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value.value) if isinstance(value, Enum) else str(value)
