"""What a command loads before it does anything: nothing that it does not need (most of its time would go there)."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from pipelines.cli.main import EXIT_CODES, main, supplysync
from tests.central.small_network import Network

_LOADS = """
import json, sys
from pipelines.cli import main
code = main(json.loads(sys.argv[1]))
print("\\n" + json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def loaded(*arguments: str | Path) -> set[str]:
    """The modules that a command has loaded when it is through, in a process of its own."""
    given = json.dumps([str(one) for one in arguments])
    ran = subprocess.run([sys.executable, "-c", _LOADS, given], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_help_loads_no_command_and_no_library_of_theirs() -> None:
    assert loaded("--help") & {"polars", "duckdb", "dagster", "sqlalchemy", "central.project"} == set()


def test_help_says_of_each_command_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    context = click.Context(supplysync)
    for name in supplysync.list_commands(context):
        command = supplysync.get_command(context, name)
        assert command is not None
        assert f"  {name} " in shown
        assert command.get_short_help_str(50).removesuffix("...") in " ".join(shown.split())


def test_status_loads_nothing_that_reads_sites(synced: Network) -> None:
    found = loaded("status", "-C", synced.folder)
    assert "duckdb" in found
    assert found & {"dagster", "central.cycle.stages", "psycopg", "adbc_driver_manager.dbapi", "sqlalchemy"} == set()


@pytest.mark.parametrize("name", sorted(EXIT_CODES))
def test_each_error_that_ends_a_command_is_where_its_exit_code_says(name: str) -> None:
    module, _, error = name.rpartition(".")
    found = getattr(import_module(module), error)
    assert issubclass(found, Exception)
    assert (found.__module__, found.__qualname__) == (module, error)


def test_the_project_is_named_before_or_after_the_command(synced: Network, capsys: pytest.CaptureFixture[str]) -> None:
    """After it counts where both say one."""
    shown = []
    for arguments in (["-C", synced.folder, "sites"], ["sites", "-C", synced.folder],
                      ["-C", synced.folder.parent, "cycles", "list", "-C", synced.folder],
                      ["-C", synced.folder, "cycles", "list"]):  # fmt: skip
        assert main([str(one) for one in arguments]) == 0
        shown.append(capsys.readouterr().out)
    assert (shown[0], shown[2]) == (shown[1], shown[3])
    assert "north" in shown[0]


def test_people_of_the_demo_are_done_where_signals_to_end_are_ignored(network: Network) -> None:
    """As they are below some runners: nobody waits for a process that was told to go by one."""
    script = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from central.project import load\n"
        "from pipelines.cli.demo_network.people import work\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    print(len(work(load(Path(sys.argv[1])), days=0, seed=1, scale=1.0).sites))\n"
    )
    file = network.folder / "works.py"
    file.write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(file), str(network.folder)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "3"
