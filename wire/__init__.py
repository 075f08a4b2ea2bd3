"""The files that pass between a site and central: immutable folders in both directions.

Not here: who reads and writes them, `sites` and `central`.

Imports: polars, sync_rules.
"""
