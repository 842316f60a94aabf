"""The benchmarks of a batch in the form that was asked for, on standard output or in a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cpt77092.choices import Color, ProfileFormat
from cpt77092.engine import Result
from cpt77092.errors import OutputError
from cpt77092.profile.measures import Profile
from cpt77092.reports.check.report import require_no_input
from cpt77092.reports.console import as_text, make_console
from cpt77092.reports.files import write_text
from cpt77092.reports.profile_html import profile_html
from cpt77092.reports.profile_json import profile_record
from cpt77092.reports.profile_text import show_profile
from cpt77092.reports.reference_pages import as_json


def print_profile(profile: Profile, form: ProfileFormat, color: Color, *, limit: int) -> None:
    """Print it; tables are as wide as the terminal."""
    if form is ProfileFormat.TABLE:
        show_profile(make_console(color), profile, limit=limit)
    else:
        sys.stdout.write(_text(profile, form))


def write_profiles(
    result: Result, profile: Profile, outputs: Sequence[tuple[str, ProfileFormat]]
) -> None:
    """Write it, with all payers, to files that only their owner can read: all that can be written.

    Raises:
        UsageError: one would replace one of the claim files.
        OutputError: some cannot be written; a sentence for each.
    """
    for name, _ in outputs:
        require_no_input(result, "-o", name)
    failed: list[str] = []
    for name, form in outputs:
        try:
            write_text(name, _text(profile, form))
        except OutputError as problem:
            failed += problem.lines
    if failed:
        raise OutputError(*failed)


def _text(profile: Profile, form: ProfileFormat) -> str:
    if form is ProfileFormat.HTML:
        return profile_html(profile)
    if form is ProfileFormat.JSON:
        return as_json(profile_record(profile)) + "\n"
    return as_text(lambda console: show_profile(console, profile, limit=0))
