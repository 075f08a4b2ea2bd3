"""`moves`: stores on their way from one site to another, and what an operator may do about it (B47)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from central.asker import asked_by, now
from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.lock import in_turn
from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from central.plan.interventions import NoSuchMove, cancel_moves, chosen_move, let_go_on, redirect_move
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import CENTRAL_DATA
from warehouse.ledger.network.versions import versions

_COLUMNS = {
    "number": "move",
    "store": "store",
    "before": "from",
    "after": "to",
    "state": "state",
    "since": "since",
}
_WHY = click.option("--reason", help="Why; kept with the version of the topology.")


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
    if not found:
        data.print("No store ever moved." if all_states else "No store is on its way.")
        return
    show_table(f"Moves{'' if all_states else ' under way'}", _COLUMNS, [asdict(one) for one in found])
    for one in found:
        if one.waits_for:
            data.print(f"move {one.number} waits for {one.waits_for}")


@moves.command("show")
@click.argument("move", type=int)
@in_folder
@as_json
def show_move(move: int, folder: Path, as_json: bool) -> None:
    """One move: its steps, what it waits for, and the records that keep it where it is.

    \b
    Example: supplysync moves show 1
    """
    found, steered = _way(_ways(folder), move), _steered(folder, move)
    if as_json:
        show_json({**asdict(found), "decided": steered})
        return
    data.print(f"Move {found.number}: {_what(found)} from {found.before} to {found.after}, asked for by "
               f"{found.asked_by}{', taken from a lost site' if found.is_forced else ''}")  # fmt: skip
    show_table("Steps", {"state": "state", "entered_at": "since", "cycle": "cycle"}, found.steps)
    if steered:
        show_table("Decided", {"what": "what", "at": "when", "by": "by", "reason": "why",
                               "version": "topology version"}, steered)  # fmt: skip
    if found.kept_by:
        show_table("Kept by", {"table_name": "table", "record_id": "record", "why": "why"}, found.kept_by)
    if found.waits_for:
        data.print(f"waits for {found.waits_for}")


@moves.command("cancel")
@click.argument("moves", type=int, nargs=-1, required=True, metavar="MOVE...")
@_WHY
@in_folder
def cancel(moves: tuple[int, ...], reason: str | None, folder: Path) -> None:
    """Call moves off, as long as the old site has not handed the store over: each store stays where it was.

    \b
    Example: supplysync moves cancel 1 --reason "the clinic opens next year"
             supplysync moves cancel 1 2     (two that swap places)
    """
    with _steering(folder) as asked:
        found = cancel_moves(asked, moves, reason)
        _go(asked)
    for one in found:
        talk.print(f"{_what(one)} stays on {one.before}; write {_line(one, one.before)} in topology.toml")


@moves.command("redirect")
@click.argument("move", type=int)
@click.option("--to", "to", required=True, help="The site where the store is to go instead.")
@click.option("--force", "is_forced", is_flag=True, help="The new site is lost, and may have worked with it already.")
@_WHY
@in_folder
def redirect(move: int, to: str, is_forced: bool, reason: str | None, folder: Path) -> None:
    """Send a store that was handed over to another site, as when the new one is lost.

    \b
    Example: supplysync moves redirect 1 --to clinic_2
    """
    with _steering(folder) as asked:
        found = redirect_move(asked, move, to, reason, is_forced=is_forced)
        _go(asked)
    talk.print(f"{_what(found)} goes to {to}; write {_line(found, to)} in topology.toml")


@moves.command("go-on")
@click.argument("move", type=int)
@click.option("--force", "is_forced", is_flag=True, help="Take the store from a lost site, as central has it.")
@click.option("--reason", required=True, help="Why it goes on without what keeps it.")
@in_folder
def go_on(move: int, is_forced: bool, reason: str, folder: Path) -> None:
    """Let a move go on without the records that keep it, with the next cycle; with --force, without its old site.

    \b
    Example: supplysync moves go-on 1 --reason "both were entered again"
    """
    with _steering(folder) as asked:
        let_go_on(asked, move, reason, is_forced=is_forced)
    talk.print(f"move {move} goes on with the next cycle")


def _steered(folder: Path, move: int) -> list[dict[str, Any]]:
    """What operators decided about a move on its way: that it is called off, or goes elsewhere; the first first."""
    with project(folder) as loaded, open_working(loaded) as con:
        known = versions(con)
    plans = [(one, json.loads(one.plan) if one.plan else {}) for one in reversed(known)]
    return [
        {
            "what": plan["moves"][str(move)],
            "at": one.applied_at,
            "by": one.applied_by,
            "reason": plan.get("reason"),
            "version": one.version,
        }
        for one, plan in plans
        if str(move) in plan.get("moves", {})
    ]


def _what(one: MoveExplanation) -> str:
    return "central data" if one.store == CENTRAL_DATA else f"store {one.store}"


def _line(one: MoveExplanation, site: str) -> str:
    return f'{"primary" if one.store == CENTRAL_DATA else "active_on"} = "{site}"'


@contextmanager
def _steering(folder: Path) -> Iterator[Asked]:
    """What is asked for, while nobody else runs a cycle. A number that is no move's is a usage error."""
    with project(folder) as found, in_turn(found.folder), project(folder) as loaded:  # as it is once it is our turn
        try:
            yield Asked(loaded, now(), asked_by())
        except NoSuchMove as error:
            raise click.UsageError(str(error)) from None


def _go(asked: Asked) -> None:
    """The cycle that was begun, admitted, routed and published, as `apply` does."""
    for stage in (admit_next, route_last, publish_last):
        stage(asked)


def _ways(folder: Path) -> list[MoveExplanation]:
    with project(folder) as loaded, open_working(loaded) as con:
        return ways(con, with_moves(con, loaded))


def _way(known: Sequence[MoveExplanation], number: int) -> MoveExplanation:
    try:
        return chosen_move(known, number)
    except NoSuchMove as error:
        raise click.UsageError(str(error)) from None
