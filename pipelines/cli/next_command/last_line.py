"""The last line of a command: which one is next; where there are several ways, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import click

from pipelines.cli.log import manner
from pipelines.cli.shown_text import with_folder
from pipelines.cli.what_ran import WhatRan, what_ran

_WAIT_S = 2.0
"""Whoever runs a cycle meanwhile has the warehouse: nobody waits long for a word of advice."""

_OTHER_QUESTIONS = frozenset((
    "report", "explain", "rules", "dashboard", "demo", "dev", "completion", "replay", "runbook", "simulate",
    "warehouse sql",
    "warehouse tables", "warehouse dictionary", "warehouse snapshots", "dashboard users",
))  # fmt: skip
"""Commands that ask no question about how the network does: they say what follows from themselves alone."""


def say_what_is_next(code: object) -> None:
    """The last line of the command that ran, on stderr; nothing with ``--quiet`` and ``--json``, where the command
    could not be run (the error says what to do), and where there is nothing to do."""
    ran = what_ran()
    if ran.context is None or manner.is_quiet or ran.context.params.get("as_json") or code not in (None, 0, 1):
        return
    if commands := _following(ran, ran.context):
        from pipelines.cli.speech.output import bold, talk

        for place, one in enumerate(commands):  # a line each, so that each can be copied
            said = f"{'  or' if place else 'next'}: supplysync {with_folder(one, manner.folder)}"
            talk.print(bold("", said), soft_wrap=True)


def _following(ran: WhatRan, context: click.Context) -> Sequence[str]:
    name = _path(context)
    is_only_after = name in _OTHER_QUESTIONS or name.partition(" ")[0] in _OTHER_QUESTIONS
    if ran.then is not None or ran.folder is None:
        return ran.then or ()
    # what commands need besides is loaded by then; those that work in no project need none of it
    from central.project import load
    from pipelines.cli.next_command.network_state import state_of
    from pipelines.cli.next_command.ways_out import is_on_a_way, next_command
    from warehouse.connection import WarehouseBusy
    from wire.file_errors import FileUnusable

    if is_only_after and not is_on_a_way(name):
        return ()
    with suppress(WarehouseBusy, FileUnusable):
        state = state_of(load(ran.folder), ran.found, wait_s=_WAIT_S)
        found = next_command(state, name, is_only_after=is_only_after)
        return (found,) if found else ()
    return ()


def _path(context: click.Context) -> str:
    """The command as it is typed after the program's name, whatever that is called here; a report by its name."""
    names: list[str] = []
    one = context
    while one.parent is not None:
        names.insert(0, one.info_name or "")
        one = one.parent
    return " ".join([*names, context.params["name"]] if names == ["report"] else names)
