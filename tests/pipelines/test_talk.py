"""Talk in the manner that is asked for, and words that are completed or told when they are mistyped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.central.small_network import Network
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


@pytest.mark.parametrize(
    "words",
    [
        ("--quiet", "check"),
        pytest.param(("check", "--quiet"), marks=pytest.mark.long),
        pytest.param(("-q", "check"), marks=pytest.mark.long),
        ("check", "-q"),
    ],
)
def test_quiet_leaves_data_and_errors(words: tuple[str, ...], synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    loud, quiet = command("check", *here), command(*words, *here)
    assert (quiet.code, quiet.out, quiet.err) == (loud.code, loud.out, "")
    assert "no backup of central was made yet" in loud.err
    assert "no site `nowhere`" in command("sync", "nowhere", "--quiet", *here).err
    assert command("check", *here).err == loud.err  # it holds for one command


def test_talk_is_a_json_document_a_line(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    said = command("sync", "--log-format", "json", *here)
    lines = [json.loads(line) for line in said.err.splitlines()]
    assert {one["level"] for one in lines} == {"info"}
    assert any(one["text"] == "north: unreachable: no file `north.sqlite`" for one in lines)
    assert all(datetime.fromisoformat(one["at"]).tzinfo for one in lines)
    assert said.out == command("cycles", "show", 2, *here).out  # data is as ever
    [error] = [json.loads(line) for line in command("--log-format", "json", "sync", "x", *here).err.splitlines()]
    assert (error["level"], error["text"][:14]) == ("error", "no site `x` in")
    [error] = [json.loads(line) for line in command("--log-format", "json", "report", "x", *here).err.splitlines()]
    assert error["level"] == "error"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("sync", "nroth"), "did you mean `north`? sites are central, north, south"),
        (("stores", "STHH"), "did you mean `STH`? stores are CMS, NTH, STH"),
        (("report", "stok_on_hand"), "there is no report `stok_on_hand`; did you mean `stock_on_hand`?"),
        (("report", "stock_on_hand", "--item", "AMXO"), "there is no item with the code `AMXO`; did you mean `AMOX`?"),
        (("status", "--fail-on", "faild"), "did you mean `failed`? allowed are never, blocked, late"),
        (("explain", "not_primry"), "did you mean `not_primary`"),
        (("verify", "--table", "stok_line"), "there is no table `stok_line`; did you mean `stock_line`"),
        (("status", "--fial-on"), "Did you mean"),
    ],
)
def test_who_mistypes_is_told_what_is_like_it(
    words: tuple[str, ...], meant: str, synced: Network, command: Command
) -> None:
    said = command(*words, "-C", synced.folder)
    assert (said.code, meant in said.err) == (2, True), said.err


def completed(network: Network, *words: str) -> list[str]:
    """What bash is offered for the last of these words."""
    program = Path(sys.executable).with_name("supplysync")
    asked = {"COMP_WORDS": " ".join(["supplysync", *words]), "COMP_CWORD": str(len(words)),
             "_SUPPLYSYNC_COMPLETE": "bash_complete"}  # fmt: skip
    ran = subprocess.run(
        [program], cwd=network.folder, env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line]


@pytest.mark.long
def test_a_shell_completes_commands_words_and_sites(network: Network, command: Command) -> None:
    assert completed(network, "sy") == ["sync"]
    assert completed(network, "sync", "no") == ["north"]
    assert completed(network, "status", "--fail-on", "n") == ["never", "not_taken"]
    for shell in ("bash", "zsh", "fish"):
        said = command("completion", shell)
        assert (said.code, "_SUPPLYSYNC_COMPLETE" in said.out) == (0, True)
    (network.folder / "topology.toml").write_text("[[", encoding="utf-8")
    assert completed(network, "sync", "no") == []
