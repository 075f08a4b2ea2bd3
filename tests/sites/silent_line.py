"""A line to a PostgreSQL server that can go silent: it takes what it is given and brings nothing back."""

from __future__ import annotations

import socket
import threading
from pathlib import Path


class SilentLine:
    """A socket in ``folder`` that leads to the server's own; ``is_silent`` once that is set."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.is_silent = threading.Event()
        self._server = server
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / server.name))
        self._listening.listen()
        self._open = [self._listening]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Ends the line and all that goes over it."""
        for one in self._open:
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            there.connect(str(self._server))
            self._open += [here, there]
            threading.Thread(target=self._carry, args=(here, there, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(there, here, True), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket, is_answer: bool) -> None:
        try:
            while block := source.recv(65536):
                if not (is_answer and self.is_silent.is_set()):
                    to.sendall(block)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            return
