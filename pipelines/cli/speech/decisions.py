"""Decisions by command: about sites, and about changes that were not admitted (A2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import click
import polars as pl

from central import decisions
from central.admission.decisions import discarded_with
from central.asker import asked_by, now
from central.pauses import EVERY_SITE, paused_now
from central.project import Project, chosen_sites
from pipelines.cli.named_things import require_one_of, require_table
from pipelines.cli.speech.output import talk
from pipelines.cli.speech.rejected_change import columns_put_back
from pipelines.cli.speech.warehouse import open_working
from sync_rules.frames import RECORD
from sync_rules.words import DecisionKind, QuarantineState, Verdict
from warehouse.connection import Connection
from warehouse.ledger import quarantine
from warehouse.ledger.decisions import last_decision
from warehouse.ledger.sites import known_sites
from warehouse.records.facts import held_records


def decide_about_sites(
    loaded: Project, kind: DecisionKind, sites: Sequence[str], *, is_all: bool, reason: str | None
) -> None:
    """Writes a decision about each of ``sites``, or about all. Raises UsageError where it would do nothing."""
    if bool(sites) == is_all:
        raise click.UsageError("name sites, or say --all")
    codes = [EVERY_SITE] if is_all else [site.code for site in chosen_sites(loaded, sites)]
    with open_working(loaded) as con:
        paused = paused_now(con, loaded)
    if kind is DecisionKind.RESUME:
        _require_paused(loaded, codes, paused)
    for code in codes:
        if kind is DecisionKind.RESUME or code not in paused:
            decisions.write_decision(loaded.pulls, kind, code, reason=reason, now=now(), decided_by=asked_by())


def _require_paused(loaded: Project, codes: Sequence[str], paused: Collection[str]) -> None:
    enabled = {site.code: site.is_enabled for site in loaded.topology.sites}
    for code in codes:
        if code in paused or (code == EVERY_SITE and paused):
            continue
        if EVERY_SITE in paused:
            raise click.UsageError(f"every site is paused: `supplysync resume --all`; `{code}` alone is not")
        if not enabled.get(code, True):
            raise click.UsageError(f"`{code}` is paused in topology.toml: take `enabled = false` out of its [[site]]")
        raise click.UsageError(f"`{code}` is not paused" if code != EVERY_SITE else "no site is paused by command")


def chosen_changes(
    con: Connection, loaded: Project, ids: Sequence[int], site: str | None, because: str | None, table: str | None
) -> pl.DataFrame:
    """The open changes of ``ids``, or all those of a site, for a reason, of a table: the columns of
    `quarantine.open_entries`. Raises UsageError where there is none, or one of ``ids`` is not open."""
    if bool(ids) == any(one is not None for one in (site, because, table)):
        raise click.UsageError("name changes by their ids, or choose them with --site, --because and --table")
    for one in ids:
        open_entry(con, loaded, one)
    if table is not None:
        require_table(table)
    if site is not None:
        named = {one.site_code for one in known_sites(con).values()} | {one.code for one in loaded.topology.sites}
        require_one_of(site, sorted(named), "site", "sites")
    found = quarantine.open_entries(con, site=site, with_waiting=True)
    if ids:
        return found.filter(pl.col("id").is_in(list(ids)))
    wanted = {"reason": because, "table_name": table}
    for column, value in wanted.items():
        found = found if value is None else found.filter(pl.col(column) == value)
    if because is None:  # what waits is judged in each cycle anyway, and is meant where its reason is named
        found = found.filter(pl.col("verdict") == str(Verdict.REJECTED))
    if found.is_empty():
        raise click.UsageError("no change is listed so; `supplysync rejected list` shows what is")
    return found


def admit(con: Connection, loaded: Project, chosen: pl.DataFrame, reason: str) -> None:
    """Decides that rejected changes are judged again. Raises UsageError for one of which that would do nothing."""
    waiting = chosen.filter(pl.col("verdict") == str(Verdict.WAITING))["id"]
    if len(waiting):
        raise click.UsageError(f"change {waiting[0]} waits and is judged again in each cycle anyway; "
                               f"`supplysync rejected show {waiting[0]}` says what it waits for")  # fmt: skip
    chosen = _undecided(con, loaded, chosen, DecisionKind.ADMIT)
    if chosen.is_empty():
        return
    others = quarantine.of_documents(con, chosen["id"].to_list())["id"].n_unique() - chosen.height
    reverted = _put_back(con, loaded, chosen)
    _write(loaded, DecisionKind.ADMIT, chosen, reason)
    with_others = f", with {others} other part{'s' if others > 1 else ''} of {_documents(chosen)}" if others else ""
    after = f"show {chosen['id'][0]}` says what came of it" if chosen.height == 1 else "list` shows what is left"
    talk.print(f"the next cycle judges {_said(chosen)} again{with_others}, by the rules as they are then; "
               f"`supplysync rejected {after}")  # fmt: skip
    if reverted:
        talk.print(f"note: central's row has changed since; if the change is admitted, the site's version of then "
                   f"takes its place: {', '.join(reverted)}")  # fmt: skip


def discard(con: Connection, loaded: Project, chosen: pl.DataFrame, reason: str, *, remove_at_site: bool) -> None:
    """Decides that changes are closed for good. Raises UsageError where there is nothing to remove at a site."""
    if remove_at_site:
        _require_removable(*_without_rows(con, chosen))
    kind = DecisionKind.DISCARD_AT_SITE if remove_at_site else DecisionKind.DISCARD
    chosen = _undecided(con, loaded, chosen, kind)
    if chosen.is_empty():
        return
    others = discarded_with(con, chosen["id"].to_list()).height - chosen.height
    _write(loaded, kind, chosen, reason)
    with_others = f" and {others} line{'s' if others > 1 else ''} of {_documents(chosen)}" if others else ""
    after = ", and what the site has of it is removed there" if remove_at_site else ""
    if not remove_at_site and all(found.is_empty() for found in _without_rows(con, chosen)):
        after = "; the site keeps its row" if chosen.height == 1 else "; the sites keep their rows"
    talk.print(f"the next cycle discards {_said(chosen)}{with_others}{after}")


def _without_rows(con: Connection, chosen: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Those of which there is no row of the site's own: central holds the record, the site deleted it."""
    held = held_records(con, chosen.select(RECORD))
    there = chosen.join(held, on=RECORD, how="semi", maintain_order="left")
    return there, chosen.filter(pl.col("op") == "delete")


