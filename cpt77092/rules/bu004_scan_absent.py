"""No spine DXA for a TBS line.

Why: TBS is calculated from a stored DXA image of the spine. Another provider may have billed the
DXA; but a DXA of your own that was never billed, or a TBS without any DXA, needs a look.
Basis: how the service works. No published payer rule found requires the DXA line, so this is info.
Clear: a DXA of the spine (77080 or 77085) on the claim, or for the patient on the date or in the 30
days before, in the batch or in earlier claims. The message names what was searched.
Not checked: no such DXA on the claim and no patient ID; no date of service.
"""

from cpt77092.rule import FAMILY, Rule, Severity, Source, across, col

RULE = Rule(
    severity=Severity.INFO,
    codes=FAMILY,
    flag=across(col("scan_is_absent")),
    source=Source(
        title="Publication on CPT 77092, trabecular bone score",
        at="Clinical Context: TBS is interpreted with the DXA of the visit",
    ),
    message=(
        "No spine DXA (77080, 77085) on {claim_line_start_date} or in the 30 days before, in "
        "{searched_for_scan}."
    ),
    remedy="Check where the DXA was done; no change is needed if another provider billed it.",
    since="0.2.0",
)
