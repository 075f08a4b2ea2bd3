"""`supplysync`: the group of commands, and what exit codes mean."""

from __future__ import annotations

from collections.abc import Sequence

import click

from assets.project import ProjectError
from assets.pulling import CycleOvertaken, TopologyMoved
from assets.turn import CycleRunning
from demo.postgres import PostgresNotStartedError
from pipelines.cli import (
    capture,
    dashboard,
    demo,
    dev,
    explain,
    init,
    look,
    publishing,
    quarantine,
    report,
    sync,
    transfers,
)
from sites.connection import SiteFailed, Unreachable
from sync_rules.topology_file import TopologyError
from warehouse.connection import WarehouseBusy
from warehouse.published import NothingPublished
from warehouse.snapshot import PublishingFailed
from warehouse.views import QueryRefused, ReportFailed, UnknownFilter

_EXIT_CODES: dict[type[Exception], int] = {
    SiteFailed: 1,
    ProjectError: 2,
    TopologyError: 2,
    QueryRefused: 2,
    UnknownFilter: 2,
    NothingPublished: 3,
    PublishingFailed: 3,
    WarehouseBusy: 3,
    ReportFailed: 3,
    Unreachable: 3,
    CycleOvertaken: 3,
    CycleRunning: 3,
    PostgresNotStartedError: 3,
    TopologyMoved: 4,
}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="supplysync")
def commands() -> None:
    """Keeps the databases of the sites of a medical supply chain in step, through one central server.

    \b
    Exit codes: 0 done; 1 ran, but some sites failed or a --fail-on condition holds; 2 usage or
    configuration error; 3 could not run (locked, unreachable); 4 topology.toml moves stores.
    """


for module in (init, capture, sync, look, report, transfers, explain, quarantine, demo, dev, dashboard):
    for command in module.COMMANDS:
        commands.add_command(command)
for command in (*publishing.COMMANDS, *report.WAREHOUSE_COMMANDS):
    look.warehouse_group.add_command(command)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; errors go to stderr in one line each. Returns the exit code."""
    try:
        result = commands.main(list(argv) if argv is not None else None, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except tuple(_EXIT_CODES) as error:
        click.echo(f"error: {error}", err=True)
        return _EXIT_CODES[type(error)]
    return result if isinstance(result, int) else 0
