"""`explain`: a record, a rule or a reason code in words (O7)."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path

import click

from central.explain.explanation import STAYS, AtSite, Explanation, MayEdit
from central.explain.record import explain as explain_record
from central.explain.transfer import TransferExplanation, transfer_of_record
from central.project import Project, chosen_sites
from pipelines.cli.clock import moment_named
from pipelines.cli.history.record_history import show_history
from pipelines.cli.named_things import require_table
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, bold, data, show_json, show_table, talk
from pipelines.cli.speech.rules_and_codes import show_reason, show_rule, show_rules, show_runbooks
from pipelines.cli.speech.transfer_explanation import print_transfer
from pipelines.cli.speech.warehouse import open_working
from pipelines.cli.what_ran import then
from sync_rules.codes import FAILURES, REASONS, SKIPS, WAITS
from sync_rules.for_people import rules
from sync_rules.for_people.runbooks import page_about
from sync_rules.table.rules import RULES
from sync_rules.texts.likeness import guessed, like, meant
from sync_rules.topology.topology import Site
from warehouse.connection import Connection
from warehouse.exports.views import NAMES
from warehouse.ledger import history
from warehouse.records import replicas

_STATES = {
    "held": "central holds it",
    "deleted": "central does not hold it any more: it was deleted",
    "withdrawn": "central does not hold it any more: it leaves its site no longer, and stays there",
    "merged_away": "central does not hold it any more: it was merged into another record",
    "unknown": "central does not hold it",
}


@command()
@click.argument("what")
@click.argument("record_id", metavar="[ID]", required=False)
@click.option("--site", help="For this site only, by code.")
@click.option("--markdown", is_flag=True, help="With WHAT `rules`: all of them, as the page docs/rules.md.")
@in_folder
@as_json
def explain(what: str, record_id: str | None, site: str | None, markdown: bool, folder: Path, as_json: bool) -> int:
    """Explain a record (its table and ID), a rule (B33) or a reason code (not_home_site): WHAT.

    `rules` shows all rules, `runbooks` which page says what to do about which code, alarm and check.

    Of a record, by its id, the beginning of that or its code: which data type it is, who may edit it, at which sites it
    belongs and why, and what happened to it; exit code 1 where central knows of none. Of either half of a transfer, its
    lines and log messages also: where both halves are, and what comes next. Of a line
    also what happened to its document.

    \b
    Example: supplysync explain invoice 3f0c --site clinic_1
             supplysync explain R2
             supplysync explain not_home_site
    """
    if what == "rules":
        show_rules(markdown, as_json)
    elif what == "runbooks":
        show_runbooks()
    elif record_id is not None:
        return _record(what, record_id, site, folder, as_json)
    elif what in (codes := dict.fromkeys((*REASONS, *WAITS, *SKIPS, *FAILURES))):
        show_reason(what, as_json)
    elif what.upper() in rules.WORDS:
        show_rule(what.upper(), as_json)
    elif what in RULES:
        raise click.UsageError(f"which `{what}`? write its id, too: `supplysync explain {what} ID`")
    else:
        raise click.UsageError(_elsewhere(what) or _unheard(what, [*rules.WORDS, *codes, *RULES]))
    return 0


def _elsewhere(what: str) -> str:
    """Which commands tell of a report, or of what a runbook is about; empty where there is neither."""
    ways = []
    if what in NAMES:
        ways += [
            f"`supplysync report {what}` shows it",
            f"`supplysync warehouse dictionary --table {what}` its columns",
        ]
    if page_about(what):
        ways.append(f"`supplysync runbook {what}` says what to do about it")
    kind = "a report" if what in NAMES else "no rule, reason code or table"
    return f"`{what}` is {kind}: {', '.join(ways)}" if ways else ""


def _unheard(what: str, known: list[str]) -> str:
    return (
        f"`{what}` is no rule, reason code or table; {meant(what, known, 'those')} "
        "(`supplysync explain rules` and `supplysync explain runbooks` list them). For a record write its table and id"
    )


def _record(table: str, record_id: str, site: str | None, folder: Path, as_json: bool) -> int:
    """Explains a record, by its id or the beginning of it; the exit code: 1 where central knows of none."""
    require_table(table)
    with project(folder) as loaded:
        sites = chosen_sites(loaded, (site,) if site else None)
        with open_working(loaded) as con:
            record_id = _whole_id(con, loaded, table, record_id)
            found = explain_record(con, loaded, table, record_id, sites)
            document = _document_of(con, loaded, found, sites)
            told = transfer_of_record(con, loaded, table, record_id)
            is_unknown = found.state == "unknown" and not found.held_back
            codes = like(record_id, _codes(con, loaded, table)) if is_unknown else []
    if as_json:
        show_json(_document(found, told, document))
        return int(is_unknown)
    _show_what(found)
    if told is not None:
        print_transfer(told)
    _show_sites(found, whole=site is not None)
    show_history(found)
    if document is not None:
        show_history(document, f"What happened to its document, {document.table} {document.record_id}")
    for note in found.notes:
        data.print(f"- {note}", soft_wrap=True)
    if codes:
        talk.print(f"no record of `{table}` has the code `{record_id}`; {guessed(record_id, codes)}")
        then(*(f"explain {table} {shlex.quote(code)}" for code in codes))
    return int(is_unknown)


def _whole_id(con: Connection, loaded: Project, table: str, text: str) -> str:
    """The id that ``text`` is, or is the beginning of; or that of the record whose code it is. Raises UsageError where
    these are several."""
    found, how = history.ids_beginning(con, table, text), "begin with"
    if not found and _has_codes(loaded, table):
        found, how = replicas.ids_of_code(con, table, text), "have the code"
    if len(found) > 1:
        listed = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        raise click.UsageError(f"several records of `{table}` {how} `{text}`: {listed}")
    return found[0] if found else text


def _has_codes(loaded: Project, table: str) -> bool:
    return any(one.name == "code" for one in loaded.schema.tables.get(table, ()))


def _codes(con: Connection, loaded: Project, table: str) -> list[str]:
    return replicas.codes_in(con, table) if _has_codes(loaded, table) else []


def _document_of(con: Connection, loaded: Project, found: Explanation, sites: list[Site]) -> Explanation | None:
    """Of a line: its document, with which it is judged, sent and moves; None for what is no line."""
    if found.whose is None or found.whose.document is None:
        return None
    table, _, record_id = found.whose.document.partition(" ")
    return explain_record(con, loaded, table, record_id, sites)


def _document(
    found: Explanation, told: TransferExplanation | None, document: Explanation | None = None
) -> dict[str, object]:
    sites = [{**asdict(one), "because": one.because} for one in found.sites]
    more = {"transfer": asdict(told) if told else None, "document": _document(document, None) if document else None}
    return {**asdict(found), "sites": sites, **more}


def _show_what(found: Explanation) -> None:
    nature, whose = found.nature, found.whose
    number = f"{nature.number}. " if nature.number else ""
    condition = f" ({nature.condition})" if nature.condition else ""
    facts = [
        ("data type", f"{number}{nature.data_type}{condition}"),
        ("policy", nature.policy),
        ("structure", nature.structure),
        ("may edit", nature.may_edit),
        ("receives", "; ".join(nature.receives)),
    ]
    if whose is not None:
        active = f", active on {whose.owner_active_on}" if whose.owner_active_on else ""
        if whose.owner and whose.owner.startswith(("store", "home store")) and not whose.owner_active_on:
            active = ", active nowhere"
        facts += [
            ("part of", whose.document or ""),
            ("belongs to", f"{whose.owner}{active}" if whose.owner else ""),
            ("is about", whose.about or ""),
            ("home site", whose.home_site or ""),
            ("made at", whose.made_by or ""),
        ]
    if found.merged_into is not None:
        into = found.merged_into
        by = f", by {into.merge_table} {into.merge_id}" if into.merge_id else ""
        where = f" made at {into.made_by} (cycle {into.cycle})" if into.made_by else ""
        facts.append(("merged into", f"{found.table} {into.kept_id}{by}{where}"))
    rows = [{"key": key, "value": value} for key, value in facts if value]
    data.print(bold(f"{found.table} {found.record_id}", f": {_STATES[found.state]}"), soft_wrap=True)
    show_table("", {"key": "", "value": ""}, rows)


def _show_sites(found: Explanation, *, whole: bool) -> None:
    if not found.sites:
        return
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in found.sites:
        alike.setdefault((_has(one), _because(one, whole=whole), _may(one.may_edit)), []).append(one.site)
    rows = [
        {"site": ", ".join(sites), "has": has, "because": because, "edit": edit}
        for (has, because, edit), sites in alike.items()
    ]
    heading = {"site": "site", "has": "belongs there", "because": "because", "edit": "may edit"}
    at = f", as of the cycle of {moment_named(found.as_of)}" if found.as_of else ""
    show_table(f"\nAt the sites{at}", heading, rows)


def _has(one: AtSite) -> str:
    if not one.is_contacted:
        return "not yet"
    return "yes" if one.belongs else "no"


def _because(one: AtSite, *, whole: bool) -> str:
    if not one.is_contacted:
        return "the site was not pulled yet; it is sent what belongs there after its first pull"
    said = list(one.because)
    if whole and one.belongs:
        said += [f"(not: {words})" for scope in one.scopes if not scope.is_here for words in scope.words]
    if one.kept:
        said.append("the site made it and keeps it")
    if one.left_behind:
        said.append("it is still there: records of the site's own refer to it (R7)")
    return "; ".join(said)


def _may(may: MayEdit | None) -> str:
    if may is None:
        return ""
    if may.verdict == "admitted":
        return "yes"
    if may.verdict == STAYS:
        return f"only for itself: {may.words} ({may.rule})"
    return f"{'no' if may.verdict == 'rejected' else may.verdict}: {may.reason}, {may.words} ({may.rule})"
