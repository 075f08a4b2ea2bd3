"""`report`: any report, on the screen or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
import polars as pl

from pipelines.cli.speech.command import command
from pipelines.cli.speech.export_file import refuse_to_terminal, write_out
from pipelines.cli.speech.options import in_folder
from pipelines.cli.speech.output import as_json, in_words, rows_of, show_json, show_table, talk
from pipelines.cli.speech.report_columns import STATES, on_screen
from pipelines.cli.speech.reports import ReportName, of_groups, open_report, published_option
from sync_rules.for_people.runbooks import FIGURES, to_read
from warehouse.connection import Connection
from warehouse.exports import views
from warehouse.exports.about import about_report
from warehouse.exports.sums import WAYS, add_up
from warehouse.exports.words import About
from warehouse.exports.write import FORMATS, write
from warehouse.reports.files import UNPUBLISHED


@command(epilog=f"Reports: {', '.join(sorted(views.NAMES))}.")
@click.argument("name", type=ReportName(), metavar="NAME")
@click.option("--store", multiple=True, help="Only this store, by code; like those below, may be given more than once.")
@click.option("--item", multiple=True, help="Only this item, by code.")
@click.option("--site", multiple=True, help="Only this site, or the stores active there, by code.")
@click.option("--month", multiple=True, help="Only this month, as YYYY-MM.")
@of_groups
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(WAYS),
    metavar="WAY",
    help=f"Add up by this, one way or several: {', '.join(WAYS)}.",
)
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["table", *FORMATS]),
    help="How to write it; the default is a table, or what the name of the file ends with.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, whole or not at all."
)
@click.option("--columns", help="Only these columns of a table, with commas between; `all` for every one.")
@click.option(
    "--rows", type=click.IntRange(min=1), default=500, show_default=True, help="At most so many rows of a table."
)
@published_option
@in_folder
@as_json
def report(
    name: str, as_format: str | None, output: Path | None, columns: str | None, rows: int, published: bool,
    folder: Path, as_json: bool, by: tuple[str, ...], **asked: tuple[str, ...],
) -> None:  # fmt: skip
    """Show a report, or write it to a file: any view of the schema `reports`, or a saved question.

    What it says of its completeness goes to stderr. `--format json` writes what the report is beside the
    rows; `--json` is the document that other commands write too.

    With `--by`, sums: of units only where they are of one item, with shares of sums. Where an item is on
    two lists it counts in both.

    A saved question, an SQL file in the project's folder `reports`, is read from the published snapshot
    always; so is `saved_questions`, what became of them all.

    \b
    Example: supplysync report stock_on_hand --store A --store B
             supplysync report stock_on_hand --item PARA0101 --format csv
             supplysync report item_usage_monthly --month 2026-10 -o usage.xlsx
             supplysync report stock_on_hand --by region --ven V
    """
    chosen, listed = _chosen(as_format, output, as_json, columns), 0
    if published and name in UNPUBLISHED:
        raise click.UsageError(f"report `{name}` names people, and is in no snapshot: leave out --published")
    with open_report(folder, name, published) as con:
        frame, about = _found(con, name, by, asked)
    if as_json:
        show_json({"report": name, "rows": rows_of(frame)})
    elif chosen == "table":
        shown = on_screen(name, frame, "all" if by and columns is None else columns)
        first = {column: column for column in shown.columns}
        may_go = () if columns else tuple(reversed(shown.columns))
        told, state = rows_of(shown.head(rows)), STATES.get(name)
        told = in_words(told, state) if state in shown.columns else told
        listed = len(show_table(name, first, told, may_go=may_go, is_asked=columns is not None))
    else:
        write_out(_export(chosen, frame, about), output)
    talk.print(about.completeness, soft_wrap=True)
    if page := FIGURES.get(name):
        talk.print(f"what that means, and what to do: {to_read(page)}", soft_wrap=True)
    if chosen == "table" and not as_json:
        _say_what_is_left_out(frame, listed, rows, is_chosen=columns is not None)


def _found(
    con: Connection, name: str, by: tuple[str, ...], asked: Mapping[str, tuple[str, ...]]
) -> tuple[pl.DataFrame, About]:
    """The rows, or what they add up to, and what they are."""
    about = about_report(con, name, {key: ", ".join(codes) for key, codes in asked.items() if codes})
    if not by:
        return views.read(con, name, **asked), about
    added = add_up(con, name, tuple(dict.fromkeys(by)), **asked)
    filters = {**about.filters, "added up by": ", ".join(by)}
    meaning = about.meaning.partition("One row is: ")[0] + f"One row is: the sums by {', '.join(by)}."
    return added.rows, replace(about, filters=filters, columns=added.columns, meaning=meaning)


def _say_what_is_left_out(frame: pl.DataFrame, listed: int, rows: int, *, is_chosen: bool) -> None:
    if listed < frame.width and not is_chosen:
        talk.print(f"{listed} of {frame.width} columns; --columns all shows every one")
    if frame.height > rows:
        talk.print(f"the first {rows:,} of {frame.height:,} rows; narrow it with --store, --region, --item, ..., "
                   f"write it to a file with -o, or ask for more with --rows {frame.height}")  # fmt: skip


def _chosen(as_format: str | None, output: Path | None, as_json: bool, columns: str | None) -> str:
    """The format to write. Raises UsageError where options exclude each other, or bytes would go to a screen."""
    if as_json and (output or as_format):
        raise click.UsageError("--json is for stdout: use `--format` with `-o`, or --json alone")
    chosen = _format(as_format, output)
    if columns is not None and (as_json or chosen != "table"):
        raise click.UsageError("--columns is for tables on the screen: files have every column")
    refuse_to_terminal(chosen, output)
    return chosen


def _format(as_format: str | None, output: Path | None) -> str:
    """The format asked for, or what the file's name ends with. Raises UsageError where a file would be a table."""
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    if as_format in FORMATS and suffix in FORMATS and suffix != as_format:
        raise click.UsageError(f"`{output}` ends with another format than --format {as_format}: leave one of them out")
    chosen = as_format or (suffix if suffix in FORMATS else "table")
    if output is not None and chosen == "table":
        raise click.UsageError(
            f"`{output}`: a table is for the screen; give --format, or a name that ends with {', '.join(FORMATS)}"
        )
    return chosen


def _export(chosen: str, frame: pl.DataFrame, about: About) -> bytes:
    try:
        return write(frame, about, chosen)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
