"""Asset: what each reached site is to be sent."""

import dagster as dg

from assets.cycles import latest_admitted
from assets.replicas import replicas
from assets.resources import ProjectFolder
from assets.routing import make_change_sets
from warehouse import ledger
from warehouse.connection import open_warehouse


@dg.asset(deps=[replicas], group_name="cycle", kinds={"parquet"}, pool="warehouse")
def change_sets(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """One net, ordered, self-contained and hashed file set for each site that lacks something (M2, M3)."""
    loaded = project.load()
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        made = make_change_sets(con, loaded, latest_admitted(loaded.pulls, ledger.last_cycle(con)))
    return dg.MaterializeResult(
        metadata={
            "sites": made.height,
            "dagster/row_count": int(made["upserts"].sum()) + int(made["deletes"].sum()),
            "upserts": int(made["upserts"].sum()),
            "deletes": int(made["deletes"].sum()),
        }
    )
