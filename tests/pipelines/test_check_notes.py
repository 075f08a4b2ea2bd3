"""`check` notes what topology.toml asks for and nothing follows from (S3, T4, T6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.central.small_network import Network
from tests.pipelines.conftest import Said
from tests.pipelines.next_commands import next_of

Command = Callable[..., Said]

WITHOUT_EFFECT: dict[str, tuple[str, str, str]] = {
    "a collector of a store that nobody sees there": (
        'code = "STH"', 'code = "STH"\ncollector_on = ["north"]',
        "a collector on `north` is asked for, but store `STH` is visible to no store there: nothing is sent (T4)",
    ),
    "transactions of a store that is no dispensary": (
        'code = "STH"', 'code = "STH"\ninclude_transactions = false',
        "store `STH`: include_transactions = false has no effect, it is no dispensary (T6)",
    ),
    "central paused": (
        'code = "central"', 'code = "central"\nenabled = false',
        "central is paused: nothing is pulled from `central` or delivered there, and where it was never pulled no "
        "other site is either; `supplysync status` says by what, and how to go on",
    ),
    "thresholds in the wrong order": (
        "[[site]]", '[options]\nlate_after = "2 months"\noverdue_after = "5 weeks"\n\n[[site]]',
        'late_after = "2 months" is no shorter than overdue_after = "5 weeks": a site is overdue at once, and never '
        "late",
    ),
    "an unknown currency": (
        "[network]", '[network]\ncurrency = "dollar"',
        "`currency` in topology.toml: `dollar` is not the code of a currency; did you mean `USD` or `AUD` or `FJD` or "
        "`NZD` or `SBD` or `XCD`? allowed is one of ISO 4217, three capitals such as `USD`",
    ),
    "a site that buys for itself where all do": (
        'code = "south"', 'code = "south"\nlocal_procurement = true',
        "site `south`: local_procurement has no effect, procurement is not centralised (B37)",
    ),
}  # fmt: skip
"""What is written, and what is noted about it."""


@pytest.mark.parametrize("what", WITHOUT_EFFECT)
def test_what_has_no_effect_is_noted_and_stops_nothing(what: str, synced: Network, command: Command) -> None:
    before, after, note = WITHOUT_EFFECT[what]
    assert note not in command("check", "-C", synced.folder, "--json").document["notes"]
    file = synced.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    found = command("check", "-C", synced.folder, "--json")
    assert (found.code, found.document["notes"].count(note)) == (0, 1)


def test_it_is_noted_before_the_first_cycle_too(network: Network, command: Command) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("[network]", '[network]\ncurrency = "dollar"'), "utf-8")
    assert "`dollar` is not the code of a currency" in command("check", "-C", network.folder).err


def test_tables_and_columns_that_only_a_site_has_are_noted(synced: Network, command: Command) -> None:
    synced.people_run("north", "create table own_notes (id text primary key)")
    synced.people_run("north", "alter table item add column shelf text")
    said = command("check", "-C", synced.folder).err
    assert "own_notes" in said
    assert "shelf" in said


def test_t10_stores_without_a_record_and_records_without_a_place_are_noted(synced: Network, command: Command) -> None:
    synced.people_put("central", "store", {"id": "WST", "code": "WST", "name_id": "name-NTH", "mode": "store"})
    assert command("sync", "-C", synced.folder).code == 0
    file = synced.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8") + '\n[[store]]\ncode = "EST"\nactive_on = "north"\n', "utf-8")
    notes = command("check", "-C", synced.folder, "--json").document["notes"]
    assert "store `EST` has no record yet: nothing is done for it until there is one (T10)" in notes
    assert "store `WST` has a record and topology.toml does not place it" in notes


def test_check_says_what_comes_next_only_where_it_can_be_done(network: Network, command: Command) -> None:
    """A cycle is next once every site can be pulled; until then the problem names the command."""
    assert next_of(command("check", "-C", network.folder)) == ["sync"]
    (network.folder / "north.sqlite").rename(network.folder / "north.away")
    said = command("check", "-C", network.folder)
    assert next_of(said) == ["schema create north"]
    assert "supplysync schema create north" in " ".join(said.out.split())
