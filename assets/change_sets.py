"""Asset: what each reached site is to be sent."""

import dagster as dg

from assets.border import run
from assets.replicas import replicas
from assets.resources import ProjectFolder
from central.cycle.stages import route_last


@dg.asset(deps=[replicas], group_name="cycle", kinds={"parquet"}, pool="warehouse")
def change_sets(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """One net, ordered, self-contained and hashed file set for each site that lacks something (M2, M3). Red: none was
    made and nothing is lost; the run says why, and the next cycle makes them. More:
    `supplysync runbook a-cycle-failed`"""
    made = run(route_last, project.asked())
    return dg.MaterializeResult(
        metadata={
            "sites": made.sites,
            "dagster/row_count": made.upserts + made.deletes,
            "upserts": made.upserts,
            "deletes": made.deletes,
        }
    )
