"""The demo's sites, made anew."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from demo.network.network import create
from demo.network.postgres import PostgresServer
from demo.network.project_files import POSTGRES_SITE, POSTGRES_VARIABLE
from pipelines.cli.speech.options import project
from sites.capture import triggers
from sites.engines.connection import open_site


def make_demo(folder: Path, seed: int) -> None:
    """The demo network: databases with a year of work, one of them on a PostgreSQL of its own, capture installed."""
    with PostgresServer((folder / "postgres").absolute()) as server:
        url = server.create_database(POSTGRES_SITE)
        create(folder, seed=seed, now=datetime.now(UTC), postgres_url=url)
        (folder / ".env").unlink(missing_ok=True)  # the demo's server has a new address each time it starts
        os.environ[POSTGRES_VARIABLE] = url
        try:
            with project(folder) as made:
                for site in made.topology.sites:
                    with open_site(made.database_url(site), folder) as db:
                        triggers.install(db, made.schema)
        finally:
            del os.environ[POSTGRES_VARIABLE]
