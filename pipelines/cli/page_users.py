"""What the commands about users of the pages share: their file, and what is asked of whoever changes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
    for lacking in unseen(load(folder), viewer.sight):
        talk.print(f"warning: {lacking}")


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


def unseen(project: Project, sight: Sight) -> list[str]:
    """What somebody is to see and nothing published has, with what may be meant: a store's code, a region's name. It is
    no error: the store may come. Nothing is known against it where nothing is published yet."""
    from warehouse.snapshots.current import NothingPublished, current, open_snapshot

    try:
        with open_snapshot(current(project.published)) as con:
            found = con.execute("select store_code, region_name from reports.stores").fetchall()
    except NothingPublished:
        return []
    asked = (("store", "stores", sight.stores, 0), ("region", "regions", sight.regions, 1))
    return [
        f"there is no {kind} `{one}` in what is published: {meant(one, there, kinds)}"
        for kind, kinds, named, place in asked
        for there in [sorted({row[place] for row in found if row[place] is not None})]
        for one in named
        if one not in there
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
