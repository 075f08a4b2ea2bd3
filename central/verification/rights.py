"""Whose a record that differs is, and whether the site may edit it: then it is the site's own unlogged edit (O6)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from central.frames import NamedOwner, OwnerOfRecord, PartEditor, RowDifference
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, HeldRecord
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, REST, RULES
from sync_rules.topology.frames import Placement
from sync_rules.topology.topology import Site

_OWNERS = (Authority.OWNER, Authority.SENDER)
_PEOPLES = (Authority.HOME, Authority.HOME_OR_VISIBLE, Authority.VISIBILITY)


def with_rights(
    found: pl.DataFrame,
    held: FrameOf[HeldRecord],
    named: Mapping[str, FrameOf[NamedOwner]],
    project: Project,
    site: Site,
    placed: FrameOf[Placement],
) -> FrameOf[RowDifference]:
    """``found`` (table_name, record_id, what, columns) with owner and rights. ``held``: what central holds of the
    records; ``named``: by table what rows that it does not hold name as their owner (record_id, owner)."""
    said = [
        OwnerOfRecord.take(frame.select("record_id", table_name=pl.lit(table), said="owner"))
        for table, frame in sorted(named.items())
    ]
    known = found.join(held.select(*RECORD, "owner", "part", "maker"), on=RECORD, how="left").join(
        pl.concat([OwnerOfRecord.empty(), *said]), on=RECORD, how="left"
    )
    owner = pl.coalesce("owner", "said")
    own = placed.filter(pl.col("active_site") == site.id)["store_id"]
    is_owners = owner.is_in(own.implode()).fill_null(False) | (pl.col("maker") == site.id).fill_null(False)
    is_unknown = owner.is_null() & pl.col("is_new")  # nobody can tell: an operator decides
    editor, new = pl.col("editor"), pl.col("part").is_null()
    is_own = (editor == "site") | ((editor == "owner") & (is_owners | is_unknown))
    whole = known.with_columns(is_new=new, part=pl.col("part").fill_null(REST))
    whole = whole.join(_editors(project, site), on=["table_name", "part"], how="left")
    return RowDifference.take(whole.with_columns(owner=owner, is_own=is_own.fill_null(False)).sort(RECORD))


def _editors(project: Project, site: Site) -> FrameOf[PartEditor]:
    parts = {(table, part): rule.authority for table, of_table in PARTS.items() for part, rule in of_table.items()}
    rest = {(table, REST): RULES[table].authority for table in PARTS}
    return PartEditor.of((*key, _editor(authority, project, site)) for key, authority in sorted((rest | parts).items()))


def _editor(authority: Authority, project: Project, site: Site) -> str:
    topology = project.topology
    places = {
        Authority.PRIMARY: topology.primary_id,
        Authority.CENTRAL: topology.central_id,
        Authority.STORE_RECORDS: topology.store_records_id,
    }
    if authority in _OWNERS:
        return "owner"
    if authority in _PEOPLES:
        return "site" if site.id == topology.primary_id else "owner"
    return "site" if places.get(authority) == site.id else "others"
