"""Who asks for something to be done, and when."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime


def now() -> datetime:
    """The time at which a stage begins: read once a stage, then handed down."""
    return datetime.now(UTC)


def asked_by() -> str:
    """Operating-system user and host (B21)."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
