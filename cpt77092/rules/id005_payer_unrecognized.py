"""Payer without a policy.

Why: a payer that matches no policy is checked against the default one, whose values may not be its
own. A misspelled name would go unnoticed.
Basis: the brands, words and payer IDs under `matches` in the policy files. Where a name can be read
in two ways it matches none.
Clear: the payer matches a policy, is self-pay, or has a policy under payers in scrub.yaml or a
--payers file; or an earlier line already reported this payer.
Not checked: never; a file that names no payer is refused.
"""

from cpt77092.rule import POLICY_FILES, Message, Rule, Severity, col

RULE = Rule(
    severity=Severity.WARNING,
    includes_voids=True,
    flag=~col("payer_is_known") & col("is_first_line_of_payer"),
    source=POLICY_FILES,
    message="No policy found for {payer_label}; the default policy was used.",
    other_messages=(
        Message(
            "No policy used for {payer_label}: {payer_conflict}; the default policy was used.",
            when=col("payer_conflict").is_not_null(),
        ),
        Message(
            "No policy found for {payer_label} (did you mean {payer_proposal}?); the default "
            "policy was used.",
            when=col("payer_proposal").is_not_null(),
        ),
        Message(
            "No policy found for {payer_label}, read as {payer_kind}; the default policy was used.",
            when=col("payer_kind").is_not_null(),
        ),
    ),
    remedy=(
        "Name its policy under payers in scrub.yaml or a --payers file, which scrub payers CLAIMS "
        "--save FILE writes; default is an answer, too."
    ),
    question="no policy found; name one under payers in scrub.yaml",
    since="0.1.0",
)
