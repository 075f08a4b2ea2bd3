"""The one place where connections to PostgreSQL servers are opened (B1)."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.engine import URL

from sites.engines.postgresql.errors import refusal


def open_session(url: URL, *, timeout_s: float) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection to the server that ``url`` names."""
    # set with the connection, to spare a round trip: how values print, and how long to wait for a lock
    options = f"-c TimeZone=UTC -c DateStyle=ISO,YMD -c lock_timeout={int(timeout_s * 1000)}"
    given: dict[str, Any] = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    given["options"] = f"{given.get('options', '')} {options}".strip()
    given |= {"client_encoding": "utf8", "application_name": "supplysync"}
    try:
        return psycopg.connect(
            autocommit=True, prepare_threshold=None, connect_timeout=max(1, round(timeout_s)), **given
        )
    except psycopg.Error as error:
        raise refusal(error) from None
