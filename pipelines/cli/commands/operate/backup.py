"""`backup`: copies of central itself, made while cycles run (O5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from central.asker import now
from central.backup.backup import back_up
from central.checkpoints.kept_list import KnownBackup, forget_backups, known_backups
from central.checkpoints.manifest import QUESTIONS, damaged_backups
from pipelines.cli.speech.command import OnceGroup
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from wire.file_errors import FileUnusable

_INTO = "into"
_COLUMNS = {"folder": "folder", "number": "number", "made_at": "made at", "last_cycle": "cycle", "is_there": "there",
            "note": "note"}  # fmt: skip


class _OfAFolder(OnceGroup):
    """A group whose first word, where it is none of its commands, is the folder to back up into."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the arguments."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_INTO, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_OfAFolder, subcommand_metavar="DIR | list | forget DIR")
def backup() -> None:
    """Back central up into the folder DIR, while cycles go on: the warehouse, what it can be made of again,
    topology.toml and people's saved questions.

    What never changes is copied once for all backups of the folder. `.env` and other secrets are not in it; the rows
    of patients are: only its owner may read the folder. `supplysync restore-server DIR` is the way back.

    \b
    Example: supplysync backup /mnt/backups --note "before the move"
    """


@backup.command(_INTO, hidden=True)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--note", help="What it is for; shown by `backup list`.")
@click.option("--check", is_flag=True, help="Read each file that DIR has, and copy again what is damaged there.")
@in_folder
@as_json
def into(place: Path, note: str | None, check: bool, folder: Path, as_json: bool) -> int:
    """Back central up into the folder DIR.

    \b
    Example: supplysync backup /mnt/backups
             supplysync backup /mnt/backups --check
    """
    with project(folder) as loaded:
        made = back_up(loaded, place.resolve(), note=note, now=now(), is_checked=check)
        damaged = damaged_backups(place.resolve()) if check else {}
    if as_json:
        facts = {"number": made.number, "last_cycle": made.last_cycle, "made_at": made.made_at, "line": made.line.id}
        show_json({"folder": str(place), **facts, "left_out": made.left_out, "damaged_backups": sorted(damaged)})
    else:
        talk.print(f"backup {made.number} in `{place}`: all up to cycle {made.last_cycle}")
    for name in made.left_out:
        if name.startswith(f"{QUESTIONS}/"):
            talk.print(f"left out, as it cannot be read: `{loaded.folder / name}`; give it to the user of this command")
            continue
        talk.print(f"left out, as it is damaged: `{loaded.folder / 'data' / name}`; an earlier backup may have it: "
                   f"`supplysync restore-server {place} --files-only`. Cycles go on without it",
                   soft_wrap=True)  # fmt: skip
    for number, file in damaged.items():
        talk.print(f"backup {number} is damaged, no server can be made of it: `{file}` is not as it was written; of "
                   f"backup {made.number} one can: `supplysync restore-server {place}`", soft_wrap=True)  # fmt: skip
    return 1 if made.left_out or damaged else 0


@backup.command("list")
@in_folder
@as_json
def list_backups(folder: Path, as_json: bool) -> None:
    """The backups that this project knows of, the oldest first.

    \b
    Example: supplysync backup list
    """
    with project(folder) as loaded:
        rows = [_row(one) for one in known_backups(loaded)]
    if as_json:
        show_json(rows)
    elif rows:
        show_table("Backups of central", _COLUMNS, rows)
    else:
        talk.print("no backup of central was made yet: `supplysync backup DIR`")


@backup.command()
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
def forget(place: Path, yes: bool, folder: Path) -> None:
    """Take the backups in DIR off the list, as when the disk is gone; nothing in DIR is removed.

    What sites keep for the oldest backup on the list need not be kept for these any more.

    \b
    Example: supplysync backup forget /mnt/old-disk
    """
    with project(folder) as loaded:
        listed = known_backups(loaded)
        asked = [one for one in listed if one.folder == str(place.resolve())]
        if not asked:
            raise FileUnusable(f"no backup in `{place}` is on the list; `supplysync backup list` shows those that are")
        if not yes:
            show_table("To be taken off the list", _COLUMNS, [_row(one) for one in asked])
            left = len(listed) - len(asked)
            talk.print(f"{left or 'no'} other backups are on it; sites then keep nothing for a server made from these")
            click.confirm("Forget them?", abort=True, err=True)
        gone = forget_backups(loaded, place.resolve())
    talk.print(f"forgotten: {len(gone)} in `{place}`")


def _row(one: KnownBackup) -> dict[str, Any]:
    return {
        "folder": one.folder,
        "number": one.number,
        "made_at": one.made_at,
        "last_cycle": one.last_cycle,
        "is_there": one.is_there,
        "note": one.note,
    }
