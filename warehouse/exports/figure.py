"""A figure that rows of a report add up to, and the ways in which they do: sums, counts, shares of sums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of several rows, as SQL over the columns of the report, ``asked`` being all rows that are added up.
    ``is_of_all`` where it is a share of these: 100 of all of them."""

    sql: str
    meaning: str
    is_of_all: bool = False


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


def share_of_all(column: str) -> Figure:
    """A column added up, in percent of what it is in all rows asked for."""
    sql = f"percent(sum({column}), (select sum({column}) from asked))"
    return Figure(sql, f"{column} in percent of that of all rows asked for", is_of_all=True)


ITEMS_AND_STORES = {
    "stores": Figure("count(distinct store_code)", "how many stores that is of"),
    "items": Figure("count(distinct item_code)", "how many items that is of"),
}
ITEMS = {"items": ITEMS_AND_STORES["items"]}
