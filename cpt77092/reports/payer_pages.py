"""The payers of a batch: what each spelling was taken for, and the file for those left open."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import yaml
from rich.console import Console
from rich.text import Text

from cpt77092.policies.payer_names import PayerMatch, SpellingCount
from cpt77092.policies.payer_words import normal_name
from cpt77092.policies.policy import DEFAULT
from cpt77092.reports.console import table_of
from cpt77092.text import count, safe

HEADING = "payers:\n"
UNNAMED = "POLICY"
"""Where no policy is near; scrub refuses it and lists those there are."""


def unanswered(spellings: Sequence[SpellingCount]) -> dict[str, tuple[SpellingCount, int]]:
    """Payers that are not recognized and can be named, by normal name, with their lines."""
    payers: dict[str, tuple[SpellingCount, int]] = {}
    for spelling in spellings:
        name = normal_name(spelling.name)
        if name and not spelling.match.is_known:
            first, lines = payers.get(name, (spelling, 0))
            payers[name] = first, lines + spelling.lines
    return payers


def show_payers(console: Console, spellings: Sequence[SpellingCount], paths: Sequence[str]) -> None:
    """Every spelling with its policy and the reason, those that are not recognized first."""
    plan = ["Plan"] if any(one.plan_name for one in spellings) else []
    table = table_of("Payer", *plan, "Payer ID", "Indicator", "Lines", "Policy", "Why")
    table.columns[-3].justify = "right"
    for one in sorted(spellings, key=lambda spelling: spelling.match.is_known):
        named = (one.payer or "(blank)", *(one.plan_name for _ in plan), one.payer_id)
        texts = (*named, one.claim_filing_indicator, f"{one.lines:,}")
        taken, why = _policy(one.match), _why(one.match)
        table.add_row(*(Text(safe(text)) for text in (*texts, taken, why)))
    console.print(table)
    open_lines = sum(one.lines for one in spellings if not one.match.is_known)
    lines = sum(one.lines for one in spellings)
    names = count(len(spellings), "spelling")
    console.print(Text(f"{names} on {count(lines, 'line')}; not recognized: {open_lines:,}."))
    if unanswered(spellings):
        files = shlex.join(paths)
        console.print(Text(f"Next: scrub payers {safe(files)} --save payers.yaml"), soft_wrap=True)


def payers_yaml(spellings: Sequence[SpellingCount], *, after: str = "") -> str:
    """A `--payers` file in which each open payer is a comment, to be answered by the user.

    A guess becomes an answer only when a person removes the mark in front of it.

    Args:
        spellings: of the batch.
        after: the text of the file so far, which stays; payers that it names are not repeated.
    """
    text = after or HEADING
    for one, lines in unanswered(spellings).values():
        name = safe(one.name)
        entry = yaml.safe_dump({name: _proposal(one.match)}, allow_unicode=True, width=10_000)
        marked = "".join(f"  # {line}\n" for line in entry.splitlines())
        if marked.rpartition(":")[0] + ":" not in after:
            reason = f"  # {count(lines, 'line')}; {safe(_why(one.match))}\n"
            text += ("" if text.endswith("\n") else "\n") + marked.removesuffix("\n") + reason
    return text


def next_step(file: str, paths: Sequence[str]) -> str:
    """What to do with a saved file, and what to type then."""
    return (
        f"Name the policy of each (default is an answer, too), remove the # in front, and check "
        f"with: {safe(shlex.join(['scrub', *paths, '--payers', file]))}"
    )


def _policy(match: PayerMatch) -> str:
    if match.is_self_pay:
        return "self-pay"
    return match.policy or "not recognized"


def _why(match: PayerMatch) -> str:
    nearest = f" (did you mean {match.proposal}?)" if match.proposal and not match.is_known else ""
    likely = "likely: " if match.policy and match.certainty == "likely" else ""
    return f"{likely}{match.why}{nearest}"


def _proposal(match: PayerMatch) -> str:
    return match.proposal or (DEFAULT if match.kind else UNNAMED)
