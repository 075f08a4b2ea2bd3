"""M5: a site in which nothing can have happened is not opened, and is heard of all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from central import cycle_file
from central.cycle.run import run_cycle
from central.visits import visit
from sites.engines.connection import open_site, unopened_mark
from sites.engines.sqlite import file_mark
from tests.central.copies import Copies
from tests.central.small_network import NOW, Network, stock_line

OF_CENTRAL = "central"


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be believed right after it was written: times are kept by the nanosecond here."""
    monkeypatch.setattr(file_mark, "_SETTLED_NS", 0)


@pytest.fixture
def quiet(copies: Copies, make_small_network: Callable[[Path, str], Network], tmp_path: Path) -> Iterator[Network]:
    """Files in which nothing happened in the last cycle, and all was sent; the next one is at minute 5."""

    def make(folder: Path, _: str) -> Network:
        made = make_small_network(folder, "sqlite:///south.sqlite")
        run_cycle(made.project, now=NOW)
        made.people_put("north", "stock_line", stock_line(1, "NTH"))
        for minute in range(1, 4):
            run_cycle(made.project, now=NOW + timedelta(minutes=minute))
        return made

    with copies.of("quiet", make, tmp_path / "network", is_kept_open=True) as made:
        run_cycle(made.project, now=NOW + timedelta(minutes=4))  # a copy is another file
        yield made


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files of sites that visits open in the body."""
    found: list[str] = []

    def opening(url: str, *given: Any, **named: Any) -> Any:
        found.append(str(make_url(url).database).removesuffix(".sqlite"))
        return open_site(url, *given, **named)

    with monkeypatch.context() as watching:
        watching.setattr(visit, "open_site", opening)
        yield found


def visited(network: Network, monkeypatch: pytest.MonkeyPatch, minute: int) -> list[str]:
    """The sites that the cycle of a minute opens to pull them, but for central."""
    with opened(monkeypatch) as found:
        run_cycle(network.project, now=NOW + timedelta(minutes=minute))
    return sorted(set(found) - {OF_CENTRAL})


def test_m5_a_quiet_site_is_not_opened_and_counts_as_reached(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visited(quiet, monkeypatch, 5) == []
    found = quiet.warehouse("select distinct outcome from ledger.visit")
    [last] = quiet.warehouse("select min(last_success_at) from ledger.site")
    assert (found, last) == ([("ok",)], (NOW + timedelta(minutes=5),))
    paths = [one.path for number in (5, 6) for one in cycle_file.required(quiet.project.pulls, number).pulled]
    assert len(set(paths)) == len(paths)  # each cycle has files of its own, which may be forgotten one by one


def test_m5_whoever_writes_is_heard(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet.people_put("north", "stock_line", stock_line(2, "NTH"))
    assert visited(quiet, monkeypatch, 5) == ["north"]
    assert quiet.warehouse("select count(*) from replica.stock_line where store_id = 'NTH'") == [(2,)]


@pytest.mark.long
def test_m5_what_a_program_wrote_and_holds_open_is_heard(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_site(quiet.urls["north"], quiet.folder) as program:
        program.execute("update stock_line set batch = 'first'")
        assert visited(quiet, monkeypatch, 5) == ["north"]
        for minute in range(6, 8):
            run_cycle(quiet.project, now=NOW + timedelta(minutes=minute))
        assert visited(quiet, monkeypatch, 8) == []
        program.execute("update stock_line set batch = 'second'")
        assert visited(quiet, monkeypatch, 10) == ["north"]
    assert quiet.warehouse("select batch from replica.stock_line") == [("second",)]


def test_m5_what_is_due_at_a_site_opens_it(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another topology, another state that the site is to be told of, the hour."""
    file = quiet.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('collector_on = ["south"]', ""), encoding="utf-8")
    assert visited(quiet, monkeypatch, 5) == ["north", "south"]
    for minute in range(6, 8):
        run_cycle(quiet.project, now=NOW + timedelta(minutes=minute))
    assert visited(quiet, monkeypatch, 8) == []
    assert visited(quiet, monkeypatch, 70) == ["north", "south"]


@pytest.mark.parametrize(
    "damage", ["half", *(pytest.param(one, marks=pytest.mark.long) for one in ("", "[]", '{"2": {}}', "elsewhere"))]
)
def test_m5_what_is_remembered_of_quiet_sites_is_a_note(
    quiet: Network, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    note = quiet.project.pulls / "cycles" / ".quiet.json"
    whole = note.read_text(encoding="utf-8")
    written = {"half": whole[:-20], "elsewhere": whole.replace('"north/e1', '"north/e9').replace('"south/e1', '"e1')}
    note.write_text(written.get(damage, damage), encoding="utf-8")
    assert visited(quiet, monkeypatch, 5) == ["north", "south"]


def test_m5_a_site_that_is_gone_is_not_heard_of(quiet: Network) -> None:
    (quiet.folder / "north.sqlite").rename(quiet.folder / "away.sqlite")
    run_cycle(quiet.project, now=NOW + timedelta(minutes=5))
    assert quiet.warehouse("select outcome from ledger.visit where site_id = 2 order by cycle desc limit 1") == [
        ("unreachable",)
    ]


def test_m5_another_file_in_its_place_is_opened(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    north = quiet.folder / "north.sqlite"
    other = north.with_name("other.sqlite")
    other.write_bytes(north.read_bytes())
    other.replace(north)
    assert visited(quiet, monkeypatch, 5) == ["north"]


def test_m5_a_server_is_asked_each_time(network: Network) -> None:
    assert unopened_mark(network.urls["south"], network.folder) is None
    assert unopened_mark(network.urls["north"], network.folder) is not None


def test_m5_a_file_that_was_written_just_now_is_not_believed(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_mark, "_SETTLED_NS", 3_600_000_000_000)
    assert unopened_mark(quiet.urls["north"], quiet.folder) is None
    assert visited(quiet, monkeypatch, 5) == ["north", "south"]


@pytest.mark.parametrize("url", ["sqlite:////", "sqlite:///loop.sqlite", "sqlite:///a%00b.sqlite"])
def test_p7_a_place_that_cannot_be_looked_at_is_its_site_s_failure_alone(quiet: Network, url: str) -> None:
    loop = quiet.folder / "loop.sqlite"
    loop.symlink_to(loop)
    file = quiet.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("sqlite:///north.sqlite", url), encoding="utf-8")
    run_cycle(quiet.project, now=NOW + timedelta(minutes=5))
    last = quiet.warehouse("select site_id, outcome from ledger.visit where cycle = 6 order by all")
    assert [site for site, outcome in last if outcome == "ok"] == [1, 3]
    assert [site for site, outcome in last if outcome in ("failed", "unreachable")] == [2]


@pytest.mark.long
def test_precision_35_a_quiet_site_is_told_each_hour(quiet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it could not be told in time, as its program had locked it."""
    said: list[int] = []
    for minute in range(10, 200, 10):
        locks = minute == 70
        with open_site(quiet.urls["north"], quiet.folder) as program:
            if locks:
                program.execute("begin immediate")
            run_cycle(quiet.project, now=NOW + timedelta(minutes=minute))
            if locks:
                program.execute("rollback")
            [(at,)] = program.execute("select last_exchange_at from supplysync_status")
        said.append((datetime.fromisoformat(at) - NOW) // timedelta(minutes=1))
    late = [minute - told for minute, told in zip(range(10, 200, 10), said, strict=True)]
    assert max(late) <= 70, said
