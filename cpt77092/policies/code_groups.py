"""Names for several codes in a policy file, and which key overrides which."""

from __future__ import annotations

from cpt77092.reference.codes import CHECKED, COMPANIONS, FAMILY

GROUPS: dict[str, frozenset[str]] = {
    "all": CHECKED,
    "tbs_family": FAMILY,
    "companions": COMPANIONS,
}
"""Name to codes; a code's own key overrides a group."""


def expand(code_key: str) -> frozenset[str]:
    """The procedure codes that a key of `codes` means."""
    return GROUPS.get(code_key, frozenset({code_key}))


def specificity(code_key: str) -> int:
    """Rank of a key; the higher overrides: a code over a group, a group over `all`."""
    return {"all": 0, **dict.fromkeys(GROUPS.keys() - {"all"}, 1)}.get(code_key, 2)
