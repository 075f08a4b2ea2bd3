"""What happened to a record, as `explain` shows it (O7)."""

from __future__ import annotations

from central.explain.explanation import Explanation
from pipelines.cli.speech.output import show_table
from sync_rules.words import ChangeSetState, QuarantineState


def show_history(found: Explanation, title: str = "What happened") -> None:
    """Every event of the record, the oldest first, a row each; nothing where none is known."""
    events = [(one.cycle, 2 if one.for_site else 0, one.at, one.words, "") for one in found.entries]
    for sent in found.sent:
        what = "sent to" if sent.op == "upsert" else "removed at"
        said = f"{what} {sent.site} in its change set {sent.number}: {_answer(sent.state)}"
        more = [text for text in (sent.why_skipped, sent.error) if text]
        events.append((sent.cycle, 3, sent.answered_at, f"{said}{''.join(f'; {text}' for text in more)}", ""))
    for held in found.held_back:
        end = f", {_ended(held.state)}" if held.state != QuarantineState.OPEN else ""
        closed = f" in cycle {held.closed_cycle}" if held.closed_cycle and held.state != QuarantineState.OPEN else ""
        note = f": {held.note} ({held.closed_by})" if held.note else ""
        said = f"{held.op} by {held.site} {held.verdict}: {held.reason}, {held.words}{end}{closed}{note}"
        events.append((held.first_cycle, 1, held.first_seen_at, said, f"rejected show {held.id}"))
    rows = [
        {"cycle": cycle, "at": at, "what": what, "see": see}
        for cycle, _, at, what, see in sorted(events, key=lambda one: (one[0], one[1]))
    ]
    if rows:
        show_table(f"\n{title}", {"cycle": "cycle", "at": "when", "what": "what", "see": ""}, rows, if_any=("see",))


def _answer(state: str) -> str:
    words: dict[str, str] = {
        ChangeSetState.PENDING: "not delivered yet",
        ChangeSetState.HELD: "held, since it would remove so much (`supplysync release`)",
        ChangeSetState.FAILED: "delivery failed",
        ChangeSetState.SUPERSEDED: "never applied, a later one took its place",
    }
    return words.get(state, state)


def _ended(state: str) -> str:
    words: dict[str, str] = {
        QuarantineState.ADMITTED: "admitted at last",
        QuarantineState.CLOSED: "overtaken by a later change",
    }
    return words.get(state, state)
