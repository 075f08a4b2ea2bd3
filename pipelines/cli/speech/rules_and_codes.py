"""What rules and reason codes mean: the part of `explain` that needs no project."""

from __future__ import annotations

from dataclasses import asdict

import click

from pipelines.cli.speech.output import bold, data, show_json, show_table
from sync_rules.codes import FAILURES, REASONS, SKIPS, WAITS
from sync_rules.for_people import rules
from sync_rules.for_people.reasons import reason_words
from sync_rules.for_people.runbooks import page_of, runbook_of, runbooks_page, to_read


def show_rules(markdown: bool, as_json: bool) -> None:
    """All rules, as a table or as the page docs/rules.md."""
    rows = [{"rule": number, "says": rules.plain(number)} for number in rules.WORDS]
    if markdown:
        click.echo(rules.rules_page(), nl=False)
    elif as_json:
        show_json({"rules": rows})
    else:
        show_table("Rules", {"rule": "rule", "says": "says"}, rows)


def show_runbooks() -> None:
    """Every alarm, status, check and code with the page that says what to do: the page docs/runbooks/README.md."""
    click.echo(runbooks_page(), nl=False)


def show_rule(number: str, as_json: bool) -> None:
    """A rule and the reason codes behind which it stands."""
    section = next(title for title, numbers in rules.SECTIONS.items() if number in numbers)
    codes = {code: f"{one.verdict}, {one.explanation}" for code, one in REASONS.items() if one.rule == number}
    for register, prefix in ((WAITS, "a transfer waits"), (SKIPS, "of a delivery"), (FAILURES, "a site fails")):
        for code, cause in register.items():
            if cause.rule == number:
                codes.setdefault(code, f"{prefix}, {cause.explanation}")
    if as_json:
        show_json({"rule": number, "section": section, "says": rules.plain(number), "reason_codes": list(codes)})
        return
    data.print(bold(number, f" ({section})"), soft_wrap=True)
    data.print(rules.plain(number), soft_wrap=True)
    for code, words in codes.items():
        data.print(f"  {code}: {words}", soft_wrap=True)


def show_reason(code: str, as_json: bool) -> None:
    """What a code means of a change, of a transfer that waits, of a row that was delivered, of a site that fails."""
    wait, skip, failure = WAITS.get(code), SKIPS.get(code), FAILURES.get(code)
    rule, waits = (wait.rule, wait.explanation) if wait else ("", None)
    document: dict[str, object] = {"code": code, "verdict": "waiting", "rule": rule, "words": waits}
    for cause, verdict in ((skip, "not taken"), (failure, "failed")):
        if cause:
            rule = cause.rule
            document |= {"verdict": verdict, "rule": rule, "words": cause.explanation}
    if code in REASONS:
        said = reason_words(code)
        document, rule = asdict(said), said.rule
    if as_json:
        of_deliveries = skip.explanation if skip else None
        more = {"of_transfers": waits, "of_deliveries": of_deliveries, "runbook": runbook_of(code)}
        show_json({**document, "rule_says": rules.plain(rule), **more})
        return
    data.print(bold(code, f": {document['verdict']}"), soft_wrap=True)
    data.print(str(document["words"]), soft_wrap=True)
    if code in REASONS and waits:
        data.print(f"of a transfer: {waits}", soft_wrap=True)
    if code in REASONS and skip:
        data.print(f"of a delivery: {skip.explanation}", soft_wrap=True)
    data.print(f"  {rule}: {rules.plain(rule)}", soft_wrap=True)
    if page := page_of(code):
        data.print(f"what to do: {to_read(page)}", soft_wrap=True)
