"""Running the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import uvicorn

from dashboard.app import HOSTS, make_app


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
