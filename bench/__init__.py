"""Benchmarks: how far each stage is from the machine's limit, as a ratio within one run.

Measuring is no part of the product: it may go round a package to find the floor it is held against.

Imports: central, dashboard, demo, dlt, duckdb, polars, rich, sites, sync_rules, warehouse, wire.
"""
