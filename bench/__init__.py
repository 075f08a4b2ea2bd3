"""Benchmarks: how far each stage is from the machine's limit, as a ratio within one run."""
