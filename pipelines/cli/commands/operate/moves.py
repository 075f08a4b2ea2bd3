"""`moves`: stores on their way from one site to another, and what an operator may do about it (B47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from central import decisions
from central.cycle.run import asked_by, now
from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.lock import in_turn
from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from central.plan.apply import steer
from central.project import Project, chosen_sites
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.topology.topology import Topology
from sync_rules.words import DecisionKind

_COLUMNS = {
    "number": "move",
    "store": "store",
    "before": "from",
    "after": "to",
    "state": "state",
    "since": "since",
    "waits_for": "waits for",
}


@group()
def moves() -> None:
    """Stores on their way from one site to another, step by step.

    wanted (the old site works on) -> cut (it is told to hand the store over) -> filling (it has, and the new site is
    sent everything) -> activating (the new site is told that the store is active there) -> done.
    """


@moves.command("list")
@click.option("--all", "all_states", is_flag=True, help="Those that are over, too.")
@in_folder
@as_json
def list_moves(all_states: bool, folder: Path, as_json: bool) -> None:
    """List the moves that are under way, the last first, and what each of them waits for.

    \b
    Example: supplysync moves list -C demo-network
    """
    found = [one for one in _ways(folder) if all_states or not one.state.is_over]
    if as_json:
        show_json({"moves": [asdict(one) for one in found]})
        return
    show_table(f"Moves{'' if all_states else ' under way'}", _COLUMNS, [asdict(one) for one in found])


@moves.command("show")
@click.argument("move", type=int)
@in_folder
@as_json
def show_move(move: int, folder: Path, as_json: bool) -> None:
    """One move: its steps, what it waits for, and the records that keep it where it is.

    \b
    Example: supplysync moves show 1
    """
    found = _way(_ways(folder), move)
    if as_json:
        show_json(asdict(found))
        return
    data.print(f"Move {found.number}: store {found.store} from {found.before} to {found.after}, asked for by "
               f"{found.asked_by}{', taken from a lost site' if found.is_forced else ''}")  # fmt: skip
    show_table("Steps", {"state": "state", "entered_at": "since", "cycle": "cycle"}, found.steps)
    if found.kept_by:
        show_table("Kept by", {"table_name": "table", "record_id": "record", "why": "why"}, found.kept_by)
    if found.waits_for:
        data.print(f"waits for {found.waits_for}")


@moves.command("cancel")
@click.argument("move", type=int)
@in_folder
def cancel_move(move: int, folder: Path) -> None:
    """Call a move off, as long as the old site has not handed the store over: it stays where it was.

    \b
    Example: supplysync moves cancel 1
    """
    with project(folder) as loaded:
        found = _way(_ways_of(loaded), move)
        if not found.state.is_before_cut:
            raise click.UsageError(f"move {move} is {found.state}: {_what_then(found)}")
        _steer(loaded, found, found.before, "cancelled")
    talk.print(f'store {found.store} stays on {found.before}; write active_on = "{found.before}" in topology.toml')


@moves.command("redirect")
@click.argument("move", type=int)
@click.option("--to", "to", required=True, help="The site where the store is to go instead.")
@in_folder
def redirect_move(move: int, to: str, folder: Path) -> None:
    """Send a store that was handed over to another site, as when the new one is lost.

    \b
    Example: supplysync moves redirect 1 --to clinic_2
    """
    with project(folder) as loaded:
        found = _way(_ways_of(loaded), move)
        [site] = chosen_sites(loaded, (to,))
        if found.state.is_before_cut:
            raise click.UsageError(f"move {move} is {found.state}: call it off with `supplysync moves cancel {move}`")
        if found.state.is_over:
            raise click.UsageError(f"move {move} is {found.state}: {_what_then(found)}")
        if site.code == found.after:
            raise click.UsageError(f"move {move} goes to `{to}` already")
        _steer(loaded, found, site.code, f"redirected to {site.code}")
    talk.print(f'store {found.store} goes to {site.code}; write active_on = "{site.code}" in topology.toml')


@moves.command("go-on")
@click.argument("move", type=int)
@click.option("--force", "is_forced", is_flag=True, help="Take the store from a lost site, as central has it.")
@click.option("--reason", required=True, help="Why it goes on without what keeps it.")
@in_folder
def go_on(move: int, is_forced: bool, reason: str, folder: Path) -> None:
    """Let a move go on without the records that keep it, with the next cycle; with --force, without its old site.

    \b
    Example: supplysync moves go-on 1 --reason "the two prescriptions were entered again"
    """
    with project(folder) as loaded:
        found = _way(_ways_of(loaded), move)
        if is_forced and not found.state.is_before_cut:
            raise click.UsageError(f"move {move} is {found.state}: {_what_then(found)}")
        if not is_forced and not found.kept_by:
            raise click.UsageError(f"no record keeps move {move}: {_what_then(found)}")
        kind = DecisionKind.HAND_OVER if is_forced else DecisionKind.GO_ON
        decisions.write_decision(
            loaded.pulls, kind, found.before, reason=reason, now=now(), decided_by=asked_by(), record_id=str(move)
        )
    talk.print(f"move {move} goes on with the next cycle: supplysync sync")


def _what_then(found: MoveExplanation) -> str:
    if found.state.is_over:
        return "write where the store is to be in topology.toml, and `supplysync apply`"
    if found.state.is_before_cut:
        return f"it waits for {found.waits_for}"
    return f"it was handed over; `supplysync moves redirect {found.number} --to SITE` sends it elsewhere"


def _steer(loaded: Project, found: MoveExplanation, site: str, what: str) -> None:
    """Applies what is in force with the store at another site: admitted, routed and published, as `apply` does."""
    asked = Asked(loaded, now(), asked_by())
    with in_turn(loaded.folder):
        steer(asked, found.number, _with_store_at(loaded.topology, found.store, site), what)
        for stage in (admit_next, route_last, publish_last):
            stage(asked)


def _with_store_at(topology: Topology, code: str, site: str) -> Topology:
    """The topology with a store active on a site, which then keeps no collector of it."""
    stores = tuple(
        replace(one, active_on=site, collector_on=tuple(kept for kept in one.collector_on if kept != site))
        if one.code == code
        else one
        for one in topology.stores
    )
    return replace(topology, stores=stores)


def _ways(folder: Path) -> list[MoveExplanation]:
    with project(folder) as loaded:
        return _ways_of(loaded)


def _ways_of(loaded: Project) -> list[MoveExplanation]:
    with open_working(loaded) as con:
        return ways(con, with_moves(con, loaded))


def _way(known: Sequence[MoveExplanation], number: int) -> MoveExplanation:
    for one in known:
        if one.number == number:
            return one
    allowed = ", ".join(str(one.number) for one in reversed(known)) or "none"
    raise click.UsageError(f"there is no move {number}; there are: {allowed}")
