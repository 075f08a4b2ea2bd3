"""How far a cycle is: live in a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from central.progress import Lines, Onlooker, Progress, watched
from pipelines.cli.speech.output import Terminal, aside, drawn_anew

_SHOWN = 8


@contextmanager
def progress_shown() -> Iterator[None]:
    """Shows, on stderr, what is left at the sites while a cycle runs."""
    with aside() as console:
        if not console.is_drawn_on:
            with watched(Lines(partial(_say, console))):
                yield
            return
        screen = _Screen(console)
        with drawn_anew(console, screen.lines), watched(screen):
            yield


def _say(console: Terminal, line: str) -> None:
    console.print(f"  {line}", style="dim")


class _Screen(Onlooker):
    """The stage that goes on."""

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._progress: Progress | None = None

    def says(self, line: str) -> None:
        _say(self._console, line)

    def looks(self, progress: Progress) -> None:
        self._progress = None if progress.is_over else progress

    def lines(self) -> list[str]:
        """The sites that have most left, and what is not known."""
        progress = self._progress
        if progress is None:
            return []
        known = progress.by_site()
        lines = [f"  {progress.head()}", *(f"    {code}: {left:,} to {progress.way}" for code, left in known[:_SHOWN])]
        if known[_SHOWN:]:
            lines.append(f"    {len(known) - _SHOWN:,} more: {sum(left for _, left in known[_SHOWN:]):,}")
        if unknown := progress.not_asked():
            lines.append(f"    {unknown:,} not asked yet")
        return lines
