"""Talk as people want it: none with ``--quiet``, lines of JSON for whatever collects logs. Errors are always told."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
from click.core import ParameterSource

from pipelines.cli.shown_text import in_lines, shown
from sync_rules.screen import visible_json


@dataclass
class Manner:
    """How this process talks; the project ``folder``, where that was named, for the commands that it names."""

    is_quiet: bool = False
    is_json: bool = False
    folder: str | None = None


manner = Manner()
_LEVELS = ("note", "error")


def json_line(text: str) -> str:
    """A line of talk as JSON: ``at`` (ISO), ``level`` (info, note, error) and ``text``."""
    start, _, rest = text.strip().partition(": ")
    level, said = (start.lower(), rest) if start.lower() in _LEVELS else ("info", text.strip())
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return visible_json(json.dumps({"at": at, "level": level, "text": said}, ensure_ascii=False))


def complain(text: str) -> None:
    """Says what went wrong, on stderr, also where everything else is quiet: ``text`` without the word `error`."""
    tell(f"error: {text}")


def tell(text: str) -> None:
    """Says something on stderr, also where everything else is quiet; in a terminal in lines that break no word."""
    said = for_people(text)
    if manner.is_json:
        said = json_line(said)
    elif sys.stderr.isatty():
        said = in_lines(said, shutil.get_terminal_size().columns)
    click.echo(said, err=True)


def for_people(text: str) -> str:
    """Text as it is shown: what would steer a terminal made visible, and the commands that it names with ``-C``, where
    the one that runs was asked so."""
    return shown(text, manner.folder)


def remember_folder(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """The folder that ``-C`` names is one that the commands which are named need too; one from the environment is
    there for these as well."""
    if param.name and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
        manner.folder = str(value)
    return value


def _be_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    manner.is_quiet = manner.is_quiet or value


def _speak_as(ctx: click.Context, param: click.Parameter, value: str | None) -> None:  # noqa: ARG001
    manner.is_json = manner.is_json or value == "json"


def options_of_talk(*, is_hidden: bool = False) -> list[click.Option]:
    """``--quiet`` and ``--log-format``: shown before the command, taken after it too."""
    return [
        click.Option(
            ["--quiet", "-q"], is_flag=True, expose_value=False, callback=_be_quiet, hidden=is_hidden,
            help="Data and errors only: no notes, no progress, no advice.",
        ),
        click.Option(
            ["--log-format"], type=click.Choice(["text", "json"]), expose_value=False, callback=_speak_as,
            hidden=is_hidden, help="How talk on stderr is written; json: a document a line.",
        ),
    ]  # fmt: skip


def forget_manner() -> None:
    """Talks again as at the beginning: a process may run several commands."""
    manner.is_quiet = manner.is_json = False
    manner.folder = None
