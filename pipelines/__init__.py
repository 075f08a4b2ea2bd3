"""Wiring and entry points: Dagster definitions and the command line.

Nothing imports this package.

Imports: assets, central, click, cronsim, dagster, dashboard, demo, polars, rich, sites, sync_rules, warehouse, wire.
"""
