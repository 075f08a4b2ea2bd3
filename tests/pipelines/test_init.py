"""`init`: a network as it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import supplysync
from sync_rules.topology.file import parse
from sync_rules.topology.topology import Site, Store, Topology
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


def made(folder: Path) -> Topology:
    return parse((folder / "topology.toml").read_text(encoding="utf-8"))


def places(topology: Topology) -> tuple[list[tuple[int, str, str]], list[tuple[str, str]]]:
    sites: list[Site] = list(topology.sites)
    stores: list[Store] = list(topology.stores)
    return [(one.id, one.code, one.database) for one in sites], [(one.code, one.active_on) for one in stores]


def test_flags_say_the_sites_the_stores_the_zone_and_the_currency(command: Command, tmp_path: Path) -> None:
    said = command(
        "init", tmp_path / "net", "--central", "hq", "--site", "coast", "--site", "hill=postgresql://u:${P}@h/d",
        "--store", "CMS=hq", "--store", "COAST=coast", "--time-zone", "Pacific/Auckland", "--currency", "NZD",
    )  # fmt: skip
    assert (said.code, f"next: supplysync check -C {tmp_path / 'net'}" in said.err) == (0, True)
    topology = made(tmp_path / "net")
    assert (topology.central, topology.primary, topology.time_zone, topology.currency) == (
        "hq", "hq", "Pacific/Auckland", "NZD",
    )  # fmt: skip
    assert places(topology) == (
        [
            (1, "hq", "sqlite:///sites/hq.sqlite"),
            (2, "coast", "sqlite:///sites/coast.sqlite"),
            (3, "hill", "postgresql://u:${P}@h/d"),
        ],
        [("CMS", "hq"), ("COAST", "coast")],
    )


def test_nothing_said_is_central_and_a_clinic(command: Command, tmp_path: Path) -> None:
    said = command("init", tmp_path / "net")
    assert "write its stores into" in said.err
    assert places(made(tmp_path / "net")) == (
        [(1, "central", "sqlite:///sites/central.sqlite"), (2, "clinic", "sqlite:///sites/clinic.sqlite")],
        [],
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store", "A=nowhere"), "`nowhere` is not the code of a site; allowed: central, clinic (T2)"),
        (("--store", "A"), "`A` says no site: write CODE=SITE"),
        (("--store", "A=clinc"), "`clinc` is not the code of a site; did you mean `clinic`? allowed: central, clinic"),
        (("--currency", "FRANC"), "`FRANC` is not the code of a currency; did you mean `XOF` or `XAF` or "),
        (("--currency", "nzd"), "did you mean `NZD`?"),
        (("--time-zone", "Auckland"), "did you mean `Pacific/Auckland`?"),
        (("--site", 'a"b'), 'is not a code; allowed: letters, digits'),
        (("--site", "a=postgresql://u:secret@h/d"), "a password is written out"),
        (("--time-zone", "Mars"), "`Mars` is not a time zone"),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused_before_anything_is_written(
    words: tuple[str, str], said: str, command: Command, tmp_path: Path
) -> None:
    answered = command("init", tmp_path / "net", *words)
    assert (answered.code, said in answered.err, "secret" in answered.err) == (2, True, False)
    assert not (tmp_path / "net").exists()


def test_it_asks_again_what_is_no_answer_and_takes_lists_with_commas(tmp_path: Path) -> None:
    answers = "hq\ncoast, hill,\nCMS=hq, COAST=cost\nCMS=hq, COAST=coast\nAuckland\nPacific/Auckland\nfranc\nXPF\n"
    asked = ["init", str(tmp_path / "net"), "--ask"]
    said = CliRunner().invoke(supplysync, asked, input=answers, catch_exceptions=False).output
    for wrong in ("no site `cost`; did you mean `coast`?", "did you mean `Pacific/Auckland`?", "did you mean `XOF`"):
        assert wrong in said
    topology = made(tmp_path / "net")
    assert (topology.time_zone, topology.currency) == ("Pacific/Auckland", "XPF")
    assert [one.code for one in topology.sites] == ["hq", "coast", "hill"]
    assert places(topology)[1] == [("CMS", "hq"), ("COAST", "coast")]


def test_it_asks_where_it_is_told_to(tmp_path: Path) -> None:
    answers = "hq\ncoast hill\nCMS=hq COAST=coast\nPacific/Auckland\nNZD\n"
    CliRunner().invoke(supplysync, ["init", str(tmp_path / "net"), "--ask"], input=answers, catch_exceptions=False)
    topology = made(tmp_path / "net")
    assert (topology.central, topology.time_zone, topology.currency) == ("hq", "Pacific/Auckland", "NZD")
    assert places(topology)[1] == [("CMS", "hq"), ("COAST", "coast")]
