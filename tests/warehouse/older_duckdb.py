"""An older DuckDB, and what the guide says to install beside it, to read snapshots with.

Fetched once by pip, by version and hash, and kept beside this Python.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

WANTED = Path(__file__).with_name("older_duckdb.txt")


def older_duckdb() -> Path:
    """A folder to put first on Python's path. Raises RuntimeError with pip's words where it cannot be had."""
    kept = Path(sys.prefix) / "older-duckdb"
    kept.mkdir(exist_ok=True)
    folder = kept / sha256(WANTED.read_bytes()).hexdigest()[:16]
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]
    found = subprocess.run(
        [sys.executable, "-m", "pip", *words, "--target", str(unfinished), "-r", str(WANTED)],
        capture_output=True, text=True, check=False, env={**os.environ, "PIP_NO_INPUT": "1"},
    )  # fmt: skip
    if found.returncode:
        wanted = WANTED.read_text().split()[0]
        raise RuntimeError(
            f"{wanted} is needed to test that older clients read snapshots; pip cannot get it:\n{found.stderr}"
        )
    unfinished.rename(folder)
