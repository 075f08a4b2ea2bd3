"""`dashboard`: the pages, served or as files."""

from __future__ import annotations

from pathlib import Path

import click

from central.project import load
from pipelines.cli.log import complain
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import PAGES_PORT, in_folder
from pipelines.cli.speech.output import talk


@command()
@click.option(
    "--port", default=PAGES_PORT, show_default=True, type=click.IntRange(1, 65535), help="Where the pages are."
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen at; see docs/decisions.")
@click.option(
    "--name", "names", multiple=True, help="A further name that the server is asked by; several are possible."
)
@click.option(
    "--static",
    "static",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the pages as files into this folder instead of serving them.",
)
@in_folder
def dashboard(port: int, bind: str, names: tuple[str, ...], static: Path | None, folder: Path) -> int:
    """The pages over the published snapshots: stock, sync, usage, expiry, transfers. Shows, changes nothing.

    \b
    Example: supplysync dashboard -C demo-network
             supplysync dashboard -C demo-network --static pages
    """
    from dashboard.static_site import NotOurFolder, write_site  # few commands need the pages

    published = load(folder).published
    if static is not None:
        try:
            number = write_site(published, static.absolute())
        except NotOurFolder as error:
            raise click.UsageError(str(error)) from None
        talk.print(f"{number} files; open {static / 'index.html'}")
        return 0
    return _serve(published, bind, port, names)


def _serve(published: Path, bind: str, port: int, names: tuple[str, ...]) -> int:
    from dashboard.server import CannotListen, can_listen, serve

    try:
        can_listen(bind, port)
    except CannotListen as error:
        complain(str(error))
        return 3
    talk.print(f"Pages: http://{bind}:{port}   (Ctrl-C stops it)")
    serve(published, bind, port, names)
    return 0
