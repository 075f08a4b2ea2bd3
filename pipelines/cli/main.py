"""`supplysync`: the group of commands, and what exit codes mean."""

from __future__ import annotations

import ast
import io
import os
import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

import click

from pipelines.cli import commands as folder_of_commands
from pipelines.cli.help_texts import first_sentence
from pipelines.cli.log import complain, for_people, forget_manner, manner, options_of_talk, remember_folder, tell
from pipelines.cli.next_command.last_line import say_what_is_next
from sync_rules.screen import TRACEBACK, unexpected

EXIT_CODES = {
    "central.server_line.ServerSuperseded": 3,
    "sites.engines.errors.SiteFailed": 1,
    "central.project.ProjectError": 2,
    "sync_rules.topology.file.TopologyError": 2,
    "central.imports.table_file.FileRefused": 2,
    "warehouse.exports.views.QueryRefused": 2,
    "warehouse.exports.views.UnknownFilter": 2,
    "warehouse.snapshots.current.NothingPublished": 3,
    "warehouse.snapshots.publish.PublishingFailed": 3,
    "warehouse.connection.WarehouseBusy": 3,
    "warehouse.exports.views.ReportFailed": 3,
    "sites.engines.errors.Unreachable": 3,
    "central.cycle.catch_up.CannotCatchUp": 3,
    "central.cycle.pull.CycleOvertaken": 3,
    "central.lock.CycleRunning": 3,
    "wire.file_errors.FileUnusable": 3,
    "demo.network.postgres_process.PostgresNotStartedError": 3,
    "central.plan.apply.ApplyRefused": 4,
}
"""What the errors that are expected end with, by the class that is nearest. Their modules are loaded by the commands
that need them: loading all of them takes longer than most commands."""


@cache
def modules_of_commands() -> dict[str, str]:
    """The module of each command: a file below `commands`, named as the command is; with a `_` where Python keeps the
    word for itself."""
    found = pkgutil.walk_packages(folder_of_commands.__path__, f"{folder_of_commands.__name__}.")
    modules = [module.name for module in found if not module.ispkg]
    return {name.rpartition(".")[2].strip("_").replace("_", "-"): name for name in modules}


def _help(name: str) -> str:
    """The help of a command, as its module has it, without loading that."""
    root, *parts = modules_of_commands()[name].removeprefix(f"{folder_of_commands.__name__}.").split(".")
    file = Path(folder_of_commands.__path__[0], root, *parts).with_suffix(".py")
    functions = ast.parse(file.read_text(encoding="utf-8")).body
    wanted = modules_of_commands()[name].rpartition(".")[2]
    return next(
        ast.get_docstring(one) or "" for one in functions if isinstance(one, ast.FunctionDef) and one.name == wanted
    )


def _exit_code(error: Exception) -> int | None:
    """The exit code of an error that is expected; None for others."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((EXIT_CODES[name] for name in names if name in EXIT_CODES), None)


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
        command: click.Command = getattr(import_module(module), module.rpartition(".")[2])
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command that is asked for, and says at its end which one is next."""
        code = super().invoke(ctx)
        say_what_is_next(code)
        return code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands and what they are for."""
        with formatter.section("Commands"):
            formatter.write_dl([(one, first_sentence(_help(one))) for one in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments begin with. Raises NoSuchCommand, which names those like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-C", "folder", type=click.Path(file_okay=False), callback=remember_folder,
              help="The project folder, here or after the command.")  # fmt: skip
@click.version_option(package_name="supplysync")
def supplysync(folder: str | None) -> None:
    """Keeps the databases of the sites of a medical supply chain in step, through one central server.

    Exit codes: 0 done; 1 ran, but some sites failed or a --fail-on condition holds; 2 usage or configuration error; 3
    could not run (locked, unreachable); 4 a plan cannot be applied, or holds no longer.
    """


supplysync.params += options_of_talk()


def _stopped(stop: click.Abort) -> int:
    """Says why nothing was done: somebody broke off, answered no, or nobody was there to be asked."""
    if isinstance(stop.__context__, KeyboardInterrupt):
        tell("stopped")
        return 130
    nobody = isinstance(stop.__context__, EOFError)
    said = "nobody answered, so nothing was done: answer in a terminal, or give --yes" if nobody else "nothing was done"
    tell(said)
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; errors go to stderr in one line each. Returns the exit code."""
    forget_manner()
    try:
        result = supplysync.main(list(argv) if argv is not None else None, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort as stop:
        return _stopped(stop)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        if manner.is_json:
            complain(error.format_message())
        else:
            click.echo(for_people(said.getvalue()), err=True, nl=False)
        return 2
    except Exception as error:
        code = _exit_code(error)
        if code is not None:
            complain(str(error))
            return code
        # its text may quote a row or a url, and so may the lines of a traceback (S2)
        if os.environ.get(TRACEBACK):
            raise
        complain(unexpected(error))
        return 3
    return result if isinstance(result, int) else 0
