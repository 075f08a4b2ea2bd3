"""Which sites are paused, by what, and how to go on: what `status` and `check` say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from central.pauses import EVERY_SITE, Pause, paused_now
from central.project import Project
from pipelines.cli.clock import moment_named
from warehouse.connection import Connection

_IN_FILE = "topology.toml (enabled = false)"


def paused_sites(con: Connection, loaded: Project) -> dict[str, str]:
    """The sites that are paused, by code, and by what: the file's line, or a command that `resume` takes back."""
    commanded = paused_now(con, loaded)
    found = {}
    for site in loaded.topology.sites:
        by = [] if site.is_enabled else [_IN_FILE]
        by += [_by_command("--all", commanded[EVERY_SITE])] if EVERY_SITE in commanded else []
        by += [_by_command(site.code, commanded[site.code])] if site.code in commanded else []
        if by:
            found[site.code] = " and by ".join(by)
    return found


def notes_on_paused(paused: Mapping[str, str], sites: int) -> Iterator[str]:
    """A sentence for those that are paused by the same; ``sites``: how many the network has."""
    for by in sorted(set(paused.values())):
        codes = [code for code, found in paused.items() if found == by]
        yield _words(codes, by, is_every=len(codes) == sites > 1)


def _words(codes: Sequence[str], by: str, *, is_every: bool) -> str:
    """Which sites are paused, by what, and how to go on."""
    named = "every site is" if is_every else f"{', '.join(codes)} {'is' if len(codes) == 1 else 'are'}"
    how = "--all" if is_every or "pause --all" in by else " ".join(codes)
    ways = ["take `enabled = false` out of its [[site]]"] if by.startswith(_IN_FILE) else []
    ways += [f"`supplysync resume {how}`"] if by != _IN_FILE else []
    return f"{named} paused by {by}; to go on: {' and '.join(ways)}"


def _by_command(what: str, one: Pause) -> str:
    said = f", {one.by} since {moment_named(one.since)}"
    return f"`supplysync pause {what}` ({one.reason or 'no reason given'}{said})"
