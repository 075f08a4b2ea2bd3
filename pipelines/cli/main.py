"""`supplysync`: the group of commands, and what exit codes mean."""

from __future__ import annotations

from collections.abc import Sequence

import click

from central.cycle.pull import CycleOvertaken, TopologyMoved
from central.lock import CycleRunning
from central.project import ProjectError
from demo.network.postgres import PostgresNotStartedError
from pipelines.cli.look import dashboard, explain, report, rules, warehouse
from pipelines.cli.operate import rejected, sync, transfers
from pipelines.cli.setup import capture, demo, dev, init
from sites.engines.connection import SiteFailed, Unreachable
from sync_rules.topology.file import TopologyError
from warehouse.connection import WarehouseBusy
from warehouse.exports.views import QueryRefused, ReportFailed, UnknownFilter
from warehouse.snapshots.current import NothingPublished
from warehouse.snapshots.publish import PublishingFailed

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


for module in (init, capture, sync, rules, report, transfers, explain, rejected, demo, dev, dashboard):
    for command in module.COMMANDS:
        commands.add_command(command)
for command in (*warehouse.COMMANDS, *report.WAREHOUSE_COMMANDS):
    rules.warehouse_group.add_command(command)


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
