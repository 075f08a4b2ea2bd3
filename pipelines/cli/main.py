"""`supplysync`: the group of commands, and what exit codes mean."""

from __future__ import annotations

import io
import os
import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import click

from central.cycle.catch_up import CannotCatchUp
from central.cycle.pull import CycleOvertaken
from central.lock import CycleRunning
from central.plan.apply import ApplyRefused
from central.project import ProjectError
from central.server_line import ServerSuperseded
from demo.network.postgres_process import PostgresNotStartedError
from pipelines.cli import commands as folder_of_commands
from sites.engines.connection import SiteFailed, Unreachable
from sync_rules.screen import TRACEBACK, unexpected, visible
from sync_rules.topology.file import TopologyError
from warehouse.connection import WarehouseBusy
from warehouse.exports.views import QueryRefused, ReportFailed, UnknownFilter
from warehouse.snapshots.current import NothingPublished
from warehouse.snapshots.publish import PublishingFailed
from wire.file_errors import FileUnusable

_EXIT_CODES: dict[type[Exception], int] = {
    ServerSuperseded: 3,
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
    CannotCatchUp: 3,
    CycleOvertaken: 3,
    CycleRunning: 3,
    FileUnusable: 3,
    PostgresNotStartedError: 3,
    ApplyRefused: 4,
}


@cache
def modules_of_commands() -> dict[str, str]:
    """The module of each command: a file below `commands`, named as the command is."""
    found = pkgutil.walk_packages(folder_of_commands.__path__, f"{folder_of_commands.__name__}.")
    return {module.name.rpartition(".")[2].replace("_", "-"): module.name for module in found if not module.ispkg}


class Commands(click.Group):
    """The commands that there are; the module of one is loaded when it is asked for, since each needs others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Their names, in order."""
        return sorted(modules_of_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name, or None."""
        module = modules_of_commands().get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments begin with. Raises NoSuchCommand, which names those like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="supplysync")
def supplysync() -> None:
    """Keeps the databases of the sites of a medical supply chain in step, through one central server.

    \b
    Exit codes: 0 done; 1 ran, but some sites failed or a --fail-on condition holds; 2 usage or
    configuration error; 3 could not run (locked, unreachable); 4 a plan cannot be applied, or holds
    no longer.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; errors go to stderr in one line each. Returns the exit code."""
    try:
        result = supplysync.main(list(argv) if argv is not None else None, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        click.echo(visible(said.getvalue()), err=True, nl=False)
        return 2
    except tuple(_EXIT_CODES) as error:
        click.echo(visible(f"error: {error}"), err=True)
        return next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))
    except Exception as error:  # its text may quote a row or a url, and so may the lines of a traceback (S2)
        if os.environ.get(TRACEBACK):
            raise
        click.echo(f"error: {unexpected(error)}", err=True)
        return 3
    return result if isinstance(result, int) else 0
