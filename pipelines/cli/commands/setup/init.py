"""`init`: making a project folder."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from pipelines.cli.demo_network.network import make_demo
from pipelines.cli.speech.command import command
from pipelines.cli.speech.output import bold, talk
from pipelines.cli.speech.starter import Starter, write_starter
from pipelines.cli.what_ran import then


@command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--central", default="central", show_default=True, help="The code of the server's own site.")
@click.option("--site", "sites", multiple=True, metavar="CODE[=URL]",
              help="Another site, and where its database is; several are possible. [default: clinic]")  # fmt: skip
@click.option("--store", "stores", multiple=True, metavar="CODE=SITE",
              help="A store, and the site where it is active; several are possible.")  # fmt: skip
@click.option("--time-zone", default="UTC", show_default=True, help="The network's, such as Pacific/Auckland.")
@click.option("--currency", default="USD", show_default=True, help="The currency of all values.")
@click.option("--ask", is_flag=True, help="Ask for each of these.")
@click.option("--demo", "is_demo", is_flag=True, help="With a network of eight site databases and a year of work.")
@click.option("--seed", default=1, show_default=True, help="The demo's seed: the same seed makes the same network.")
def init(
    folder: Path, central: str, sites: tuple[str, ...], stores: tuple[str, ...], time_zone: str, currency: str,
    ask: bool, is_demo: bool, seed: int,
) -> None:  # fmt: skip
    """Make a project folder.

    \b
    Example: supplysync init my-network
             supplysync init my-network --site coast --store CMS=central --store COAST=coast
             supplysync init demo-network --demo
    """
    if (folder / "topology.toml").exists():
        raise click.UsageError(f"`{folder}` has a topology.toml already; choose another folder")
    starter = Starter(central, _pairs(sites or ("clinic",)), _pairs(stores), time_zone, currency)
    if is_demo:
        folder.mkdir(parents=True, exist_ok=True)
        make_demo(folder, seed)
    else:
        write_starter(folder, _asked(starter) if ask else starter)
    stores_first = "" if is_demo or starter.stores or ask else f"; write its stores into {folder / 'topology.toml'}"
    talk.print(bold(str(folder), stores_first, before="made "), soft_wrap=True)
    then(f"check -C {shlex.quote(str(folder))}")


def _asked(starter: Starter) -> Starter:
    """What somebody answers, with what is there as the default."""
    central = _answer("Code of the server's own site", starter.central)
    sites = _answer("Codes of the other sites, with spaces between", " ".join(code for code, _ in starter.sites))
    stores = _answer(
        "Stores as CODE=SITE, with spaces between; none yet: -", " ".join(map("=".join, starter.stores)) or "-"
    )
    return Starter(
        central,
        _pairs(sites.split()),
        _pairs(stores.split() if stores != "-" else ()),
        _answer("Time zone", starter.time_zone),
        _answer("Currency", starter.currency),
    )


def _answer(question: str, default: str) -> str:
    return str(click.prompt(question, default=default, err=True)).strip()


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """``CODE=REST`` in two."""
    return [(code, rest) for code, _, rest in (word.partition("=") for word in words)]
