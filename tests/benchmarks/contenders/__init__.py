"""The same fourteen rules, written for other tools; each module is a process that is timed.

All read the batch, look up the policy in force for payer, code and date, apply the rules and write
a CSV of `line,rule`. A blank or unknown value never makes a finding, as in `scrub`. What they all
leave out: damaged cells and rejected rows, other layouts, payer spellings, the resolution of the
policy files (they get a flat table), severities, messages, fixes, sources, *not checked*, totals.
"""
