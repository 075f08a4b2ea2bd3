"""The commands that texts name: they work when they are copied, wherever the one that named them was run from."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines.cli.main import modules_of_commands, supplysync
from pipelines.cli.shown_text import NO_PROJECT, in_lines, shown
from tests.central.small_network import Network
from tests.pipelines.conftest import Said
from tests.pipelines.next_commands import parse

Command = Callable[..., Said]
ROOT = Path(__file__).parents[2]
PACKAGES = ("assets", "central", "pipelines", "sites", "sync_rules", "warehouse", "wire", "dashboard")
NAMED = re.compile(r"`(supplysync [a-z][^`]*)`")


def named_in(said: Said) -> list[list[str]]:
    """The commands that an answer names, in words. Fails where the program does not take one."""
    commands = [shlex.split(" ".join(found.split())) for found in NAMED.findall(said.raw)]
    for one in commands:
        parse(one[1:])
    return commands


def test_commands_in_texts_have_the_folder_that_was_named(
    synced: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.people_run("north", "drop trigger supplysync_item_insert")
    here = ("-C", str(synced.folder))
    answers = [command("check", *here), command("sync", *here), command("status", *here), command(*here, "status")]
    found = [one for said in answers for one in named_in(said)]
    assert len(found) > 1
    assert [one for one in found if one[-2:] != list(here) and one[1] not in NO_PROJECT] == []
    monkeypatch.setenv("SUPPLYSYNC_PROJECT", str(synced.folder))  # where it is for those that are named, too
    assert [one for one in named_in(command("check")) if "-C" in one] == []


def test_text_and_lines_of_a_terminal() -> None:
    said = "is lacking; run: `supplysync capture install north`, then `supplysync sync`; `supplysync init NEW`; `item`"
    assert shown(said, "my net") == (
        "is lacking; run: `supplysync capture install north -C 'my net'`, then `supplysync sync -C 'my net'`; "
        "`supplysync init NEW`; `item`"
    )
    assert shown(said, None) == said
    assert in_lines(f"north: {said}", 40).split("\n") == [
        "north: is lacking; run:", "`supplysync capture install north`, then", "`supplysync sync`;",
        "`supplysync init NEW`; `item`",
    ]  # fmt: skip
    assert in_lines("  a line, indented\nanother", 10) == "  a line,\nindented\nanother"


def test_each_command_takes_the_folder_after_it_or_works_in_no_project() -> None:
    without = {
        name.partition(" ")[0]
        for name, one in _commands(supplysync, "")
        if not any(param.name == "folder" and "-C" in param.opts for param in one.params)
    }
    assert without == NO_PROJECT


def test_help_has_sentences_that_end_and_fits_a_window() -> None:
    groups = ("", "rejected", "dashboard", "moves", "warehouse")
    for name in (*groups, *(name for name, _ in _commands(supplysync, ""))):
        said = CliRunner().invoke(supplysync, [*name.split(), "--help"], terminal_width=80).output
        assert name not in groups or "..." not in said.replace("[ARGS]...", ""), name
        assert max(map(len, said.splitlines())) <= 80, name


def _commands(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    """Each command that does something by itself, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, click.Group):
            yield from _commands(one, f"{before}{name} ")
        if not isinstance(one, click.Group) or one.invoke_without_command:
            yield f"{before}{name}", one


def test_each_command_that_a_text_names_stands_in_backticks() -> None:
    """By these it gets the folder, and is not broken over lines. The demo's guide has the folder already; a text that
    is a command and nothing else is a value for programs."""
    commands = "|".join(sorted(modules_of_commands()))
    bare = re.compile(rf"(?<!`)\bsupplysync (?:{commands})\b(?=.)")
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if file.name != "guide.py"
        for line, text in _texts(file)
        if bare.search(text)
    ]
    assert found == []


def _texts(file: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that somebody may read: docstrings, which are help, are none."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    alone = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in alone:
            yield one.lineno, one.value
