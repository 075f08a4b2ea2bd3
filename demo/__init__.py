"""A demo network, and the people who work in it: seeded, so that the same seed gives the same work.

Not here: cycles; the demo's people know nothing of supplysync.

Imports: polars, sites, sync_rules.
"""
