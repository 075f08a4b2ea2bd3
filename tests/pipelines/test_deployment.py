"""What `deployment` writes to keep a project running: each program that reads such a file takes it."""

from __future__ import annotations

import getpass
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.cli.main import main, supplysync
from tests.central.small_network import Network
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


def unit(file: Path) -> ConfigParser:
    read = ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(file.read_text(encoding="utf-8"))
    return read


def written(network: Network, command: Command, folder: Path) -> Path:
    said = command("deployment", "-o", folder / "deployment", "--backups", folder / "backups", "--user",
                   getpass.getuser(), "--name", "sync.example.org", "-C", network.folder)  # fmt: skip
    assert said.code == 0, said.err
    return folder / "deployment"


def options_of(words: list[str]) -> tuple[str, set[str]]:
    """The command of a line, and the options of it that there are not."""
    found: Any = supplysync.get_command(click.Context(supplysync), words[0])
    assert found is not None, words
    if isinstance(found, click.Group):
        found = found.commands.get("into", found)
    known = {name for param in found.params for name in param.opts}
    return words[0], {word for word in words if word.startswith("-")} - known


def test_each_unit_begins_a_command_that_there_is(synced: Network, command: Command, tmp_path: Path) -> None:
    files = sorted(written(synced, command, tmp_path).glob("systemd/*.service"))
    begun = {}
    for file in files:
        line = unit(file)["Service"]["ExecStart"]
        program, *words = shlex.split(line)
        assert Path(program).is_file()
        begun[file.stem], unknown = options_of(words)
        assert unknown == set(), line
    assert begun == {
        "supplysync-dagster": "dev", "supplysync-pages": "dashboard", "supplysync-backup": "backup",
        "supplysync-status": "status",
    }  # fmt: skip
    for one in ("backup", "status"):
        timer = unit(tmp_path / f"deployment/systemd/supplysync-{one}.timer")
        assert timer["Timer"]["Persistent"] == "true"
    if verify := shutil.which("systemd-analyze"):
        ran = subprocess.run(
            [verify, "verify", "--man=no", *(tmp_path / "deployment/systemd").iterdir()],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (ran.returncode, ran.stderr) == (0, "")


def test_what_the_timers_begin_runs(synced: Network, command: Command, tmp_path: Path) -> None:
    """A backup, and the question whether anything waits for a person: silent sites fail it."""
    folder = written(synced, command, tmp_path)
    codes = {}
    for one in ("backup", "status"):
        _, *words = shlex.split(unit(folder / f"systemd/supplysync-{one}.service")["Service"]["ExecStart"])
        codes[one] = main(words)
    assert codes == {"backup": 0, "status": 1}  # no snapshot was published yet: it is stale
    assert (tmp_path / "backups").is_dir()


def test_the_compose_file_has_cycles_pages_and_backups(synced: Network, command: Command, tmp_path: Path) -> None:
    folder = written(synced, command, tmp_path)
    compose = yaml.safe_load((folder / "docker/compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {name: options_of(one["command"]) for name, one in services.items()} == {
        "dagster": ("dev", set()), "pages": ("dashboard", set()), "backup": ("backup", set()),
    }  # fmt: skip
    for one in services.values():
        assert one["network_mode"] == "host"  # so that each listens at 127.0.0.1, where the proxy is
        assert one["volumes"][0]["source"] == str(synced.folder)
        assert Path(one["build"]["dockerfile"]).is_file()
        assert (Path(one["build"]["context"]) / "requirements.lock").is_file()
    copied = re.findall(r"^COPY (\S+)", (folder / "docker/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert all((Path(services["pages"]["build"]["context"]) / one).exists() for one in copied)
    if program := shutil.which("docker-compose"):
        ran = subprocess.run(
            [program, "-f", folder / "docker/compose.yaml", "config", "-q"], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


def test_the_proxy_asks_for_a_password_before_both(synced: Network, command: Command, tmp_path: Path) -> None:
    text = (written(synced, command, tmp_path) / "nginx/supplysync.conf").read_text(encoding="utf-8")
    servers = re.split(r"^server ", text, flags=re.MULTILINE)[1:]
    assert [re.findall(r"proxy_pass (\S+);", one) for one in servers] == [
        ["http://127.0.0.1:8600"], ["http://127.0.0.1:3000"],
    ]  # fmt: skip
    for one in servers:
        assert "auth_basic_user_file " in one
        assert one.count("{") == one.count("}")
        assert " ssl;" in one


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--user", "nobody-of-that-name"), "there is no user `nobody-of-that-name`"),
        (("--name", "a b"), "`a b` is no name of a server"),
        (("--backups", 'a"b'), "systemd and Docker cannot be told this path"),
    ],
)
def test_what_a_server_cannot_be_told_is_refused(
    words: tuple[str, str], said: str, synced: Network, command: Command, tmp_path: Path
) -> None:
    given = {"--backups": "backups", "--user": getpass.getuser(), **dict([words])}
    answered = command(
        "deployment", "-o", tmp_path, *(word for one in given.items() for word in one), "-C", synced.folder
    )
    assert (answered.code, said in answered.err) == (2, True)
    assert list(tmp_path.glob("systemd")) == []
