"""The DuckDB warehouse: replicas, the ledger of synchronisation, reports. The only package that opens it."""
