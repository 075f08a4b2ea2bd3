"""One site's database: how it is opened, watched, read and written to.

Not here: which site may edit what, which is `sync_rules`; DuckDB and Dagster.

Imports: adbc_driver_manager, adbc_driver_sqlite, polars, psycopg, sqlalchemy, sync_rules, wire.
"""
