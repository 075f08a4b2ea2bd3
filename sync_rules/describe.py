"""The table in words: the page docs/data_types.md, and the rows of `supplysync rules`."""

from __future__ import annotations

from typing import TypedDict

from sync_rules.data_types import DATA_TYPES, RULES, Condition, DataType, Part
from sync_rules.policies import Authority

_SCOPES = {
    "everywhere": "every site",
    "dispensaries": "sites with an active dispensary",
    "primary": "primary",
    "active:{owner}": "the site where the store is active",
    "instance:{owner}": "sites with an instance of the store",
    "site:{owner}": "the site it is about",
    "store:{owner}": "collectors of the store",
    "stock:{owner}": "collectors of the store, unless a dispensary keeps its transactions",
}
_CONDITIONS = {
    Condition.NONE: "",
    Condition.IS_CENTRALISED: "centralised rows",
    Condition.NEW_AT_HOME_SITE: "new rows, from the home site",
    Condition.AT_CREATION: "at creation",
    Condition.AFTER_CREATION: "after creation",
    Condition.OTHERWISE: "all others",
}


class RuleRow(TypedDict):
    """One part of a data type, in words."""

    number: int
    data_type: str
    tables: str
    policy: str
    condition: str
    may_edit: str
    receives: str


def rule_rows() -> list[RuleRow]:
    """A row for each part of each data type, in the order of the table."""
    return [_row(data_type, part) for data_type in DATA_TYPES for part in data_type.parts]


def as_markdown() -> str:
    """The page docs/data_types.md."""
    lines = [
        "# Data types",
        "",
        "Who edits what, and who receives it besides the warehouse. Rendered from `sync_rules/data_types.py` by",
        "`supplysync rules --markdown`; a test compares the two.",
        "",
        "| n | data | tables | policy | where | may edit | receives |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rule_rows():
        tables = ", ".join(f"`{name}`" for name in row["tables"].split())
        cells = (row["data_type"], tables, row["policy"], row["condition"], row["may_edit"], row["receives"])
        lines.append(f"| {row['number']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _row(data_type: DataType, part: Part) -> RuleRow:
    decides = RULES[part.tables[0]]
    undecided = part.policy.authority is Authority.UNDECIDED or (
        decides.policy is part.policy and decides.table.undecided
    )
    audience = decides.audience if decides.policy is part.policy else part.policy.audience
    return RuleRow(
        number=data_type.number,
        data_type=data_type.name,
        tables=" ".join(part.tables),
        policy=part.policy.name,
        condition=_CONDITIONS[part.condition],
        may_edit=str(Authority.UNDECIDED if undecided else part.policy.authority),
        receives="nobody yet" if undecided else ", ".join(_SCOPES[scope] for scope in audience) or "nobody",
    )
