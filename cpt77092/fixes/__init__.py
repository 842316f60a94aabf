"""Findings fixed in a copy of the claim file, proved by a second check, and taken back again.

What may be changed is declared by the remedies of rules (`rule.Change`): the modifiers of a line,
and dots and capitals of its diagnoses. Safe fixes are made without asking; others only where a
person chose the finding. A line is never changed that the history has, or whose claim has frequency
7 or 8.

A file is fixed in passes. In each, of two fixes of one cell the first by rule order is made, and
the other waits for the next pass. After each pass the file is checked again: the findings that are
gone must be those fixed, or those that waited for one of them; and there must be no new error. A
fix after which that is not so is left out, with the reason. When no fix is left, the file is done,
so fixing it once more changes nothing.
"""

from cpt77092.fixes.audit import Audit, audit_lines, read_audit
from cpt77092.fixes.passes import Fixed, fix_file, undo
from cpt77092.fixes.plan import Choice, Fix, SafeOnly
from cpt77092.fixes.reviewed import Reviewed

__all__ = [
    "Audit",
    "Choice",
    "Fix",
    "Fixed",
    "Reviewed",
    "SafeOnly",
    "audit_lines",
    "fix_file",
    "read_audit",
    "undo",
]
