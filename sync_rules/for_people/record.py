"""What a record is, in words (O7): its data type, its policy, who may edit it, what its columns say of it."""

from __future__ import annotations

from dataclasses import dataclass

from sync_rules.for_people.data_types import CONDITIONS, SCOPES
from sync_rules.table.data_types import BESIDES, DATA_TYPES
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES, TableRule, rule_of


@dataclass(frozen=True)
class Nature:
    """What a record is: the line of the field's table that it falls under, its policy and structure."""

    number: int | None
    data_type: str
    policy: str
    condition: str
    may_edit: str
    receives: tuple[str, ...]
    structure: str


def nature(table: str, part: str | None) -> Nature:
    """What the records of a table's part are; without ``part``, those that meet no condition."""
    rule = rule_of(table, part)
    names = {one.number: one.name for one in DATA_TYPES}
    return Nature(
        rule.number,
        names[rule.number] if rule.number else _beside(table),
        rule.policy.name,
        CONDITIONS[rule.condition],
        str(rule.authority),
        _receives(rule),
        _structure(table),
    )


def _receives(rule: TableRule) -> tuple[str, ...]:
    if rule.authority is Authority.LOCAL:
        return ("nobody: it stays where it was made",)
    return (*(SCOPES[scope] for scope in rule.audience), "the warehouse")


def _beside(table: str) -> str:
    [policy] = {one.policy for one in BESIDES if table in one.tables}
    is_topologys = policy.authority is Authority.TOPOLOGY
    return "what topology.toml decides" if is_topologys else "counters of document numbers"


def _structure(table: str) -> str:
    rule = RULES[table].table
    said = []
    if rule.parent:
        said.append(f"a line of the `{rule.parent}` that `{rule.parent_column}` names; whose that is, it is (R1)")
    elif rule.owner:
        whose = "its home store" if rule.subject == table else "whose it is"
        said.append(f"`{rule.owner}` says {whose}")
    if rule.about and rule.about != "id":
        said.append(f"`{rule.about}` says what or whom it is about")
    if rule.merges:
        said.append(f"it merges `merged_id` into `kept_id` of `{rule.merges}`")
    return "; ".join(said)
