"""What `deployment` writes to keep a project running: each program that reads such a file takes it."""

from __future__ import annotations

import getpass
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.cli.main import main
from tests.central.small_network import Network
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.next_commands import parse

Command = Callable[..., Said]


def unit(file: Path) -> ConfigParser:
    read = ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(file.read_text(encoding="utf-8"))
    return read


@pytest.fixture
def folder(command: Command, tmp_path: Path) -> Path:
    """A project whose paths have what such files give a meaning to, and what `deployment` wrote for it."""
    project, place = tmp_path / "a net 100%", tmp_path / "on a server 5%"
    assert command("init", project).code == 0
    return written(project, command, place)


def written(project: Path, command: Command, place: Path) -> Path:
    said = command("deployment", "-o", place / "deployment", "--backups", place / "backups", "--user",
                   getpass.getuser(), "--name", "sync.example.org", "-C", project)  # fmt: skip
    assert said.code == 0, said.err
    return place / "deployment"


def value_of(text: str) -> str:
    """A path as systemd reads it."""
    [word] = shlex.split(text)
    return word.replace("%%", "%")


def command_of(line: str) -> list[str]:
    """The words after the program, which is there. Fails where the program would not take them."""
    program, *words = (word.replace("%%", "%") for word in shlex.split(line))
    assert Path(program).is_file()
    parse(words)
    return words


def test_each_unit_begins_a_command_as_it_is_typed_in_a_folder_that_is_there(folder: Path, tmp_path: Path) -> None:
    project, begun = tmp_path / "a net 100%", {}
    for file in sorted(folder.glob("systemd/*.service")):
        service = unit(file)["Service"]
        words = command_of(service["ExecStart"])
        begun[file.stem] = words[0]
        assert Path(words[words.index("-C") + 1]) == project
        assert service["WorkingDirectory"].replace("%%", "%") == str(project)  # one path to the end of the line
        assert [Path(value_of(service[key])) for key in service if key.startswith("ReadWrite")] in ([], [project])
        timer = file.with_suffix(".timer")
        assert timer.exists() == (service.get("Type") == "oneshot")  # what ends is begun by its timer
        assert unit(timer)["Timer"]["Persistent"] == "true" if timer.exists() else unit(file).has_section("Install")
    assert begun == {
        "supplysync-dagster": "dev", "supplysync-pages": "dashboard", "supplysync-backup": "backup",
        "supplysync-status": "status",
    }  # fmt: skip
    if verify := shutil.which("systemd-analyze"):
        ran = subprocess.run(
            [verify, "verify", "--man=no", *(folder / "systemd").iterdir()], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")


def test_what_the_timers_begin_runs(synced: Network, command: Command, tmp_path: Path) -> None:
    """A backup, and the question whether anything waits for a person: silent sites fail it."""
    place = written(synced.folder, command, tmp_path)
    synced.people_run("central", "update item set name = 'Changed' where id = 'amoxicillin'")
    cycle(synced)
    codes = {}
    for one in ("backup", "status"):
        words = command_of(unit(place / f"systemd/supplysync-{one}.service")["Service"]["ExecStart"])
        codes[one] = main(words)
    assert codes == {"backup": 0, "status": 1}  # what came since was not published: the snapshot is stale
    assert (tmp_path / "backups").is_dir()


def test_the_compose_file_has_cycles_pages_and_backups(folder: Path, tmp_path: Path) -> None:
    compose = yaml.safe_load((folder / "docker/compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {name: one["command"][0] for name, one in services.items()} == {
        "dagster": "dev", "pages": "dashboard", "backup": "backup",
    }  # fmt: skip
    for one in services.values():
        parse(one["command"])
        assert one["network_mode"] == "host"  # so that each listens at 127.0.0.1, where the proxy is
        bound = {volume["target"]: Path(volume["source"]) for volume in one["volumes"]}
        assert bound["/project"] == tmp_path / "a net 100%"
        assert set(bound) == {"/project", *(word for word in one["command"] if word.startswith("/"))}
        assert Path(one["build"]["dockerfile"]).is_file()
    context = Path(services["pages"]["build"]["context"])
    docker = (folder / "docker/Dockerfile").read_text(encoding="utf-8")
    assert all((context / one).exists() for one in re.findall(r"^COPY (\S+)", docker, re.MULTILINE))
    instructions = [line.partition(" ")[0] for line in docker.splitlines() if line and not line.startswith("#")]
    assert set(instructions) == {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "ENTRYPOINT"}
    assert instructions[0] == "FROM"
    [entry] = re.findall(r"^ENTRYPOINT (\[.*\])$", docker, re.MULTILINE)
    scripts = tomllib.loads((context / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert set(json.loads(entry)) <= set(scripts)  # installed by the line before
    version = re.findall(r"^FROM python:(\d+\.\d+)", docker, re.MULTILINE)
    assert version == [f"{sys.version_info.major}.{sys.version_info.minor}"]  # what the lock was made for
    if program := shutil.which("docker-compose"):
        ran = subprocess.run(
            [program, "-f", folder / "docker/compose.yaml", "config", "-q"], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


def test_the_proxy_asks_for_a_password_before_both(folder: Path) -> None:
    text = (folder / "nginx/supplysync.conf").read_text(encoding="utf-8")
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
    words: tuple[str, str], said: str, command: Command, tmp_path: Path
) -> None:
    command("init", tmp_path / "net")
    given = {"--backups": "backups", "--user": getpass.getuser(), **dict([words])}
    answered = command(
        "deployment", "-o", tmp_path, *(word for one in given.items() for word in one), "-C", tmp_path / "net"
    )
    assert (answered.code, said in answered.err) == (2, True)
    assert list(tmp_path.glob("systemd")) == []
