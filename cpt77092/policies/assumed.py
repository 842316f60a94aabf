"""Values that a comparison assumes: laid over the policies in memory, and never written."""

from __future__ import annotations

from typing import Any

import yaml

from cpt77092.errors import PolicyError, UsageError, did_you_mean
from cpt77092.policies.load import lay_over
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.payer_names import require_payer
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.yaml_lines import parse
from cpt77092.reference.sources import Confidence

_FORM = "write PAYER.CODE.PARAMETER=VALUE, as in aetna.77092.modifier_26=not_allowed"


def assume(policies: PolicySet, text: str) -> tuple[PolicySet, str]:
    """The policies with one value in force on all dates, and the key of the payer that has it.

    Args:
        policies: what the value is laid over.
        text: `PAYER.CODE.PARAMETER=VALUE`; the code may be a group of codes, the value is written
            as policy files write it.

    Raises:
        UsageError: the text has another form, or names something unknown.
    """
    name, _, value = text.partition("=")
    parts = [part.strip() for part in name.rsplit(".", 2)]
    if len(parts) != 3 or not all(parts) or not value.strip():
        raise UsageError(f"--set {text}: {_FORM}")
    payer, (_, code, parameter) = require_payer(policies, parts[0]), parts
    if parameter not in PARAMETERS:
        hint = did_you_mean(parameter, sorted(PARAMETERS))
        raise UsageError(f"--set {text}: {parameter!r} is not a parameter we know{hint}")
    first_day = policies.change_dates()[0].isoformat()
    tree = _file(payer, code, parameter, {first_day: {"value": _value(text, value)}})
    try:
        return lay_over(policies, payer, yaml.safe_dump(tree)), payer
    except PolicyError as problem:
        reasons = "; ".join(dict.fromkeys(one.text for one in problem.problems))
        raise UsageError(f"--set {text}: {reasons}") from None


def _value(text: str, value: str) -> Any:
    try:
        return parse(value)[0]
    except yaml.YAMLError:
        raise UsageError(f"--set {text}: the value is not written as policy files do") from None


def _file(payer: str, code: str, parameter: str, dates: dict[str, dict[str, Any]]) -> Any:
    """The tree of a policy file with one value, as firm as one that was read."""
    source = {"title": "Assumed with --set", "confidence": Confidence.PRIMARY.value}
    for entry in dates.values():
        entry["source"] = "assumed"
    return {"payer": payer, "sources": {"assumed": source}, "codes": {code: {parameter: dates}}}
