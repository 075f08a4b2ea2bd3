"""The ledger's side of letting a site in again (B50, B53)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from warehouse.connection import open_warehouse
from warehouse.ledger.readmissions import begin_anew

_SITE = (
    "insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, is_in_topology, is_enabled, "
    "data_as_of_at, overdue_after, late_after) values (2, 'north', 7, 0, true, true, now(), interval 1 month, "
    "interval 7 days)"
)
_SETS = (
    "insert into ledger.change_set (site_id, number, cycle, from_seq, to_seq, content_hash, path, upserts, deletes, "
    "state) select 2, n, n, 10 * (n - 1), 10 * n, n, 'north/' || n, 1, 0, 'applied' from range(1, 8) as t(n)"
)


@pytest.mark.parametrize(("held", "number", "position"), [(5, 5, 50), (10, 7, 70), (0, 0, 0)])
def test_b53_a_number_of_a_server_that_is_lost_is_none_of_this_ones(
    held: int, number: int, position: int, tmp_path: Path, new_warehouse: Callable[[Path], Path]
) -> None:
    """What the database holds past the last set that this server knows was of the lost one: the next set has the next
    number of this one, and the site is not taken for one that went back."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as con:
        con.execute(_SITE)
        con.execute(_SETS)
        begin_anew(con, 2, held)
        assert con.execute("select change_set_number, position from ledger.site").fetchall() == [(number, position)]
