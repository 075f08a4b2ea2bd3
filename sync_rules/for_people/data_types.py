"""The table in words: the page docs/data_types.md, and the rows of `supplysync rules`."""

from __future__ import annotations

from typing import TypedDict

from sync_rules.table.data_types import DATA_TYPES, SYNCED_KEYS, Condition, DataType, Part
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RESENT_WITH_A_STORE, RULES

SCOPES = {
    "everywhere": "every site",
    "dispensaries": "sites with an active dispensary",
    "primary": "primary",
    "instance:{owner}": "sites with an instance of the store",
    "site:{owner}": "the site it is about",
    "store_records": "the site that keeps store records",
    "store:{owner}": "the site where the store is active, and its collectors",
    "stock:{owner}": "the same, unless a dispensary keeps its transactions",
    "active:{owner} or site:{maker}": "the site of the sending store, or the one that wrote it",
    "active:{about} or everywhere": "the site of the receiving store, or every site where there is none",
    "patient:{about}": "sites where the patient is visible in an active or collector store, and the home site",
    "prescriber:{about}": "sites with a dispensary, and collectors, where they are visible or prescribed; their home",
    "follow:{about}": "with prescriptions_follow_patient: sites where the patient is visible",
    "order:{about}": "primary, where the order is centralised",
    "named:{about}": "sites whose records name them: collectors of what was dispensed, and where they were merged",
}
CONDITIONS = {
    Condition.NONE: "",
    Condition.IS_CENTRALISED: "centralised rows",
    Condition.OF_TOPOLOGY: "keys that topology.toml decides",
    Condition.IS_SYNCED: f"keys {', '.join(sorted(SYNCED_KEYS))}",
    Condition.NEW_AT_HOME_SITE: "new rows, from the home site",
    Condition.AT_CREATION: "at creation",
    Condition.AFTER_CREATION: "after creation",
    Condition.OTHERWISE: "all others",
}
_OPTIONS = {
    Authority.HOME_OR_VISIBLE: ("repeats_anywhere",),
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
    options: str


def rule_rows() -> list[RuleRow]:
    """A row for each part of each data type, in the order of the table."""
    return [_row(data_type, part) for data_type in DATA_TYPES for part in data_type.parts]


def data_types_page() -> str:
    """The page docs/data_types.md."""
    lines = [
        "# Data types",
        "",
        "Who edits what, and who receives it besides the warehouse. Rendered from `sync_rules/table/data_types.py` by",
        "`supplysync rules --markdown`; a test compares the two.",
        "",
        "| n | data | tables | policy | where | may edit | receives | options |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rule_rows():
        tables = ", ".join(f"`{name}`" for name in row["tables"].split())
        cells = (
            row["data_type"],
            tables,
            row["policy"],
            row["condition"],
            row["may_edit"],
            row["receives"],
            row["options"],
        )
        lines.append(f"| {row['number']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _row(data_type: DataType, part: Part) -> RuleRow:
    of_table = PARTS[part.tables[0]].values()
    rules = [rule for rule in of_table if rule.policy is part.policy and rule.number == data_type.number]
    audiences = [rule.audience for rule in rules] or [part.policy.audience]
    return RuleRow(
        number=data_type.number,
        data_type=data_type.name,
        tables=" ".join(part.tables),
        policy=part.policy.name,
        condition=CONDITIONS[part.condition],
        may_edit=str(part.policy.authority),
        receives=", ".join(SCOPES[scope] for scope in audiences[0]) or "nobody",
        options=", ".join(sorted(_options(part))),
    )


def _options(part: Part) -> set[str]:
    """The options of topology.toml that change who edits or receives the records of a part."""
    tables = [RULES[name].table for name in part.tables]
    audience = " ".join(scope for name in part.tables for rule in PARTS[name].values() for scope in rule.audience)
    options = set(_OPTIONS.get(part.policy.authority, ()))
    options |= {table.switch for table in tables if table.switch}
    options |= {"local_procurement"} if "centralised_procurement" in options else set()
    options |= {"include_transactions"} if any(table.is_stock for table in tables) else set()
    options |= {"prescriptions_follow_patient"} if "follow:" in audience else set()
    options |= {"store_records_on"} if part.policy.authority is Authority.STORE_RECORDS else set()
    options |= {"resync_patients_on_save"} if set(part.tables) & set(RESENT_WITH_A_STORE) else set()
    return options
