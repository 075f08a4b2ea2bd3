"""O3: `site retire --wipe` says first what it takes, asks, and says what it left."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from sites.engines.connection import open_site
from tests.central.small_network import Network
from tests.pipelines.conftest import Said
from tests.pipelines.test_add_a_site import EAST, rows
from tests.pipelines.test_plan import rewrite


@pytest.mark.long
def test_o3_wipe_counts_first_and_asks(
    synced: Network, command: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here of a site that never had a store."""
    here = ("-C", synced.folder)
    before = (synced.folder / "topology.toml").read_text(encoding="utf-8")
    rewrite(synced, more=EAST)
    assert command("apply", "--yes", *here).code == 0
    assert command("site", "package", "east", "-o", synced.folder / "east.sqlite", *here).code == 0
    with open_site("sqlite:///east.sqlite", synced.folder) as db:
        db.execute("insert into log (id) values ('own')")
        db.execute("create table photo (id text primary key, item_id text references item (id))")
        db.execute("insert into photo values ('ph-1', 'amoxicillin')")
    (synced.folder / "topology.toml").write_text(before, encoding="utf-8")
    assert command("apply", "--yes", *here).code == 0
    retire = ("site", "retire", "east", "--wipe", *here)
    refused = command(*retire)
    assert (refused.code, "1 record was changed at `east` since central pulled it last" in refused.err) == (2, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = command(*retire, "--leave-unsent")
    assert (asked.code, "Goes from" in asked.out, "Take these" in asked.err) == (2, True, True)
    assert asked.err.endswith("nothing was done\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    unasked = command(*retire, "--leave-unsent")
    assert (unasked.code, "nobody answered, so nothing was done" in unasked.err) == (2, True)
    assert rows(synced, "select count(*) > 1 from name") == [(1,)]
    done = command(*retire, "--leave-unsent", "--yes", "--json")
    assert (done.code, done.document["removed"]["name"]) == (0, 3)
    assert {"table_name": "item", "record_id": "amoxicillin", "referred_to_by": "photo"} in done.document["stayed"]
    assert "records that came from elsewhere are gone; 1 record that central never got stays there" in done.err
    assert rows(synced, "select id from name") == []
    assert rows(synced, "select id from item") == [("amoxicillin",)]
    assert rows(synced, "select id from log") == [("own",)]
