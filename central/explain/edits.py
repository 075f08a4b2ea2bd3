"""Whether a site may edit a record: the verdict on a hypothetical edit, judged as admission judges (O7)."""

from __future__ import annotations

import polars as pl

from central.admission.judge import decide
from central.explain.explanation import STAYS, KnownRecord, MayEdit
from central.project import Project
from sync_rules import egress
from sync_rules.codes import REASONS
from sync_rules.for_people.reasons import reason_words
from sync_rules.table.data_types import Condition
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site
from warehouse.batch.gather import hypothetical
from warehouse.connection import Connection
from warehouse.ledger.merges import merged_records
from warehouse.records import replicas


def may_edit(
    con: Connection, project: Project, table: str, row: pl.DataFrame, known: KnownRecord, site: Site
) -> MayEdit | None:
    """The verdict on an edit by the site; where such an edit does not leave the site, that (P3)."""
    if _stays(con, project, table, row, known, site):
        words = "the site's edits of its own copy stay there and are not sent"
        return MayEdit(STAYS, None, "P3", words)
    batch = hypothetical(con, table, row, site.id, project.schema)
    judged = decide(con, batch, project, merged_records(con), differs=True).changes
    reason = str(judged["reason"].item())
    said = reason_words(reason)
    verdict = STAYS if reason in ("kept_at_site", "stays_at_site") else str(REASONS[reason].verdict)
    return MayEdit(verdict, reason, said.rule, said.words)


def _stays(con: Connection, project: Project, table: str, row: pl.DataFrame, known: KnownRecord, site: Site) -> bool:
    placed = placement(project.topology, replicas.stores(con))
    now, here = egress.withheld(placed), egress.stores_at(placed, site.id)
    rules = egress.leaving(now, now, from_primary=site.id == project.topology.primary_id, here=here)
    if table not in rules:
        return True
    rule = rules[table]
    is_other_key = rule.only_keys is not None and row["key"].item() not in rule.only_keys
    is_withheld = rule.owner_column is not None and known.owner in rule.withheld
    is_exempt = rule.exempt_column is not None and known.part == str(Condition.IS_CENTRALISED)
    is_exempt = is_exempt or bool(known.shared)  # halves of transfers leave all the same
    return rule.only_inserts or is_other_key or (is_withheld and not is_exempt)
