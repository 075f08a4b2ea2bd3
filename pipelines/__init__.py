"""Wiring and entry points: Dagster definitions and the command line. Nothing imports this package."""
