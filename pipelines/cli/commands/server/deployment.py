"""`deployment`: files that keep a project running on a server."""

from __future__ import annotations

import getpass
import pwd
import re
import sys
from importlib.metadata import version
from pathlib import Path

import click

from central.project import load
from pipelines.cli.commands.server.dev import WORKSPACE
from pipelines.cli.deployment.files import Server, deployment_files
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import PAGES_PORT, in_folder
from pipelines.cli.speech.output import talk
from wire.whole_files import write_whole

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_AWKWARD = re.compile(r"[\"\\\n\r\t$]")


@command()
@click.option("-o", "--output", "out", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="The folder to write into; files of these names are written anew.")  # fmt: skip
@click.option("--backups", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="The folder that backups go to: on another disk.")  # fmt: skip
@click.option("--user", default=getpass.getuser, show_default="who asks", help="As whom it runs: never root.")
@click.option("--name", default="localhost", show_default=True, help="The name that people ask the pages by.")
@click.option("--pages-port", default=PAGES_PORT, show_default=True, help="Where the pages are, on 127.0.0.1.")
@click.option("--dagster-port", default=3000, show_default=True, help="Where Dagster is, on 127.0.0.1.")
@in_folder
def deployment(
    out: Path, backups: Path, user: str, name: str, pages_port: int, dagster_port: int, folder: Path
) -> None:  # fmt: skip
    """Write what keeps a project running on a server: units and timers for systemd, or a compose file and a Dockerfile,
    and a site for nginx with sign-in. Nothing is started.

    \b
    Example: supplysync deployment -o deployment --backups /mnt/backups
    """
    if not _NAME.fullmatch(name):
        raise click.UsageError(f"`{name}` is no name of a server; write for example sync.example.org")
    project, kept, place = load(folder).folder, backups.resolve(), out.resolve()
    for path in (project, kept, place):
        if _AWKWARD.search(str(path)):
            raise click.UsageError(f"`{path}`: systemd and Docker cannot be told this path; leave out quotes, $ and \\")
    uid, gid = _account(user)
    program = Path(sys.executable).with_name("supplysync")
    server = Server(
        project, kept, program, WORKSPACE.parent, user, uid, gid, name, version("supplysync"), pages_port, dagster_port
    )
    for path, text in deployment_files(server, place).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        talk.print(f"wrote {path}")
    talk.print("what to do: `supplysync runbook first-network` says under `On a server` where each goes")


def _account(user: str) -> tuple[int, int]:
    """The numbers of a user and of its group."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise click.UsageError(f"there is no user `{user}` on this machine; make it first: useradd {user}") from None
    return account.pw_uid, account.pw_gid
