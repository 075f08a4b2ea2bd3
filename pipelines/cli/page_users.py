"""What the commands about users of the pages share: their file, and what is asked of whoever changes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from central.project import Project, load
from pipelines.cli.speech.output import talk
from sync_rules.texts.likeness import meant

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.guests.people import Roster, Sight, Viewer


def roster_of(project: Project) -> Roster:
    """The project's file of users."""
    from dashboard.guests.people import FILE, Roster

    return Roster(project.folder / FILE)


@contextmanager
def told_in_words() -> Iterator[None]:
    """A file of users that cannot be used is told in words."""
    from dashboard.access.passwords import BadPassword
    from dashboard.guests.people import BadName, RosterUnusable

    try:
        yield
    except (RosterUnusable, BadName, BadPassword) as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def changing_users(folder: Path) -> Iterator[dict[str, Viewer]]:
    """The users, to be changed by the body. Raises UsageError."""
    with told_in_words(), roster_of(load(folder)).changing() as viewers:
        yield viewers


def tell_sight(folder: Path, viewer: Viewer, more: str = "") -> None:
    """Says what somebody sees, and what of it nothing has."""
    talk.print(f"{viewer.name} sees {viewer.sees}{more}")
    tell_lacking(unseen(load(folder), [viewer.sight])[0])


def tell_lacking(lacking: Iterable[str], of: str = "") -> None:
    """Warns of what somebody is to see and nothing has."""
    for one in lacking:
        talk.print(f"warning: {of}{one}")


def users_and_lacking(project: Project) -> list[tuple[Viewer, list[str]]]:
    """Everybody, by name, each with what they are to see and nothing has. Raises UsageError."""
    with told_in_words():
        found = [viewer for _, viewer in sorted(roster_of(project).viewers().items())]
    return list(zip(found, unseen(project, [viewer.sight for viewer in found]), strict=True))


def known_user(viewers: dict[str, Viewer], name: str) -> Viewer:
    """The user of this name. Raises UsageError."""
    found = viewers.get(name.lower())
    if found is None:
        raise click.UsageError(f"there is no user `{name}`: `supplysync dashboard users list`")
    return found


def sight_of(is_all: bool, stores: tuple[str, ...], regions: tuple[str, ...], *, is_operator: bool) -> Sight:
    """What options say that somebody sees. Raises UsageError where they say nothing, or all and some: an operator sees
    all."""
    from dashboard.guests.people import Sight

    if is_operator and (stores or regions):
        raise click.UsageError("an operator sees all stores: leave out --store and --region, or say --role viewer")
    is_all = is_all or is_operator
    if is_all == bool(stores or regions):
        raise click.UsageError("say what they see: --all, or --store CODE and --region NAME")
    return Sight(is_all, tuple(sorted(set(stores))), tuple(sorted(set(regions))))


def unseen(project: Project, sights: Sequence[Sight]) -> list[list[str]]:
    """Of each sight what nothing published has, with what may be meant: a store's code, a region's name. It is no
    error: the store may come. Nothing is known against it where nothing is published yet."""
    from warehouse.snapshots.current import NothingPublished, current, open_snapshot

    try:
        with open_snapshot(current(project.published)) as con:
            found = con.execute("select store_code, region_name from reports.stores").fetchall()
    except NothingPublished:
        return [[] for _ in sights]
    stores, regions = (sorted({row[place] for row in found if row[place] is not None}) for place in (0, 1))
    return [_lacking(sight.lacking(stores, regions), stores, regions) for sight in sights]


def _lacking(gone: Sight, stores: Sequence[str], regions: Sequence[str]) -> list[str]:
    asked = (("store", gone.stores, stores), ("region", gone.regions, regions))
    return [
        f"there is no {kind} `{one}` in what is published: {meant(one, there, f'{kind}s')}"
        for kind, named, there in asked
        for one in named
    ]


def require_named(name: str, *, is_operator: bool) -> None:
    """Raises UsageError where whoever a proxy lets in would be an operator."""
    from dashboard.guests.people import EVERYBODY

    if is_operator and name == EVERYBODY:
        raise click.UsageError(f"`{EVERYBODY}` is whoever a proxy lets in: operators are named, each by itself")


def new_password(name: str) -> str:
    """What is kept of the password that somebody types twice, unseen, or that stdin has."""
    from dashboard.access.passwords import sealed

    if sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    return sealed(name, given)
