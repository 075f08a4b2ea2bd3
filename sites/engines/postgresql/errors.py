"""What a PostgreSQL server says when it fails, in the words of ``sites.engines.errors`` (B12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from sites.engines.errors import RowRefused, SiteFailed, Unreachable

_GONE = {"57P01", "57P02", "57P03", "08000", "08003", "08006"}
_LOCKED = {"55P03", "40P01"}  # worth another try, like no answer at all
# classes of errors that are about the server or the session, and not about a row
_NOT_OF_A_ROW = {"08", "0A", "25", "26", "28", "3D", "3F", "40", "53", "54", "55", "57", "58", "XX"}
_NOT_OF_A_FUNCTION = {"08", "40", "53", "55", "57", "58"}
# what a server says when it is there but not ready: worth another try too
_NOT_READY = (
    "starting up",
    "shutting down",
    "recovery mode",
    "too many clients",
    "remaining connection slots",
)
_CAUSES = {
    "refused": "connection refused",
    "timeout": "no answer in time",
    "timed out": "no answer in time",
    "resolve": "the host's name is not known",
    "translate host": "the host's name is not known",
    "No such file": "no server listens on that socket",
}


class Silence(psycopg.OperationalError):
    """The server said nothing for too long; the text says for how long."""


@contextmanager
def server_errors() -> Iterator[None]:
    """Turn the driver's errors into ours; the server's detail is left out, since it quotes values."""
    try:
        yield
    except psycopg.Error as error:
        is_lost = error.sqlstate is None and isinstance(error, psycopg.OperationalError)
        told = str(error) if isinstance(error, Silence) else "the connection was lost" if is_lost else "no reason given"
        reason = error.diag.message_primary or told
        if _is_raised(error):
            raise RowRefused(reason) from None
        if is_lost or error.sqlstate in _GONE | _LOCKED:
            raise Unreachable(reason) from None
        raise RowRefused(reason) if _is_of_a_row(error) else SiteFailed(reason) from None


def _is_of_a_row(error: psycopg.Error) -> bool:
    """Whether the server has something against a row: what a function of the site's program says is of one too, and
    what the account may not do is of all rows that it may not do it to."""
    kind = (error.sqlstate or "XX")[:2]
    return kind not in _NOT_OF_A_ROW or ("function" in (error.diag.context or "") and kind not in _NOT_OF_A_FUNCTION)


def _is_raised(error: psycopg.Error) -> bool:
    """Whether a function of the site's program says it, whatever it calls it."""
    return " at RAISE" in (error.diag.context or "")


def refusal(error: psycopg.Error) -> Exception:
    """Why no connection was made: no answer is unreachable, an answer that says no is a failure.

    No value of the url is quoted.
    """
    text = str(error)
    answer = text.rpartition("FATAL:")[2].strip().splitlines()[0] if "FATAL:" in text else ""
    if answer and not any(words in answer for words in _NOT_READY):
        return SiteFailed(answer)
    if not isinstance(error, psycopg.OperationalError):
        return SiteFailed("the database url is not one that PostgreSQL accepts")
    cause = next((words for sign, words in _CAUSES.items() if sign in text), "the server cannot be reached")
    return Unreachable(answer or cause)
