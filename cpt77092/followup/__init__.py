"""What carries over from one run to the next: decisions on findings, and the report before.

`key` is what makes a finding the same one; README.md says where everything is kept and why.
"""
