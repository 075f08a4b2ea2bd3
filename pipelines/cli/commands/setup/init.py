"""`init`: making a project folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from pipelines.cli.demo_network.network import make_demo
from pipelines.cli.speech.command import command
from pipelines.cli.speech.output import bold, talk
from pipelines.cli.speech.starter import Starter, write_starter
from pipelines.cli.what_ran import then
from sync_rules.texts.likeness import meant
from sync_rules.topology.currencies import currency_mistake
from sync_rules.topology.file import TopologyError, parse
from sync_rules.topology.mistakes import code_mistake, zone_mistake

T = TypeVar("T")


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
             supplysync init my-network --site coast --store COAST=coast
             supplysync init demo-network --demo
    """
    if (folder / "topology.toml").exists():
        raise click.UsageError(f"`{folder}` has a topology.toml already; choose another folder")
    starter = Starter(central, _pairs(sites or ("clinic",)), _stores(stores), time_zone, currency)
    if is_demo:
        folder.mkdir(parents=True, exist_ok=True)
        make_demo(folder, seed)
    else:
        _made(folder, _asked(starter) if ask else starter)
    stores_first = "" if is_demo or starter.stores or ask else f"; write its stores into {folder / 'topology.toml'}"
    talk.print(bold(str(folder), stores_first, before="made "), soft_wrap=True)
    then(f"check -C {shlex.quote(str(folder))}")


def _made(folder: Path, starter: Starter) -> None:
    """Writes what is asked for. Raises UsageError, with every mistake, where it is no network: there is no file yet
    whose lines could be named."""
    wrong = [one for one in [currency_mistake(starter.currency)] if one]
    try:
        parse(starter.toml)
    except TopologyError as error:
        wrong = [re.sub(r"^topology\.toml, line \d+, ", "", line) for line in error.lines] + wrong
    if wrong:
        raise click.UsageError("\n".join(wrong))
    write_starter(folder, starter)


def _asked(starter: Starter) -> Starter:
    """What somebody answers, with what is there as the default; what is no answer is asked again."""
    code = _right(code_mistake)
    central = _answer("Code of the server's own site", starter.central, code)
    known = " ".join(site for site, _ in starter.sites)
    sites = _answer("Codes of the other sites", known, lambda said: [code(one) for one in _words(said)])
    stores = _answer(
        "Stores as CODE=SITE; none yet: -",
        " ".join(map("=".join, starter.stores)) or "-",
        lambda said: [_placed(one, [central, *sites]) for one in _words(said) if one != "-"],
    )
    time_zone = _answer("Time zone", starter.time_zone, _right(zone_mistake))
    currency = _answer("Currency", starter.currency, _right(currency_mistake))
    return Starter(central, [(site, dict(starter.sites).get(site, "")) for site in sites], stores, time_zone, currency)


def _answer(question: str, default: str, taken: Callable[[str], T]) -> T:
    """An answer as it is ``taken``; where that raises UsageError, the question is asked again."""
    found: T = click.prompt(question, default=default, err=True, value_proc=taken)
    return found


def _words(said: str) -> list[str]:
    """A list as people write it: with spaces, commas or semicolons between."""
    return [word for word in re.split(r"[\s,;]+", said) if word]


def _right(mistake: Callable[[str], str | None]) -> Callable[[str], str]:
    """What takes an answer in which there is no ``mistake``."""

    def taken(said: str) -> str:
        if wrong := mistake(said.strip()):
            raise click.UsageError(wrong)
        return said.strip()

    return taken


def _placed(said: str, sites: Sequence[str]) -> tuple[str, str]:
    [(code, site)] = _stores([said])
    if site not in sites:
        raise click.UsageError(f"no site `{site}`; {meant(site, sites, 'sites')}")
    return _right(code_mistake)(code), site


def _stores(words: Sequence[str]) -> list[tuple[str, str]]:
    """Each ``CODE=SITE`` in two. Raises UsageError for what is none."""
    if wrong := [word for word in words if "=" not in word]:
        raise click.UsageError(f"`{wrong[0]}` says no site: write CODE=SITE, the store and the site where it is active")
    return _pairs(words)


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """``CODE=REST`` in two."""
    return [(code, rest) for code, _, rest in (word.partition("=") for word in words)]
