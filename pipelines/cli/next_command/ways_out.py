"""The ways out of how a network stands, the most pressing first: commands, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from central.moves.explanation import MoveExplanation
from pipelines.cli.next_command.network_state import NetworkState
from pipelines.cli.what_ran import WHY

Way = tuple[str, ...]
"""Commands as they are typed after `supplysync`: each is next once the one before it was run."""

SYNC, CHECK = "sync", "check"
_SUPERSEDED = "central_superseded"
_SILENT = ("never", "late", "overdue")
_AWAY = (*_SILENT, "unreachable")
_CURES = re.compile(r"supplysync ((?:schema create|capture install|readmit) (\w+))")
"""The commands that the text of a failure may name and that do no harm where it has another cause: they make what is
lacking, or count first and ask."""
_FILLED = re.compile(r"have this one filled: `supplysync (restore (\w+))")
"""Where nothing is to be done by hand before."""
_FAILED, _AWAY_PAGE = "runbook a-site-failed", "runbook a-site-is-silent"

_LISTS = "report not_taken"
"""A report that is a step of a way."""


def is_on_a_way(ran: str) -> bool:
    """Whether a command that asks for figures may be a step of a way."""
    return ran == _LISTS


def next_command(state: NetworkState, ran: str, *, is_only_after: bool = False) -> str | None:
    """The command that is next after the one that ``ran``; None where there is nothing to do. ``is_only_after``: where
    the one that ran is part of a way, and not elsewhere."""
    ways = list(ways_out(state))
    for way in ways:
        for place, command in enumerate(way):
            if _is(command, ran) and place + 1 < len(way):
                return way[place + 1]
        if ran == CHECK:
            break  # it looked at all there is: the most pressing comes first
    if is_only_after:
        return None
    return next((way[0] for way in ways if not any(_is(command, ran) for command in way)), None)


def _is(command: str, ran: str) -> bool:
    """Whether it is the command that ran; what stands after a cycle was not done by it, and may need another."""
    return ran != SYNC and f"{command} ".startswith(f"{ran} ")


def ways_out(state: NetworkState) -> Iterator[Way]:
    """Each way out, the most pressing first."""
    if state.is_lost:
        yield ("check",)
        return
    if any(str(one["problem"]).startswith(_SUPERSEDED) for one in state.found):
        return  # nothing is to be done with this server any more
    if state.is_behind:
        yield (SYNC,)
        return
    if state.cycle == 0:
        yield from _beginnings(state.found)
        return
    yield from _of_failures(state)
    if state.to_act_on:
        yield (_sync_of(state.to_act_on),)
    if state.is_unapplied:
        yield ("check",) if state.is_mistaken else ("plan", "apply", SYNC)
    for row in state.sites:
        if row["held_removals"] or row["held_changes"]:
            yield f"queue {row['site_code']}", f"release {row['site_code']} {WHY}"
    yield from _of_changes(state)
    yield from _of_silence(state)
    if state.is_stale:
        yield ("warehouse publish",)


def _beginnings(found: Sequence[Mapping[str, Any]]) -> Iterator[Way]:
    """Before the first cycle: what sites lack, by command; then the cycle."""
    cures = [match for one in found if one["problem"] and (match := _CURES.search(one["problem"]))]
    for cure in ("schema create", "capture install"):
        codes = [match[2] for match in cures if match[1].startswith(cure)]
        if codes:
            yield (f"{cure} {' '.join(codes)}",)
    if sum(bool(one["problem"]) for one in found) > len(cures):
        yield ("check",)
    elif not cures:
        yield (SYNC,)


def _of_failures(state: NetworkState) -> Iterator[Way]:
    """Sites that failed, or would: what mends it, if a single command does, and a cycle."""
    looked_at = {one["site"]: one["problem"] for one in state.found}
    away = {one["site"] for one in state.found if one["reached"] == "unreachable"}
    for row in state.sites:
        code, is_failed = row["site_code"], row["status"] == "error"
        said = looked_at.get(code, row["last_error"] if is_failed else None)
        if said and (cure := _FILLED.search(said) or _CURES.search(said)):
            yield cure[1], _sync_of([code])
        elif is_failed and code in looked_at and not said:
            yield (_sync_of([code]),)
        elif is_failed or (said and code not in away):
            yield CHECK, _AWAY_PAGE if code in away else _FAILED


def _of_changes(state: NetworkState) -> Iterator[Way]:
    """Changes that were not admitted, stores on their way, rows that a site did not take."""
    if state.rejected is not None:
        yield "rejected list", f"rejected show {state.rejected}"
    for move in state.moves:
        yield _of_move(state, move, {row["site_code"]: row["status"] for row in state.sites})
    if state.waiting is not None:
        yield "rejected list --waiting", f"rejected show {state.waiting}"
    for row in state.sites:
        if row["not_taken"]:
            yield _LISTS, f"release {row['site_code']} {WHY}"


def _of_move(state: NetworkState, move: MoveExplanation, statuses: Mapping[str, str]) -> Way:
    """What keeps a move, or one more cycle; where its site is away nothing is to be done but to know what it waits
    for."""
    shown = f"moves show {move.number}"
    if move.kept_by:
        return shown, f"moves go-on {move.number} {WHY}"
    asked = move.before if move.state.is_before_cut else move.after
    status = statuses.get(asked)
    if status == "disabled":
        return _resumed(state, asked)
    return (shown,) if status in _AWAY else (SYNC,)


def _of_silence(state: NetworkState) -> Iterator[Way]:
    states = {row["site_code"]: row["status"] for row in state.sites}
    if "blocked" in states.values():
        yield _resumed(state, state.central) if states[state.central] == "disabled" else (CHECK, SYNC)
    if any(status in _SILENT for status in states.values()):
        yield ("check",)
    if "unreachable" in states.values():
        yield CHECK, _AWAY_PAGE


def _resumed(state: NetworkState, code: str) -> Way:
    """How a paused site goes on; what topology.toml has paused no command resumes, and `check` says the line."""
    return (CHECK,) if code in state.paused_by_file else (f"resume {code}", SYNC)


def _sync_of(codes: Sequence[str]) -> str:
    """A cycle of one site, where it is about that alone."""
    return f"{SYNC} {codes[0]}" if len(codes) == 1 and codes[0] not in ("", "*") else SYNC
