"""Files as CMS and NCHS publish them, read into dated values and tables of the user's policies.

A layout is one module with a `LAYOUT`, and one line in `LAYOUTS`. Files are recognized by their
columns, not by their names; names and titles say which quarter they hold, and must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpt77092.cms_files import (
    code_pairs,
    denial_codes,
    diagnoses,
    fee_schedule,
    localities,
    modifiers,
    places,
    unit_limits,
)
from cpt77092.cms_files.layout import Extract, Layout, Options, Sheet
from cpt77092.cms_files.opened import CmsFile, open_files
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen

__all__ = ["LAYOUTS", "Extract", "Options", "Reading", "read_files"]

LAYOUTS: tuple[Layout, ...] = (
    fee_schedule.LAYOUT,
    localities.LAYOUT,
    unit_limits.LAYOUT,
    code_pairs.LAYOUT,
    diagnoses.LAYOUT,
    modifiers.LAYOUT,
    places.LAYOUT,
    denial_codes.LAYOUT,
)
"""Every layout that is recognized, in the order in which they are tried."""


@frozen
class Reading:
    """What was taken from some files."""

    extracts: tuple[Extract, ...]
    skipped: tuple[str, ...]
    """Files of a zip that were not read, each with the reason."""


def read_files(paths: Sequence[str], options: Options) -> Reading:
    """Recognize files and take from them what concerns our codes.

    Raises:
        UsageError: a file is of no known layout, contradicts itself, or holds nothing of ours.
    """
    groups: dict[tuple[str, str], list[Sheet]] = {}
    skipped: list[str] = []
    for path in dict.fromkeys(paths):
        files = open_files(Path(path))
        sheets = list(filter(None, map(_recognized, files)))
        if not sheets:
            raise _unknown(path, files)
        known = {sheet.file.name for sheet in sheets}
        skipped += [f"{f.label}: not needed" for f in files if f.name not in known]
        for sheet in sheets:
            if reason := sheet.layout.skip(sheet, options):
                skipped.append(f"{sheet.file.label}: {reason}")
            else:
                key = (sheet.layout.key, sheet.layout.group(sheet))
                groups.setdefault(key, []).append(sheet)
    extracts = [sheets[0].layout.read(sheets, options) for sheets in groups.values()]
    if not extracts:
        raise UsageError(*skipped)
    return Reading(tuple(sorted(extracts, key=lambda one: one.first_day)), tuple(skipped))


def _recognized(file: CmsFile) -> Sheet | None:
    return next(filter(None, (layout.sheet(file) for layout in LAYOUTS)), None)


def _unknown(path: str, files: Sequence[CmsFile]) -> UsageError:
    """Which layout the file is nearest to and what it lacks of it, or which ones are known."""
    near = [(*layout.nearest(file), file, layout) for file in files for layout in LAYOUTS]
    number, missing, file, layout = max(near, key=lambda one: one[0], default=(0, [], None, None))
    if file is not None and layout is not None and number and number >= len(layout.columns) / 2:
        columns = ", ".join(name.replace("_", " ") for name in missing)
        return UsageError(
            f"{file.label}: not imported: it looks like {layout.title}, but it lacks the columns "
            f"{columns}; import the file as CMS publishes it"
        )
    known = "; ".join(layout.title for layout in LAYOUTS)
    return UsageError(f"{path}: not imported: not a file that is known here: {known}")
