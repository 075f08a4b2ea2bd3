"""`dev`: Dagster's pages and its daemon for a project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from pipelines.cli.log import complain
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import talk

WORKSPACE = Path(__file__).parents[4] / "workspace.yaml"


@command()
@click.option("--port", default=3000, show_default=True, help="Where the pages are, on 127.0.0.1.")
@in_folder
def dev(port: int, folder: Path) -> int:
    """Dagster's pages and its daemon with this project's run history, until Ctrl-C. Sites run when they are due.

    \b
    Example: supplysync dev -C demo-network
    """
    from pipelines.run_history import dagster_home, find_trouble  # Dagster is slow to load and few commands need it

    with project(folder) as loaded:
        trouble = find_trouble(loaded.folder)
        if trouble:
            complain(trouble)
            return 3
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(dagster_home(loaded.folder)),
            "SUPPLYSYNC_PROJECT": str(loaded.folder),
        }
        workspace = ["-w", str(WORKSPACE)]
        pages = [sys.executable, "-m", "dagster_webserver", *workspace, "-h", "127.0.0.1", "-p", str(port)]
        daemon = [sys.executable, "-m", "dagster._daemon", "run", *workspace]
        # a shell's background job ignores SIGINT, and so would everything that Dagster starts
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.default_int_handler)
        running = [subprocess.Popen(command, env=environment, start_new_session=True) for command in (pages, daemon)]
        talk.print(f"Dagster: http://127.0.0.1:{port}   (Ctrl-C stops it)")
        try:
            while all(process.poll() is None for process in running):
                time.sleep(0.5)
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(running)


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in running:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
