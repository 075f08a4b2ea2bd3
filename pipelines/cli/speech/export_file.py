"""Where the bytes of an export go: a file, written whole or not at all, or a pipe."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from sync_rules.screen import visible
from warehouse.exports.write import BYTE_ORDER_MARK
from wire.whole_files import write_whole

BINARY = frozenset({"xlsx", "parquet"})


def refuse_to_terminal(as_format: str, output: Path | None) -> None:
    """Raises UsageError where bytes that are no text would go to a screen."""
    if output is None and as_format in BINARY and is_terminal():
        raise click.UsageError(f"`{as_format}` is not for a terminal: give a file with -o, or a pipe")


def is_terminal() -> bool:
    """Whether stdout is a screen."""
    return sys.stdout.isatty()


def write_out(content: bytes, output: Path | None) -> None:
    """Writes to the file, or to stdout for None: byte for byte, but for what would steer a terminal, if that is one.

    The byte order mark of CSV is for files, which spreadsheets open: what reads a pipe takes it for part of the first
    name. Raises FileError where the file cannot be written.
    """
    if output is not None:
        _write_file(content, output)
        return
    if not _is_file():
        content = content.removeprefix(BYTE_ORDER_MARK)
    if is_terminal():
        content = visible(content.decode()).encode()
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # who reads has seen enough; Python would complain again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def stream_out(write: Callable[[IO[bytes]], None], output: Path | None) -> None:
    """As `write_out`, for what is too large to be held: ``write`` is handed the file. Raises FileError."""
    if output is None:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    target = output.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise click.FileError(str(output), hint=error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)


def _is_file() -> bool:
    """Whether stdout goes to a plain file."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except OSError:  # it is caught by somebody, and is no file at all
        return False


def _write_file(content: bytes, output: Path) -> None:
    """Whole or not at all, so that nobody finds half of it; what is no plain file is written to."""
    target = output.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content.removeprefix(BYTE_ORDER_MARK))
        else:
            write_whole(target, content)
    except OSError as error:
        told = error.__cause__ if isinstance(error.__cause__, OSError) else error  # it is no file of central's own
        raise click.FileError(str(output), hint=told.strerror or str(told)) from error
