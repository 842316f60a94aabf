"""Benchmarks of a batch, by payer and month."""
