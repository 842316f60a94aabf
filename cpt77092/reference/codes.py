"""The procedure codes this program checks, by role, and the code lists shipped with it.

Labels are our own short words: CPT descriptors are AMA text and appear nowhere in this project.
Roles: the interpretation, technical and global codes follow the PC/TC indicators of the CMS
physician fee schedule 2022-2026 (77092: 2; 77090 and 77091: 3; 77089: 4; companions: 1).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files

INTERPRETATION = frozenset({"77092"})
TECHNICAL = frozenset({"77090", "77091"})
GLOBAL = frozenset({"77089"})
INTERPRETED = INTERPRETATION | GLOBAL
"""TBS codes that include the interpretation, and so a report."""
FAMILY = INTERPRETATION | TECHNICAL | GLOBAL
COMPANIONS = frozenset({"77080", "77081", "77085", "77086", "77078", "76977", "G0130"})
CHECKED = FAMILY | COMPANIONS
SPINE_DXA = frozenset({"77080", "77085"})
"""Studies with the image of the spine that TBS is calculated from (FDA 510(k) K243218)."""
BONE_MASS = COMPANIONS - {"77086"}
"""Bone mass measurements, which an interval between tests is about (Medicare Benefit Policy Manual,
chapter 15, section 80.5); 77086 looks for fractures."""
MODIFIER_LIST_ENDS = date(2024, 12, 31)
"""The last day of `data/modifiers.txt`."""


def _plain_list(name: str) -> frozenset[str]:
    text = files("cpt77092.reference").joinpath("data", name).read_text(encoding="utf-8")
    rows = (row.partition("#")[0] for row in text.splitlines())
    return frozenset(code for row in rows for code in row.split())


@cache
def known_modifiers() -> frozenset[str]:
    """Two-character CPT and HCPCS modifiers; source in `data/modifiers.txt`."""
    return _plain_list("modifiers.txt")


@cache
def assigned_places() -> frozenset[str]:
    """Two-digit places of service that CMS assigns; source in `data/places-of-service.txt`."""
    return _plain_list("places-of-service.txt")
