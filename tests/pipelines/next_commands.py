"""The commands that the last lines of a command name, read by the product's own parser."""

from __future__ import annotations

import shlex

import click

from pipelines.cli.main import supplysync
from tests.pipelines.conftest import Said

_LINE, _OR = "next: ", "  or: "


def next_of(said: Said) -> list[str]:
    """The commands that are next, without the program and the project folder; none where nothing is said. Fails where
    the program would not take one, or something follows."""
    lines = said.err.splitlines()
    begins = [place for place, line in enumerate(lines) if line.startswith(_LINE)]
    named = lines[begins[0] :] if begins else []
    assert (len(begins) <= 1, [line for line in named[1:] if not line.startswith(_OR)]) == (True, []), said.err
    commands = [line[len(_LINE) :] for line in named]
    for one in commands:
        parse(shlex.split(one)[1:])
    return [one.removeprefix("supplysync ").partition(" -C ")[0] for one in commands]


def parse(words: list[str]) -> None:
    """Reads a command line as the program does, and runs nothing. Raises UsageError where it does not take it."""
    command: click.Command = supplysync
    context: click.Context | None = None
    name: str | None = "supplysync"
    while isinstance(command, click.Group):
        context = command.make_context(name, words, parent=context)
        rest = [*context._protected_args, *context.args]
        if not rest and command.invoke_without_command:  # a group that does something itself
            return
        name, found, words = command.resolve_command(context, rest)
        assert found is not None
        command = found
    command.make_context(name, words, parent=context)
