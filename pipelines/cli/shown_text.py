"""Text as it is shown to people: the commands that it names work when they are copied."""

from __future__ import annotations

import re
import shlex
import textwrap

from sync_rules.screen import visible

_NAMED = re.compile(r"`supplysync (?P<name>[a-z-]+)(?P<rest>[^`]*)`")
_QUOTED = re.compile(r"`[^`\n]+`")
_JOINED = "\ue000"
"""Stands for a space that no line may end at."""
NO_PROJECT = frozenset(("completion", "demo", "init", "rules", "runbook"))
"""Commands that work in no project: they take no `-C`."""


def with_folder(command: str, folder: str | None) -> str:
    """A command as it is typed after `supplysync`, with the project folder, where that was named (``folder``) and the
    command takes one."""
    name = command.partition(" ")[0]
    if folder is None or name in NO_PROJECT or " -C " in command:
        return command
    return f"{command} -C {shlex.quote(folder)}"


def shown(text: str, folder: str | None) -> str:
    """Text with what would steer a terminal made visible, and with the project folder in each command that stands in
    it, in backticks."""
    return _NAMED.sub(lambda found: f"`supplysync {with_folder(found['name'] + found['rest'], folder)}`", visible(text))


def in_lines(text: str, width: int) -> str:
    """Text in lines of a width, that break at spaces; what stands in backticks stands on one line, to be copied."""
    held = _QUOTED.sub(lambda found: found[0].replace(" ", _JOINED), text)
    lines = [
        part
        for line in held.split("\n")
        for part in textwrap.wrap(
            line, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False, expand_tabs=False
        )
        or [""]
    ]
    return "\n".join(lines).replace(_JOINED, " ")
