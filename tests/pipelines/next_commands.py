"""The commands that the last line of a command names, read by the product's own parser."""

from __future__ import annotations

import shlex

import click

from pipelines.cli.main import supplysync
from tests.pipelines.conftest import Said

_LINE = "next: "


def next_of(said: Said) -> list[str]:
    """The commands that are next, without the program and the project folder; none where nothing is said. Fails where
    the program would not take one, or it is not the last line."""
    lines = said.err.splitlines()
    named = [line for line in lines if line.startswith(_LINE)]
    assert named in ([], lines[-1:]), said.err
    commands = named[0].removeprefix(_LINE).split(" or ") if named else []
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
