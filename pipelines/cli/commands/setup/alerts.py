"""`alerts`: trying the hook of `[alerts]`, and what was told."""

from __future__ import annotations

from pathlib import Path

import click

from central.alerts.memory import recall
from central.alerts.round import try_hook
from central.asker import now
from pipelines.cli.log import complain
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from sync_rules.for_people.runbooks import to_read


@group()
def alerts() -> None:
    """Who is told when something begins that somebody has to look at, and when it is over: `[alerts]`."""


@alerts.command("test")
@in_folder
def test_alerts(folder: Path) -> int:
    """Send one message that tells of nothing, as `[alerts]` in topology.toml says now.

    \b
    Example: supplysync alerts test
    """
    with project(folder) as loaded:
        wanted = loaded.as_wanted()
        alerts = wanted.topology.alerts
        if not alerts.is_wanted:
            raise click.UsageError(
                'topology.toml has no [alerts]; write `command = [...]` or `webhook = "${NAME}"` there: see '
                f"{to_read('alerts')}"
            )
        trouble = try_hook(wanted, now())
    if trouble:
        complain(f"{trouble}; see {to_read('alerts')}")
        return 3
    talk.print(f"told: {f'the command `{alerts.command[0]}`' if alerts.command else f'the webhook {alerts.webhook}'}")
    return 0


@alerts.command("list")
@in_folder
@as_json
def list_alerts(folder: Path, as_json: bool) -> None:
    """What was told and stands, and what is wrong with the hook.

    \b
    Example: supplysync alerts list
    """
    with project(folder) as loaded:
        memory = recall(loaded.folder)
    rows = [{"event": str(one), "of": of, "since": memory.told[one, of]} for one, of in sorted(memory.told)]
    if as_json:
        show_json({"told": rows, "trouble": memory.trouble})
        return
    show_table("Told", {"event": "event", "of": "of", "since": "told at"}, rows)
    if memory.trouble:
        talk.print(f"note: the last message was not told: {memory.trouble}")
