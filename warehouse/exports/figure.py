"""A figure that rows of a report add up to, and the ways in which they do: sums, counts, shares of sums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of several rows, as SQL over the columns of the report, ``asked`` being all rows that are added up."""

    sql: str
    meaning: str


def total(column: str, meaning: str, where: str = "") -> Figure:
    """A column added up, of the rows that a condition holds for."""
    return Figure(f"sum({column}){f' filter ({where})' if where else ''}", meaning)


def number(column: str, meaning: str, where: str = "") -> Figure:
    """A column of whole numbers added up."""
    return Figure(f"cast({total(column, meaning, where).sql} as bigint)", meaning)


def counted(where: str, meaning: str) -> Figure:
    """How many rows a condition holds for."""
    return Figure(f"count(*) filter ({where})", meaning)


def share(part: str, whole: str) -> Figure:
    """One figure in percent of another."""
    return Figure(f"percent({part}, {whole})", f"{part} in percent of {whole}; NULL where there is none")


ITEMS_AND_STORES = {
    "stores": Figure("count(distinct store_code)", "how many stores that is of"),
    "items": Figure("count(distinct item_code)", "how many items that is of"),
}
ITEMS = {"items": ITEMS_AND_STORES["items"]}
