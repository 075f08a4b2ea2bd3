"""The command line: `supplysync COMMAND`."""

from pipelines.cli.main import main

__all__ = ["main"]
