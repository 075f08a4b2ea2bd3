"""Asset: what each reached site is to be sent."""

import dagster as dg

from assets.replicas import replicas
from assets.resources import ProjectFolder
from central.cycle.route import make_change_sets
from central.cycle_file import latest_admitted
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle


@dg.asset(deps=[replicas], group_name="cycle", kinds={"parquet"}, pool="warehouse")
def change_sets(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """One net, ordered, self-contained and hashed file set for each site that lacks something (M2, M3)."""
    loaded = project.load()
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        made = make_change_sets(con, loaded, latest_admitted(loaded.pulls, last_cycle(con)))
    return dg.MaterializeResult(
        metadata={
            "sites": made.height,
            "dagster/row_count": int(made["upserts"].sum()) + int(made["deletes"].sum()),
            "upserts": int(made["upserts"].sum()),
            "deletes": int(made["deletes"].sum()),
        }
    )
