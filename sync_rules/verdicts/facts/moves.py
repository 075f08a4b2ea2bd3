"""What a store's way from one site to another means for changes of what is its (B47)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.table.policies import Authority
from sync_rules.topology.frames import Placement
from sync_rules.topology.moves import left_behind, nowhere
from sync_rules.topology.topology import Topology

_OF_OWNER = [str(Authority.OWNER), str(Authority.SENDER)]
_OF_HOME = [str(Authority.HOME), str(Authority.HOME_OR_VISIBLE), str(Authority.VISIBILITY)]


def with_moves(known: pl.DataFrame, topology: Topology, placed: FrameOf[Placement]) -> pl.DataFrame:
    """Adds is_moved_away and is_moving, of a frame that has Rights but for these. A store that came back is where it
    is."""
    if not topology.moves:
        return known.with_columns(is_moved_away=pl.lit(value=False), is_moving=pl.lit(value=False))
    here = placed.select("store_id", site_id="active_site")
    gone = left_behind(topology).join(here, on=["store_id", "site_id"], how="anti")
    away, moving = gone.with_columns(is_away=pl.lit(value=True)), nowhere(topology)
    found = known
    for side in ("held", "new"):
        store = pl.coalesce(
            pl.when(pl.col(f"{side}_authority").is_in(_OF_OWNER)).then(f"{side}_owner"),
            pl.when(pl.col(f"{side}_authority").is_in(_OF_HOME)).then(f"{side}_home_store"),
        )
        found = found.with_columns(store.alias(f"{side}_store")).join(
            away.rename({"store_id": f"{side}_store", "is_away": f"{side}_away"}),
            on=[f"{side}_store", "site_id"],
            how="left",
            maintain_order="left",
        )
    may_edit = pl.when("is_held").then("may_edit_held").otherwise("may_edit_new")
    store = pl.when("is_held").then("held_store").otherwise("new_store")
    is_away = pl.when("is_held").then("held_away").otherwise("new_away").fill_null(value=False)
    return found.with_columns(
        is_moved_away=is_away & ~may_edit, is_moving=store.is_in(moving).fill_null(value=False) & ~may_edit
    )