def _require_removable(there: pl.DataFrame, deleted: pl.DataFrame) -> None:
    for found, why in ((there, "central holds {}: the site's copy has been put right already"),
                       (deleted, "the site deleted {}")):  # fmt: skip
        if found.height:
            named = ", ".join(f"{table} {key}" for table, key in found.select(RECORD).head(3).rows())
            more = f" and {found.height - 3} more" if found.height > 3 else ""
            raise click.UsageError(
                f"{why.format(named + more)}, and there is nothing to remove. Leave out --remove-at-site"
            )


def _write(loaded: Project, kind: DecisionKind, chosen: pl.DataFrame, reason: str) -> None:
    """A decision a site."""
    for (site,), group in chosen.group_by("site_code", maintain_order=True):
        ids = group["id"].to_list()
        which: dict[str, Any] = {"entry": ids[0]} if len(ids) == 1 else {"records": [str(one) for one in ids]}
        decisions.write_decision(
            loaded.pulls, kind, str(site), reason=reason, now=now(), decided_by=asked_by(), **which
        )


def _said(chosen: pl.DataFrame) -> str:
    """Which changes, in words."""
    if chosen.height == 1:
        return f"change {chosen['id'][0]}"
    counts = chosen.group_by("site_code").len().sort("site_code").rows()
    return f"{chosen.height:,} changes ({', '.join(f'{site}: {many:,}' for site, many in counts)})"


def _documents(chosen: pl.DataFrame) -> str:
    return "its document" if chosen.height == 1 else "their documents"


def _put_back(con: Connection, loaded: Project, chosen: pl.DataFrame) -> list[str]:
    """The columns that would become again what the site had then, where one change is chosen."""
    return columns_put_back(con, loaded, known_entry(con, chosen["id"][0])) if chosen.height == 1 else []


def known_entry(con: Connection, id: int) -> dict[str, Any]:  # noqa: A002 - the word of the command line
    """The change of an id. Raises UsageError."""
    entry = quarantine.entry(con, id)
    if entry is None:
        raise click.UsageError(f"no rejected change {id}; `supplysync rejected list` shows them")
    return entry


def open_entry(con: Connection, loaded: Project, id: int) -> dict[str, Any]:  # noqa: A002 - the word of the command line
    """The same, while nobody has dealt with it. Raises UsageError."""
    entry = known_entry(con, id)
    if entry["state"] != QuarantineState.OPEN:
        raise click.UsageError(f"change {id} is dealt with ({entry['state']}, cycle {entry['closed_cycle']}); "
                               f"`supplysync rejected show {id}` shows it")  # fmt: skip
    if entry["site_code"] not in {site.code for site in loaded.topology.sites}:
        talk.print(f"note: site `{entry['site_code']}` is not in topology.toml any more")
    return entry


def undone(con: Connection, loaded: Project) -> tuple[decisions.Decision, ...]:
    """The decisions that no cycle has acted on yet."""
    return decisions.after(loaded.pulls, last_decision(con))


def pending(con: Connection, loaded: Project) -> dict[int, decisions.Decision]:
    """What the next cycle does about changes, by their ids, as operators decided."""
    return {entry: one for one in undone(con, loaded) for entry in one.entries}


def _undecided(con: Connection, loaded: Project, chosen: pl.DataFrame, kind: DecisionKind) -> pl.DataFrame:
    """Those of ``chosen`` about which the same is not decided already: nothing happens twice. Raises UsageError for
    what contradicts a decision that will have closed the change by then."""
    decided = pending(con, loaded)
    known = [one for one in chosen["id"] if one in decided]
    for one in known:
        if decided[one].kind != kind and decided[one].kind.startswith("discard"):
            by = decided[one].decided_by
            raise click.UsageError(f"change {one} is discarded by the next cycle already, as {by} decided")
    same = [one for one in known if decided[one].kind == kind]
    if same:
        which = "" if chosen.height == 1 else f"of these, {len(same):,}: "
        talk.print(f"{which}decided already, by {decided[same[0]].decided_by}; the next cycle acts on it")
    return chosen.filter(~pl.col("id").is_in(same))
