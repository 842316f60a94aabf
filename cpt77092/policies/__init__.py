"""Each payer's policy, dated and with sources: loading, checking and resolving."""

from cpt77092.policies.load import load_policies
from cpt77092.policies.parameters import PARAMETERS, Parameter
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import NO_RULE_FOUND, Decision, Level, Status, decide, timelines

__all__ = [
    "NO_RULE_FOUND",
    "PARAMETERS",
    "Decision",
    "Level",
    "Parameter",
    "PolicySet",
    "Status",
    "decide",
    "load_policies",
    "timelines",
]
