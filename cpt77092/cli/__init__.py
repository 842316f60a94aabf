"""The `scrub` command: parse, call, print, exit. No claim logic."""
