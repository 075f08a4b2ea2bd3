"""What a store's way from one site to another means for changes of what is its (B47)."""

from __future__ import annotations

import polars as pl

from sync_rules.frames import CHANGE
from sync_rules.table.policies import Authority
from sync_rules.topology.moves import left_behind, nowhere
from sync_rules.verdicts.context import Central
from sync_rules.words import CENTRAL_DATA

_OF_OWNER = [str(Authority.OWNER), str(Authority.SENDER)]
_OF_HOME = [str(Authority.HOME), str(Authority.HOME_OR_VISIBLE), str(Authority.VISIBILITY)]


def with_moves(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds is_moved_away and is_moving, of a frame that has Rights but for these; who handed a store over, or central
    data, may edit what an operator takes in for the new owner. What came back is where it is."""
    topology = central.topology
    if not topology.moves:
        return known.with_columns(is_moved_away=pl.lit(value=False), is_moving=pl.lit(value=False))
    here = central.placed.select("store_id", site_id="active_site")
    is_primarys = (pl.col("store_id") == CENTRAL_DATA) & (pl.col("site_id") == topology.primary_id)
    gone = left_behind(topology).join(here, on=["store_id", "site_id"], how="anti").filter(~is_primarys)
    away, moving = gone.with_columns(is_away=pl.lit(value=True)), nowhere(topology)
    inherited = central.inherited.with_columns(is_inherited=pl.lit(value=True))
    found = known.join(inherited, on=CHANGE, how="left", maintain_order="left")
    for side in ("held", "new"):
        store = pl.coalesce(
            pl.when(pl.col(f"{side}_authority").is_in(_OF_OWNER)).then(f"{side}_owner"),
            pl.when(pl.col(f"{side}_authority").is_in(_OF_HOME)).then(f"{side}_home_store"),
            pl.when(pl.col(f"{side}_authority") == str(Authority.PRIMARY)).then(pl.lit(CENTRAL_DATA)),
        )
        of_side = away.rename({"store_id": f"{side}_store", "is_away": f"{side}_away"})
        found = found.with_columns(store.alias(f"{side}_store")).join(
            of_side, on=[f"{side}_store", "site_id"], how="left", maintain_order="left"
        )
        is_taken_in = (pl.col("is_inherited") & pl.col(f"{side}_away")).fill_null(value=False)
        found = found.with_columns(pl.col(f"may_edit_{side}") | is_taken_in)
    may_edit = pl.when("is_held").then("may_edit_held").otherwise("may_edit_new")
    store = pl.when("is_held").then("held_store").otherwise("new_store")
    is_away = pl.when("is_held").then("held_away").otherwise("new_away").fill_null(value=False)
    return found.with_columns(
        is_moved_away=is_away & ~may_edit, is_moving=store.is_in(moving).fill_null(value=False) & ~may_edit
    )
