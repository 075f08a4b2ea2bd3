"""Talk as people want it: none with ``--quiet``, lines of JSON for whatever collects logs. Errors are always told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from sync_rules.screen import visible, visible_json


@dataclass
class Manner:
    """How this process talks."""

    is_quiet: bool = False
    is_json: bool = False


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
    said = f"error: {text}"
    click.echo(json_line(said) if manner.is_json else visible(said), err=True)


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
