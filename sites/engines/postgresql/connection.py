"""The one place where connections to PostgreSQL servers are opened (B1)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy.engine import URL

from sites.engines.errors import SiteFailed
from sites.engines.postgresql.errors import Silence, refusal

R = TypeVar("R")


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection that does not wait for ever: a line may be up and say nothing (P7).

    The bounds are on silence: an exchange that goes on is never cut, however long it takes. A statement that only
    writes is silent until it is done, and so has a longer one.
    """

    READING_S: ClassVar[float] = 60.0
    WRITING_S: ClassVar[float] = 300.0
    is_writing = False

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """The driver's own wait for the server, for each block and each statement."""
        bound = self.WRITING_S if self.is_writing else self.READING_S
        try:
            return super().wait(gen, interval, bound if timeout is None else timeout)
        except _WaitTimeout:
            self.pgconn.finish()  # what it still says would be taken for the answer to something else
            raise Silence(f"the server said nothing for {bound:.0f} s") from None


def open_session(url: URL, *, timeout_s: float) -> Session:
    """A connection to the server that ``url`` names."""
    # set with the connection, to spare a round trip: how values print, and how long to wait for a lock
    options = f"-c TimeZone=UTC -c DateStyle=ISO,YMD -c lock_timeout={int(timeout_s * 1000)}"
    given: dict[str, Any] = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    given["options"] = f"{given.get('options', '')} {options}".strip()
    given |= {"client_encoding": "utf8", "application_name": "supplysync"}
    try:
        return Session.connect(
            autocommit=True, prepare_threshold=None, connect_timeout=max(1, round(timeout_s)), **given
        )
    except psycopg.Error as error:
        raise refusal(error) from None
    except (TypeError, ValueError):  # a part of the url that is said twice, or a host that is no name: never quoted
        raise SiteFailed("the database url is not one that PostgreSQL accepts") from None
