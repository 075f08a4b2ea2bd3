"""Running the server."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn

from dashboard.access.door import SignIn
from dashboard.app import make_app
from sync_rules.screen import TRACEBACK, unexpected, visible


class LogLines(logging.Formatter):
    """What the server's log says: of an error where it came from and not its text, unless that is asked for."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in lines that cannot steer a terminal."""
        return visible(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        """One line on an error."""
        return super().formatException(ei) if os.environ.get(TRACEBACK) else unexpected(ei[1])


_LOG: Mapping[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": LogLines, "fmt": "%(levelname)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "WARNING", "propagate": False} for name in ("uvicorn", "supplysync")
    },
}


class CannotListen(Exception):
    """Nothing can listen at this address and port."""


def can_listen(bind: str, port: int) -> None:
    """Tries the address before anybody is told that the pages are there. Raises CannotListen, saying what to do."""
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as trying:
            if os.name == "posix":  # as the server does: a port that was just left can be had
                trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind(address)
            trying.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"port {port} of {bind} is in use: name another with --port, or stop what is there"
            ) from None
        raise CannotListen(f"cannot listen at {bind} port {port} ({error.strerror}): see --bind and --port") from None


def is_loopback(bind: str) -> bool:
    """Does nobody but this machine get to this address?"""
    try:
        return ip_address(bind).is_loopback
    except ValueError:
        return bind.lower() == "localhost"


def serve(published: Path, bind: str, port: int, names: Sequence[str], sign_in: SignIn, language: str = "en") -> None:
    """Serves until Ctrl-C, in ``language`` for who asks for none. ``names`` are answered to besides this machine's own
    and the address."""
    uvicorn.run(
        make_app(
            published, (bind, *names), sign_in=sign_in, language=language, is_private=is_loopback(bind) and not names
        ),
        host=bind,
        port=port,
        log_config=dict(_LOG),
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,  # what a proxy says is believed of those that are named, and looked at where it is needed
    )
