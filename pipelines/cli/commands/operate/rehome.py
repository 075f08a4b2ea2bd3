"""`rehome`: giving patients or prescribers another home store (O8, B33)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from central import decisions
from central.asker import asked_by, now
from central.imports.table_file import cells_of
from pipelines.cli.named_things import id_of_store
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.frames import RecordKey
from sync_rules.table.ownership import SUBJECTS
from sync_rules.words import DecisionKind
from warehouse.connection import Connection
from warehouse.records import replicas
from warehouse.records.facts import held_records

_LISTED = 5


@command()
@click.argument("who", type=click.Choice(sorted(SUBJECTS)))
@click.argument("ids", nargs=-1)
@click.option("--store", required=True, help="The new home store, by code.")
@click.option("--from", "file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="A CSV file with a column `id`.")  # fmt: skip
@click.option("--reason", required=True, help="Why; it is kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def rehome(
    who: str, ids: tuple[str, ...], store: str, file: Path | None, reason: str, yes: bool, folder: Path, as_json: bool
) -> None:
    """Give patients or prescribers, by IDS or those of a file, another home store: its site edits them from then on.

    It happens once the site that edits them now was pulled, so that what was done there comes first. Counts first.

    \b
    Example: supplysync rehome patient p-17 p-18 --store B --reason "they moved"
             supplysync rehome patient --from all.csv --store B --reason "closed"
    """
    chosen = sorted({*ids, *(_of_file(file) if file else ())})
    if not chosen:
        raise click.UsageError("name somebody, by id, or a file with --from")
    with project(folder) as loaded:
        with open_working(loaded) as con:
            codes = dict(replicas.stores(con).select("id", "code").iter_rows())
            rows = _counted(con, who, chosen, codes)
        home = id_of_store(store, codes)
        if as_json:
            show_json({"store": store, "homes": rows})
        else:
            show_table(f"Home store {store} for", {"home": "home now", "people": f"{who}s"}, rows)
        if not yes:
            click.confirm(f"Give these {len(chosen):,} the home store {store}?", abort=True, err=True)
        decisions.write_decision(
            loaded.pulls, DecisionKind.REHOME, "", reason=reason, now=now(), decided_by=asked_by(),
            record_id=f"{who}:{home}", records=chosen,
        )  # fmt: skip
    talk.print(f"{len(chosen):,} get home store {store} once the site that edits them now was pulled")


def _of_file(file: Path) -> list[str]:
    (_, head), *rows = list(cells_of(file)) or [(1, [])]
    if "id" not in head:
        found = ", ".join(head) or "nothing"
        raise click.UsageError(f"`{file}` has no column `id`; its first line says: {found}")
    place = head.index("id")
    return [row[place].strip() for _, row in rows if len(row) > place and row[place].strip()]


def _counted(con: Connection, who: str, ids: Sequence[str], codes: dict[str, str]) -> list[dict[str, object]]:
    """How many have which home store now. Raises UsageError for ids that are nobody's."""
    held = held_records(con, RecordKey.of((who, record_id) for record_id in ids))
    unknown = sorted(set(ids) - set(held["record_id"]))
    if unknown:
        more = f" and {len(unknown) - _LISTED} more" if len(unknown) > _LISTED else ""
        raise click.UsageError(f"central has no {who} {', '.join(unknown[:_LISTED])}{more}; nothing was done")
    homes = held.group_by("owner").len().sort("owner")
    return [{"home": codes.get(owner, "none"), "people": count} for owner, count in homes.iter_rows()]
