"""Where the home is of the people that the record of a change is and will be about (B33)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import HeldRecord
from sync_rules.topology.frames import StoreKey
from sync_rules.topology.placement import home_sites
from sync_rules.verdicts.context import Central
from sync_rules.verdicts.facts.frame import Homes


def with_homes(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds Homes, and whether the home store of whom it will be about is recorded (``is_home_known``)."""
    if known["subject"].null_count() == known.height:
        nobody = [pl.lit(None, kind).alias(name) for name, kind in Homes.schema.items()]
        return known.with_columns(*nobody, is_home_known=pl.lit(value=False))
    of_somebody = pl.col("subject").is_not_null()
    joined = _with_home_sites(_with_home_stores(known, central.held), central)
    recorded = central.placed.select(new_home_store="store_id", is_home_known=pl.lit(True))
    return joined.with_columns(
        held_home=pl.when(of_somebody).then("held_home"),
        held_home_store=pl.when(of_somebody).then("held_home_store"),
        new_home=pl.when(of_somebody & pl.col("is_known")).then("new_home"),
    ).join(recorded, on="new_home_store", how="left", maintain_order="left")


def _with_home_stores(known: pl.DataFrame, held: FrameOf[HeldRecord]) -> pl.DataFrame:
    """Adds the home stores of whom it was (``held_home_store``) and will be about: as central holds that person, else
    as the same site sends it."""
    is_person = pl.col("table_name") == pl.col("subject")
    sent = known.filter(pl.col("subject").is_not_null() & is_person & (pl.col("op") == "upsert")).select(
        "site_id", "subject", new_about="record_id", sent_home="new_owner", is_sent=pl.lit(True)
    )
    people = held.select(subject="table_name", new_about="record_id", person_home="owner", is_person_held=pl.lit(True))
    before = people.select("subject", held_about="new_about", held_home_store="person_home")
    return (
        known.join(sent, on=["site_id", "subject", "new_about"], how="left", maintain_order="left")
        .join(people, on=["subject", "new_about"], how="left", maintain_order="left")
        .join(before, on=["subject", "held_about"], how="left", maintain_order="left")
        .with_columns(
            new_home_store=pl.when(is_person)
            .then("new_owner")
            .when("is_person_held")
            .then("person_home")
            .otherwise("sent_home"),
            is_known=is_person | pl.col("is_person_held").fill_null(False) | pl.col("is_sent").fill_null(False),
        )
    )


def _with_home_sites(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    for side in ("held", "new"):
        stores = StoreKey.check(known.select(store_id=f"{side}_home_store"))
        homes = home_sites(central.topology, central.placed, stores)["site_id"].alias(f"{side}_home")
        known = known.with_columns(homes)
    return known
