"""The DuckDB warehouse: central's records, the ledger of synchronisation, reports and snapshots.

The only package that opens it. Not here: site databases and Dagster.

Imports: duckdb, polars, pyarrow, sync_rules, wire, xlsxwriter.
"""
