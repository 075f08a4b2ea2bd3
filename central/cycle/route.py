"""Routing: from the committed state and each site's position to one change set a site (M2, M3, B3).

Only sites that were pulled in the cycle are sent anything: a site is pulled before it is delivered to (M5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from central.admission.dispensing.repeats import counts_to_send
from central.cycle.routes import behind_of, routed_in_slices
from central.cycle_file import Cycle
from central.frames import NewChangeSet, Removed
from central.moves.under_way import with_moves
from central.project import Project
from sites.capture.notices import KEPT_FOR
from sync_rules.frame import FrameOf
from sync_rules.frames import Position, Route
from sync_rules.route import mass_removals
from warehouse.connection import Connection, transaction
from warehouse.ledger import change_sets, quarantine
from warehouse.ledger.cycles import mark_routed, unrouted_cycle
from warehouse.ledger.dispensing.repeats import send_counts
from warehouse.records.sequence import last_seq
from wire import change_set
from wire.folders import SharedFrame, is_whole
from wire.whole_files import flushing_at_once

SetKey = tuple[int, int]
"""A change set by the id of its site and its number."""


@dataclass(frozen=True)
class _Sent:
    """What goes out to sites, each with ``site_id``: records, notices, what is counted off repeats."""

    routes: FrameOf[Route]
    notices: pl.DataFrame
    counts: pl.DataFrame

    def of(self, positions: FrameOf[Position], routes: FrameOf[Route]) -> _Sent:
        """The same of the sites of ``positions``, with their ``routes``."""
        frames = (frame.join(positions, on="site_id", how="semi") for frame in (self.notices, self.counts))
        return _Sent(routes, *frames)

    def asked(self, positions: FrameOf[Position]) -> FrameOf[Position]:
        """Those of ``positions`` whose sites are sent something."""
        concerned = pl.concat([frame.select("site_id") for frame in (self.routes, self.notices, self.counts)])
        return Position.check(positions.join(concerned, on="site_id", how="semi"))


class OtherChangeSets(RuntimeError):
    """A cycle that is routed again makes a change set with other content than its site applied."""


def make_change_sets(
    con: Connection, project: Project, cycle: Cycle, *, applied: Mapping[SetKey, str] | None = None
) -> FrameOf[NewChangeSet]:
    """Writes and registers the change sets of ``cycle``; a second time it finds nothing to do.

    ``applied``: the content hashes of what sites are known to have applied, by site and number. Raises OtherChangeSets,
    with nothing registered, where one of these would have other content.
    """
    if unrouted_cycle(con) != cycle.number:
        return NewChangeSet.empty()
    project = with_moves(con, project)
    to_seq = last_seq(con)
    pulled = {one.site_id for one in cycle.pulled}
    unanswered = [one for one in change_sets.unanswered(con, to_seq) if one[0] in pulled]
    sites = sorted(pulled - {site_id for site_id, path in unanswered if is_whole(project.change_sets / path)})
    positions = change_sets.positions(con, sites)
    told, counts = quarantine.notices(con, sites, since=cycle.now - KEPT_FOR), counts_to_send(con, project, sites)
    made, gone = _written(con, project, positions, _Sent(Route.empty(), told, counts), to_seq)
    made = _as_applied(project, made, applied or {})
    held = mass_removals(change_sets.removals(con, gone)) if gone.height else []
    with transaction(con):
        change_sets.supersede(con, sites)
        if made.height:
            change_sets.register(con, made, held, cycle=cycle.number)
            send_counts(con, counts.join(made.select("site_id", "number"), on="site_id"))
        behind = set(behind_of(positions, to_seq)["site_id"]) - set(made["site_id"])
        change_sets.advance(con, sorted(behind), to_seq)
        mark_routed(con)
    return made


def _as_applied(project: Project, made: FrameOf[NewChangeSet], applied: Mapping[SetKey, str]) -> FrameOf[NewChangeSet]:
    """``made``, with the kept files of those that say the same in other bytes: another version wrote them."""
    rows = []
    for row in made.iter_rows(named=True):
        known = applied.get((row["site_id"], row["number"]), row["content_hash"])
        if known != row["content_hash"]:
            written = project.change_sets / row["path"]
            kept = written.with_name(f"{row['number']:08d}-{known[:12]}")
            if not change_set.is_same(kept, written):
                raise OtherChangeSets(f"change set {row['number']} of site {row['site_id']}")
            row |= {"content_hash": known, "path": str(kept.relative_to(project.change_sets))}
        rows.append(tuple(row.values()))
    return NewChangeSet.of(rows)


def _written(
    con: Connection, project: Project, positions: FrameOf[Position], beside: _Sent, to_seq: int
) -> tuple[FrameOf[NewChangeSet], FrameOf[Removed]]:
    """A change set for each site that is sent something, on the disk before anything refers to it; and how many records
    of each table each is to remove. Many records go out slice by slice of the sites;
    ``beside``: what goes out besides."""
    made, gone = [NewChangeSet.empty()], [Removed.empty()]
    with flushing_at_once(positions.height):
        for own, routes in routed_in_slices(con, positions, to_seq):
            sent = beside.of(own, routes)
            made.append(_write(con, project, sent.asked(own), sent, to_seq))
            deletes = routes.filter(pl.col("op") == "delete")
            counted = deletes.group_by("site_id", "table_name").agg(removed=pl.len().cast(pl.Int64))
            gone.append(Removed.check(counted))
    return NewChangeSet.check(pl.concat(made).sort("site_id")), Removed.check(pl.concat(gone))


def _write(
    con: Connection, project: Project, positions: FrameOf[Position], sent: _Sent, to_seq: int
) -> FrameOf[NewChangeSet]:
    """Writes a change set for each site of ``positions``."""
    if positions.is_empty():
        return NewChangeSet.empty()
    upserts = _rows_by_site(con, project, sent.routes.filter(pl.col("op") == "upsert"))
    deletes = _by_site(sent.routes.filter(pl.col("op") == "delete").select("site_id", "table_name", "record_id"))
    told, counts = _by_site(sent.notices), _by_site(sent.counts)
    numbers = change_sets.next_numbers(con)
    made = []
    for site_id, position, code in _with_codes(positions, project).iter_rows():
        own, gone = upserts.get(site_id, {}), deletes.get((site_id,))
        number = numbers.get(site_id, 1)
        written = change_set.write_change_set(
            project.change_sets,
            site_id=site_id,
            site_code=code,
            number=number,
            from_seq=position,
            to_seq=to_seq,
            upserts=own,
            deletes=gone,
            notices=told.get((site_id,)),
            counts=_summed(counts.get((site_id,))),
        )
        sizes = sum(shared.frame.height for shared in own.values()), 0 if gone is None else gone.height
        path = str(written.path.relative_to(project.change_sets))
        made.append((site_id, number, position, to_seq, written.content_hash, path, *sizes))
    return NewChangeSet.of(made)


def _by_site(frame: pl.DataFrame) -> Mapping[tuple[object, ...], pl.DataFrame]:
    return frame.partition_by("site_id", as_dict=True, include_key=False)


def _summed(counts: pl.DataFrame | None) -> pl.DataFrame | None:
    """How often each repeat is to be counted off at a site."""
    return None if counts is None else counts.group_by("repeat_id").agg(pl.col("times").sum())


def _with_codes(positions: FrameOf[Position], project: Project) -> pl.DataFrame:
    """site_id, position, and the code of the site, by site."""
    codes = {site.id: site.code for site in project.topology.sites}
    return positions.with_columns(code=pl.col("site_id").replace_strict(codes, return_dtype=pl.String)).sort("site_id")


def _rows_by_site(con: Connection, project: Project, routes: pl.DataFrame) -> Mapping[int, dict[str, SharedFrame]]:
    """One query a table for all sites: sites that are sent the same records of it share them."""
    found: dict[int, dict[str, SharedFrame]] = {}
    for (table,), group in routes.group_by("table_name", maintain_order=True):
        sites, contents = _contents(group)
        rows = change_sets.rows(con, str(table), contents, project.schema)
        typed = rows.cast(project.schema.frame_schema(str(table))).sort("to_site", "id")
        shared = {
            content: SharedFrame(own)
            for (content,), own in typed.partition_by("to_site", as_dict=True, include_key=False).items()
        }
        for site_id, content in sites.iter_rows():
            if content in shared:  # else its records are gone
                found.setdefault(site_id, {})[str(table)] = shared[content]
    return found


def _contents(routes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of routes of one table: which content each site is sent (site_id, content), and the records of each content
    (site_id, which is the content's number, and record_id)."""
    told = pl.format("{}:{}", pl.col("record_id").str.len_bytes(), "record_id")  # as one text, whatever ids are like
    lists = (
        routes.sort("site_id", "record_id")
        .group_by("site_id", maintain_order=True)
        .agg("record_id", told=told.str.join())
    )
    numbered = lists.with_columns(content=pl.col("told").rank("dense").cast(pl.Int64))
    contents = numbered.unique("content", maintain_order=True).select(site_id="content", record_id="record_id")
    return numbered.select("site_id", "content"), contents.explode("record_id")
