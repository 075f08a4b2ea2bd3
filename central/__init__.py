"""What central does, without Dagster, commands or pages: a cycle and its stages, and what it can say of a record.

Not here: SQL, which is `sites` and `warehouse`; decisions, which are `sync_rules`.

Imports: cronsim, dotenv, polars, sites, sync_rules, warehouse, wire.
"""
