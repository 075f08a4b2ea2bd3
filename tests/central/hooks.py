"""A local server and a local command that are told, for tests of alerts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SECRET = "s3cr3t-path"
COMMAND = ["sh", "-c", 'cat >> told.txt; printf "%s\\n" "$SUPPLYSYNC_ALERT" >> told.jsonl']
"""Keeps the text and the whole message in the project's folder."""


class Hook:
    """A server: what it was posted, and what it ``answers``; while ``is_slow`` it answers nobody."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers = 204
        self.authorised: set[str | None] = set()
        self.is_slow = False
        self.released = threading.Event()
        self.address = ""

    def taken(self) -> list[tuple[str, str, list[str]]]:
        """Event, state and subjects of each message since the last look."""
        found = [(one["event"], one["state"], one["subjects"]) for one in self.told]
        self.told.clear()
        return found


@contextmanager
def listening() -> Iterator[Hook]:
    """Such a server, at a port of its own."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.authorised.add(self.headers["Authorization"])
            if hook.is_slow:
                hook.released.wait()
            if hook.answers < 300:
                hook.told.append(json.loads(body))
            self.send_response(hook.answers)
            self.send_header("Location", hook.address)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    hook.address = f"http://127.0.0.1:{server.server_address[1]}/{SECRET}"
    try:
        yield hook
    finally:
        hook.released.set()
        server.shutdown()
        server.server_close()


def write_alerts(folder: Path, *lines: str) -> None:
    """``[alerts]`` of the project's topology.toml, in place of what was there."""
    file = folder / "topology.toml"
    before = file.read_text(encoding="utf-8").partition("\n[alerts]\n")[0].rstrip("\n")
    file.write_text("\n".join([f"{before}\n", "[alerts]", *lines, ""]), encoding="utf-8")


def command_line(command: list[str] = COMMAND) -> str:
    """The line that names a command."""
    return f"command = {json.dumps(command)}"
