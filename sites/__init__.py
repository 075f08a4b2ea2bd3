"""One site database: how it is opened, watched, read and written to.

Knows triggers, cursors and transactions; knows no policy, no Dagster and no DuckDB, so that
it can also run on a machine at a site that central does not reach (B43).
"""
