"""W1, B16: cycles publish, also where a site failed; the commands say what there is."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import pytest

from sites.engines.connection import open_site
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.test_dagster import instance_of
from warehouse.snapshots.current import current, open_snapshot

Command = Callable[..., Said]


def shown(network: Network, sql: str) -> list[tuple[object, ...]]:
    """Rows of a query on the current snapshot."""
    with open_snapshot(current(network.project.published)) as con:
        return con.execute(sql).fetchall()


@pytest.mark.long
def test_w1_each_cycle_publishes_also_where_a_site_failed(network: Network, command: Command) -> None:
    with open_site("sqlite:///north.sqlite", network.folder) as db:
        cycle(network, is_published=True)
        db.execute("update supplysync_identity set database_uuid = 'another'")
    network.people_put("south", "stock_line", stock_line(1, "STH"))
    assert command("sync", "-C", network.folder).code == 1
    assert shown(network, "select number, cycle from reports.snapshot") == [(2, 2)]
    assert shown(network, "select id from stock_line") == [("stock-STH-1",)]
    assert command("sync", "north", "-C", network.folder).code == 1, "a run of that site alone"
    statuses = "select site_code, consecutive_failures from reports.sync_status order by 1"
    assert shown(network, statuses) == [("central", 0), ("north", 2), ("south", 0)]

    with instance_of(network) as instance:
        [record] = instance.fetch_materializations(dg.AssetKey("published_snapshot"), limit=1).records
    metadata = {key: value.value for key, value in record.asset_materialization.metadata.items()}  # type: ignore[union-attr]
    made = network.project.published / "00000002.duckdb"
    assert (metadata["number"], metadata["path"]) == (2, str(made))
    assert metadata["bytes"] == made.stat().st_size
    assert metadata["written"] == "what changed"
    assert metadata["changed_rows"] == 1
    rows = metadata["dagster/row_count"]
    assert isinstance(rows, int)
    assert rows > 20


def test_b16_publish_and_snapshots_as_commands(network: Network, command: Command) -> None:
    folder = network.folder
    assert command("warehouse", "snapshots", "--json", "-C", folder).document == {"snapshots": []}
    early = command("warehouse", "publish", "-C", folder)
    assert (early.code, early.err) == (
        3, "error: there is nothing to publish before the first cycle: run `supplysync sync`\n",
    )  # fmt: skip
    cycle(network, is_published=True)
    again = command("warehouse", "publish", "-C", folder)
    assert (again.code, again.out) == (0, "")
    assert "nothing happened since snapshot 1" in again.err
    full = command("warehouse", "publish", "--full", "--json", "-C", folder).document
    assert (full["number"], full["is_new"], full["why_full"]) == (2, True, "asked for")
    tables = {
        one["table_name"]: one["records"]
        for one in command("warehouse", "tables", "--json", "-C", folder).document["tables"]
    }
    assert (tables["site"], tables["store"] > 0, tables["tender"]) == (3, True, 0)
    assert tables["reminder"] is None  # what never leaves its site is not collected (P3)
    assert "not collected" in command("warehouse", "tables", "-C", folder).out
    listed = command("warehouse", "snapshots", "--json", "-C", folder).document["snapshots"]
    assert [(one["number"], one["cycle"], one["is_current"]) for one in listed] == [(2, 1, True), (1, 1, False)]
    assert listed[0]["bytes"] == (folder / "published" / "00000002.duckdb").stat().st_size
    assert "00000002.duckdb" in command("warehouse", "snapshots", "-C", folder).out


def test_b16_a_new_project_does_not_commit_what_is_published(command: Command, network: Network) -> None:
    assert command("init", network.folder / "new").code == 0
    assert "published/" in (network.folder / "new" / ".gitignore").read_text().splitlines()


@pytest.mark.long
def test_w1_what_cannot_be_written_is_said_and_the_next_cycle_publishes(network: Network, command: Command) -> None:
    published = network.project.published
    published.write_text("somebody's file")
    assert command("sync", "-C", network.folder).code == 3  # everything else is done
    said = command("warehouse", "publish", "-C", network.folder)
    assert said.code == 3
    assert f"Is `{published}` a folder that can be written to" in said.err
    published.unlink()
    assert command("sync", "-C", network.folder).code == 0
    assert shown(network, "select number, cycle from reports.snapshot") == [(1, 2)]
