"""What `bench.whole` compares with: dlt loading two tables of the same SQLite files into DuckDB, and no more than that.

It runs in an environment of its own, which `bench.whole` makes, and imports nothing of this project:
``python dlt_load.py FOLDER OUT BACKEND DISPOSITION`` prints the seconds that its pipeline took.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

COLUMNS = {
    "invoice": ["id", "store_id", "other_name_id", "type", "status", "number", "created_at", "finalised_at", "comment"],
    "invoice_line": [
        "id", "invoice_id", "item_id", "batch", "expiry_date", "pack_size", "packs", "cost_price_per_pack",
        "sell_price_per_pack",
    ],
}  # fmt: skip
"""Columns that are filled: connectorx reads none of which the first value is null."""


def main(folder: Path, out: Path, backend: str, disposition: str) -> None:
    """Loads the files; a second time into what is there by then."""
    os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", DLT_DATA_DIR=str(out / "dlt"), RUNTIME__LOG_LEVEL="ERROR")
    import dlt
    from dlt.sources.sql_database import sql_table

    began = time.monotonic()
    files = sorted(folder.glob("s*.sqlite"))

    def of_table(table: str) -> object:
        def rows() -> Iterator[object]:
            for file in files:
                yield from sql_table(
                    f"sqlite:///{file}",
                    table=table,
                    backend=backend,
                    chunk_size=50_000,
                    included_columns=COLUMNS[table],
                )

        return dlt.resource(rows, name=table, primary_key="id", write_disposition=disposition)

    target = dlt.destinations.duckdb(str(out / "dlt.duckdb"))
    pipeline = dlt.pipeline("bench", destination=target, dataset_name="loaded", pipelines_dir=str(out / "pipelines"))
    pipeline.run([of_table(table) for table in COLUMNS])
    print(round(time.monotonic() - began, 2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
