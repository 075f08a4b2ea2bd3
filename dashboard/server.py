"""Running the server."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from dashboard.app import HOSTS, make_app


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


def serve(published: Path, bind: str, port: int, names: Sequence[str] = ()) -> None:
    """Serves until Ctrl-C. ``names`` are answered to besides this machine's own."""
    uvicorn.run(
        make_app(published, (*HOSTS, *names)),
        host=bind,
        port=port,
        log_level="warning",
        server_header=False,
        date_header=True,
    )
