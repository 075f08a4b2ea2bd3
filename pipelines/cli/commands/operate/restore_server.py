"""`restore-server`: central itself is made again (O5)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from central.asker import now
from central.backup.server_plan import ServerPlan, chosen_backup, plan_server, require_sound
from central.backup.server_restoration import put_back_files
from central.backup.server_restoration import restore_server as make_again
from central.backup.superseded_sites import SupersededSite, superseded_sites
from central.checkpoints.backed_up_files import NOTHING_REMOVED, first_kept, lacking_of
from central.checkpoints.lacking_files import kept_files_lacking
from central.checkpoints.manifest import KEPT, made_of
from central.project import Project, load
from central.working_warehouse import open_to_read
from pipelines.cli.clock import moment_named
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.what_ran import then
from wire.file_errors import FileUnusable

_COMING = {"site": "site", "line": "goes on with", "comes": "comes here", "records": "records to come in"}

_SHOWN = 20
"""So many decisions that are to be made again are shown."""


@command()
@click.argument("place", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--as-of", type=int, help="The number of the backup in DIR; the last one if left out.")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="The project folder, or an empty one.")
@click.option(
    "--supersede", multiple=True, metavar="LINE", help="Sites of that other server, which is lost, come here."
)
@click.option(
    "--files-only", is_flag=True, help="Only put back pulls, cycles and change sets that are gone or damaged."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def restore_server(
    place: Path | None,
    as_of: int | None,
    to: Path | None,
    supersede: tuple[str, ...],
    files_only: bool,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Make central again from a backup in DIR, in an empty folder or over a project; shows what it will do, and asks.

    Nothing is thrown away: what stands in the way is put aside. Without DIR, central goes on from what lies in the
    project, as where its folder was put back by other means. The next `sync` goes on with all sites: what they did
    since is read again.

    \b
    Example: supplysync restore-server /mnt/backups --to network
             supplysync restore-server /mnt/backups --files-only
    """
    if place is None and (as_of is not None or files_only):
        raise click.UsageError("--as-of and --files-only are about a backup: say in which folder DIR it is")
    chosen = chosen_backup(place.resolve(), as_of) if place else None
    target = (to or folder).absolute()
    if files_only and chosen:
        return _files_only(target, chosen, yes=yes)
    plan = plan_server(target, chosen, superseded=supersede)
    coming = superseded_sites(load(target), supersede) if supersede and not plan.is_new else []
    _show_all(plan, coming, supersede, as_json=as_json)
    if as_json and not yes:
        return 0
    _ = yes or click.confirm("Do it?", abort=True, err=True)
    aside = make_again(plan, now=now())
    if aside.exists():
        talk.print(f"what stood in the way is in `{aside}`")
    talk.print("done" + ("; put its .env in place" if plan.is_new else ""))
    then(f"sync -C {shlex.quote(str(target))}")
    return 0


def _files_only(target: Path, chosen: Path, *, yes: bool) -> int:
    project, chain = load(target), made_of(chosen)
    require_sound(chosen, chain)
    since = _kept_since(project)
    names = lacking_of(project, chain, since)
    for name in names:
        data.print(f"to be put back: `{project.folder / 'data' / name}`")
    if names:
        _ = yes or click.confirm("Put them back?", abort=True, err=True)
        names = put_back_files(project, chosen.parent / KEPT, chain, kept_since=since, now=now())
        talk.print(f"{len(names)} put back")
        then(f"check -C {shlex.quote(str(target))}")
    else:
        talk.print("nothing is gone or damaged of what the backup has")
    return _show_still_lacking(project)


def _kept_since(project: Project) -> Mapping[str, int]:
    """What was removed as it was old need not come back; where the warehouse cannot be asked, all comes back."""
    try:
        with open_to_read(project) as con:
            return first_kept(project, con)
    except FileUnusable:
        return NOTHING_REMOVED


def _show_still_lacking(project: Project) -> int:
    """What the backup does not have, since it was made later: exit code 1."""
    try:
        with open_to_read(project) as con:
            lacking = kept_files_lacking(project, con)
    except FileUnusable as error:
        lacking = str(error)
    if lacking:
        talk.print(f"not in the backup: {lacking}", soft_wrap=True)
    return int(lacking is not None)


def _show(plan: ServerPlan) -> None:
    if plan.chain:
        backup = plan.chain[0]
        made = f"made {moment_named(backup.made_at)} by supplysync {backup.version}"
        data.print(f"Backup {backup.number}, {made}, has all up to cycle {plan.last_cycle}.")
    else:
        data.print(f"The warehouse in `{plan.target}` has all up to cycle {plan.last_cycle}, and is taken as it is.")
    if plan.again:
        data.print(f"Kept in the project, and admitted again by the next `sync`: cycles {_span(plan.again)}.")
    if plan.aside:
        data.print(f"Put aside, as they are not whole, or come after what is not: cycles {_span(plan.aside)}.")
    if plan.questions:
        named = ", ".join(f"`{name}`" for name in plan.questions)
        data.print(f"Saved questions that come back; others of these names are put aside: {named}.", soft_wrap=True)
    if plan.line:
        data.print(
            f"After cycle {plan.ends_at} this server begins a line of its own: sites that were told of later cycles "
            "are read again from there. What operators decided since is to be decided again."
        )
        for one in plan.decisions[:_SHOWN]:
            about = f" {one.record_id}" if one.record_id else ""
            data.print(
                f"to be decided again: {one.kind} {one.site_code}{about}, by {one.decided_by}: {one.reason or '-'}"
            )
        if len(plan.decisions) > _SHOWN:
            data.print(f"and {len(plan.decisions) - _SHOWN:,} more; --json has them all")
    else:
        data.print("Nothing tells of later cycles: sites go on as if nothing had happened.")


def _show_all(plan: ServerPlan, coming: Sequence[SupersededSite], lines: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        show_json({**plan.document(), "sites": [asdict(one) for one in coming]})
    else:
        _show(plan)
        _show_coming(coming, lines)


def _show_coming(coming: Sequence[SupersededSite], lines: Sequence[str]) -> None:
    """Which sites come from the servers that are lost, and how much of theirs central would take in."""
    if not coming:
        return
    rows = [
        {
            "site": one.site,
            "line": one.line or ("not reached" if one.problem else "none yet"),
            "comes": "yes" if one.comes else "?" if one.problem else "no",
            "records": ("all, compared" if one.records is None else one.records) if one.comes else None,
        }
        for one in coming
    ]
    show_table("Sites, and the server that each goes on with", _COMING, rows)
    for one in coming:
        if one.problem:
            data.print(f"{one.site}: {one.problem}")
    for line in sorted(set(lines) - {one.line for one in coming}):
        talk.print(f"note: no site that was reached goes on with `{line}`", soft_wrap=True)


def _span(numbers: object) -> str:
    found = list(numbers) if isinstance(numbers, list | tuple) else []
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"
