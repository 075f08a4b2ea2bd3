"""May the site that made this change make it? One reason code for every change (spec section 5).

Set-based over all changes of a batch. Ownership is read from the row itself, its document and
what central already holds, never from what the sender claims about it (R1); a change to an
existing record needs authority over the record as it was and as it will be (R2).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sync_rules.frames import BATCH_MERGES, VERDICTS, blank
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, REST, RULES
from sync_rules.topology.topology import home_sites
from sync_rules.verdicts.context import Central
from sync_rules.verdicts.documents import settle
from sync_rules.verdicts.merges import judge_merges

KEY = ["table_name", "record_id"]
_DENIED = {
    Authority.PRIMARY: "not_primary",
    Authority.CENTRAL: "not_central",
    Authority.STORE_RECORDS: "not_central",
    Authority.HOME: "not_home_site",
    Authority.HOME_OR_VISIBLE: "not_home_site",
    Authority.VISIBILITY: "not_primary",
}
# a delete does not tell which of the rules of its table held for the row
_ONLY_LOCAL = [
    name for name, rules in PARTS.items() if all(rule.authority is Authority.LOCAL for rule in rules.values())
]
_AT_HOME = [str(Authority.HOME), str(Authority.HOME_OR_VISIBLE)]


def judge(
    changes: pl.DataFrame, references: pl.DataFrame, central: Central, merges: pl.DataFrame | None = None
) -> pl.DataFrame:
    """A VERDICTS frame for a CHANGES frame, in the order of ``changes``.

    ``references`` BATCH_REFERENCES, ``merges`` BATCH_MERGES of the merges among the changes.
    """
    merges = blank(BATCH_MERGES) if merges is None else merges
    known = _with_authorities(_with_ownership(_with_implied_homes(changes, central.placed), central.held))
    sited = _with_rights(_with_homes(known, central), central)
    own = sited.with_columns(reason=_reason(central))
    own = judge_merges(own, merges, central)
    once = _first_site_only(own)
    gone = central.merged.select(parent_table="table_name", parent_id="merged_id")
    missing = references.join(gone, on=["parent_table", "parent_id"], how="anti")  # merged away is not missing
    settled = settle(once, missing, merges, central.held, central.referring)
    return settled.select("entry", "reason", owner="new_owner", about="new_about", part="new_part").select(
        list(VERDICTS)
    )


def _with_implied_homes(changes: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Only a store of the site itself can be where it registered somebody."""
    active = placed.select(implied="store_id", site_id="active_site", is_own=pl.lit(True))
    joined = changes.join(active, on=["implied", "site_id"], how="left", maintain_order="left")
    return joined.with_columns(implied=pl.when("is_own").then("implied")).drop("is_own")


def _with_ownership(changes: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Adds what was held (held_owner, held_about, held_part, held_maker, is_held) and what the record will be
    (new_owner, new_about, new_part); a line is what its document is (R1)."""
    parents = pl.DataFrame(
        [(name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent],
        schema={"table_name": pl.String(), "parent_table": pl.String()},
        orient="row",
    )
    with_held = changes.join(
        held.select(
            *KEY,
            held_owner="owner",
            held_about="about",
            held_part="part",
            held_maker="maker",
            held_document="document",
            held_shared=pl.col("shared").list.len() > 0,
            is_held=pl.lit(True),
        ),
        on=KEY,
        how="left",
        maintain_order="left",
    ).join(parents, on="table_name", how="left", maintain_order="left")
    what = {"owner": "owner", "about": "about", "part": "part"}
    sent = changes.filter(pl.col("op") == "upsert").select(
        "site_id",
        parent_table="table_name",
        document="record_id",
        sent_half="is_half",
        **{f"sent_{name}": name for name in what},
    )
    documents = held.select(
        parent_table="table_name",
        document="record_id",
        document_shared=pl.col("shared").list.len() > 0,
        **{f"document_{name}": name for name in what},
    )
    is_line = pl.col("parent_table").is_not_null()
    is_subject = pl.col("table_name").is_in([name for name, rule in RULES.items() if rule.table.subject == name])
    return (
        with_held.with_columns(document=pl.coalesce("document", "held_document"))
        .join(sent, on=["site_id", "parent_table", "document"], how="left", maintain_order="left")
        .join(documents, on=["parent_table", "document"], how="left", maintain_order="left")
        .with_columns(
            is_held=pl.col("is_held").fill_null(False),
            **{
                f"new_{name}": pl.when(is_line)
                .then(
                    pl.when(pl.col("sent_part").is_not_null()).then(f"sent_{name}").otherwise(f"document_{name}")
                    if name != "owner"
                    else pl.coalesce("sent_owner", "document_owner")
                )
                .otherwise(name)
                for name in what
            },
        )
        .with_columns(  # a home store that is not named is the one it was (B33)
            new_owner=pl.when(is_subject).then(pl.coalesce("new_owner", "held_owner", "implied")).otherwise("new_owner")
        )
        .with_columns(  # what became part of a transfer stays one, whatever the row says later
            is_half=pl.any_horizontal(pl.col("is_half", "held_shared", "sent_half", "document_shared").fill_null(False))
        )
        .drop(*(f"{whose}_{name}" for whose in ("sent", "document") for name in what))
        .drop("held_shared", "sent_half", "document_shared")
    )


def _with_authorities(known: pl.DataFrame) -> pl.DataFrame:
    """Adds what the rule of the record's part says (authority, parent, is_stock, ...), and old_authority."""
    rows = [
        (
            name,
            part,
            str(rule.authority),
            rule.table.parent,
            rule.table.is_stock,
            rule.table.subject,
            rule.table.switch or (RULES[rule.table.parent].table.switch if rule.table.parent else None),
            rule.table.merges,
        )
        for name, rules in PARTS.items()
        for part, rule in rules.items()
    ]
    texts = ("parent", "subject", "switch", "merges")
    rules = pl.DataFrame(
        rows,
        schema={
            "table_name": pl.String(),
            "new_part": pl.String(),
            "authority": pl.String(),
            "parent": pl.String(),
            "is_stock": pl.Boolean(),
            **{name: pl.String() for name in texts[1:]},
        },
        orient="row",
    )
    rest = pl.when(pl.col("table_name").is_in(list(RULES))).then(pl.lit(REST))
    old = rules.select("table_name", held_part="new_part", old_authority="authority")
    return (
        known.with_columns(  # a line whose document nobody knows is of no part yet, whatever it was of
            new_part=pl.when((pl.col("op") == "delete") | pl.col("parent_table").is_null())
            .then(pl.coalesce("new_part", "held_part", rest))
            .otherwise(pl.coalesce("new_part", rest))
        )
        .join(rules, on=["table_name", "new_part"], how="left", maintain_order="left")
        .join(old, on=["table_name", "held_part"], how="left", maintain_order="left")
        .with_columns(old_authority=pl.coalesce("old_authority", "authority"))
    )


def _with_homes(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds old_home and new_home, the home sites of whom the record was and will be about; new_home_store; and
    is_known: that central or the same site says who that is (B33)."""
    blank = {"old_home": pl.Int64(), "new_home": pl.Int64(), "new_home_store": pl.String(), "is_known": pl.Boolean()}
    if known["subject"].null_count() == known.height:
        return known.with_columns(pl.lit(None, kind).alias(name) for name, kind in blank.items())
    of_whom = pl.col("subject").is_not_null()
    sent = known.filter(of_whom & (pl.col("table_name") == pl.col("subject")) & (pl.col("op") == "upsert")).select(
        "site_id", "subject", new_about="record_id", sent_home="new_owner", is_sent=pl.lit(True)
    )
    held = central.held.select(subject="table_name", about="record_id", home="owner", is_here=pl.lit(True))
    itself = pl.col("table_name") == pl.col("subject")
    joined = (
        known.join(sent, on=["site_id", "subject", "new_about"], how="left", maintain_order="left")
        .join(
            held.rename({"about": "new_about", "home": "new_held_home", "is_here": "new_is_held"}),
            on=["subject", "new_about"],
            how="left",
            maintain_order="left",
        )
        .join(
            held.rename({"about": "held_about", "home": "old_home_store"}).drop("is_here"),
            on=["subject", "held_about"],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            new_home_store=pl.when(itself)
            .then("new_owner")
            .when("new_is_held")
            .then("new_held_home")
            .otherwise("sent_home"),
            is_known=itself | pl.col("new_is_held").fill_null(False) | pl.col("is_sent").fill_null(False),
        )
    )
    for side in ("old", "new"):
        stores = joined.select(store_id=f"{side}_home_store")
        homes = home_sites(central.topology, central.placed, stores)["site_id"].alias(f"{side}_home")
        joined = joined.with_columns(homes)
    return joined.with_columns(
        old_home=pl.when(of_whom).then("old_home"), new_home=pl.when(of_whom & pl.col("is_known")).then("new_home")
    ).drop("sent_home", "is_sent", "new_held_home", "new_is_held", "old_home_store")


def _with_rights(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds old_site and new_site, the one site that may edit the record as it was and as it will be; may_old and
    may_new, whether this site may; new_known, new_active: of the store that owns it."""
    topology = central.topology
    stores = central.placed.select("store_id", active="active_site", is_recorded=pl.lit(True))
    sighted = _sightings(central)
    with_document = known.with_columns(document_table=pl.coalesce("parent", "table_name"))
    before = stores.rename({"store_id": "held_owner", "active": "held_active", "is_recorded": "held_known"})
    joined = (
        with_document.join(before, on="held_owner", how="left", maintain_order="left")
        .join(stores.rename({"store_id": "new_owner", "active": "new_active", "is_recorded": "new_known"}),
              on="new_owner", how="left", maintain_order="left")
        .join(central.placed.select(new_home_store="store_id", home_known=pl.lit(True)),
              on="new_home_store", how="left", maintain_order="left")
        .join(sighted.rename({"about": "new_about", "sees": "sees_new"}),
              on=["site_id", "subject", "new_about"], how="left", maintain_order="left")
        .join(sighted.rename({"about": "held_about", "sees": "sees_old"}),
              on=["site_id", "subject", "held_about"], how="left", maintain_order="left")
        .join(central.edited_elsewhere.with_columns(is_stale=pl.lit(True)),
              on=["site_id", *KEY], how="left", maintain_order="left")
        .join(central.finalised.select(document_table="table_name", document="document", is_finalised=pl.lit(True)),
              on=["document_table", "document"], how="left", maintain_order="left")
        .join(central.finalised.select(document_table="table_name", held_document="document",
                                       was_finalised=pl.lit(True)),
              on=["document_table", "held_document"], how="left", maintain_order="left")
    )  # fmt: skip

    def site(authority: str, active: str, home: str) -> pl.Expr:
        at_home = pl.col(authority).is_in(_AT_HOME)
        return (
            pl.when(pl.col(authority).is_in([str(Authority.PRIMARY), str(Authority.VISIBILITY)]))
            .then(topology.primary_id)
            .when(pl.col(authority) == str(Authority.CENTRAL))
            .then(topology.central_id)
            .when(pl.col(authority) == str(Authority.STORE_RECORDS))
            .then(topology.store_records_id)
            .when(pl.col(authority) == str(Authority.OWNER))
            .then(active)
            .when(at_home)
            .then(home)
        )

    flags = ("new_known", "home_known", "sees_old", "sees_new", "is_stale", "is_finalised", "was_finalised")
    anywhere = str(Authority.HOME_OR_VISIBLE)
    may_old = (pl.col("sees_old") & (pl.col("old_authority") == anywhere)) | (pl.col("old_site") == pl.col("site_id"))
    may_new = (pl.col("sees_new") & (pl.col("authority") == anywhere)) | (pl.col("new_site") == pl.col("site_id"))
    return joined.with_columns(
        old_site=site("old_authority", "held_active", "old_home"),
        new_site=site("authority", "new_active", "new_home"),
        **{name: pl.col(name).fill_null(False) for name in flags},
    ).with_columns(may_old=may_old.fill_null(False), may_new=may_new.fill_null(False))


def _sightings(central: Central) -> pl.DataFrame:
    """site_id, subject, about, sees: the sites where repeats of a patient may be edited besides the home site."""
    columns = {"site_id": pl.Int64(), "subject": pl.String(), "about": pl.String(), "sees": pl.Boolean()}
    if not central.topology.options.repeats_anywhere:
        return blank(columns)
    active = central.placed.select("store_id", site_id="active_site").filter(pl.col("site_id").is_not_null())
    return (
        central.visible.join(active, on="store_id")
        .select("site_id", subject="table_name", about="about")
        .unique()
        .with_columns(sees=pl.lit(True))
    )


def _reason(central: Central) -> pl.Expr:
    """What a change deserves by itself; merges, documents and references are settled afterwards."""
    authority, is_held, op = pl.col("authority"), pl.col("is_held"), pl.col("op")
    may_old, may_new = pl.col("may_old"), pl.col("may_new")
    is_primary = pl.col("site_id") == central.topology.primary_id
    is_owned = authority == str(Authority.OWNER)
    was_owned = pl.col("old_authority") == str(Authority.OWNER)
    was_at_home = pl.col("old_authority").is_in(_AT_HOME)
    is_at_home = authority.is_in(_AT_HOME)
    denied = (
        pl.when(is_held)
        .then("old_authority")
        .otherwise("authority")
        .replace_strict({str(key): code for key, code in _DENIED.items()}, default="not_owner")
    )
    is_first = pl.col("is_snapshot") & is_held & (op == "upsert")
    stays = ~pl.col("is_half") & (
        pl.col("new_owner").is_in(central.withheld.everything)
        | (pl.col("is_stock") & pl.col("new_owner").is_in(central.withheld.stock))
    )
    is_once = ((authority == str(Authority.SENDER)) | pl.col("merges").is_not_null()) & is_held
    is_new_visible = (authority == str(Authority.VISIBILITY)) & ~is_held & ~is_primary
    is_new_message = (authority == str(Authority.SENDER)) & ~is_held
    is_merge_at_home = is_at_home & pl.col("merges").is_not_null()
    shut = _shut(central)
    cases: Iterable[tuple[pl.Expr, pl.Expr]] = (
        (authority.is_null(), pl.lit("unknown_table")),
        ((authority == str(Authority.LOCAL)) & ((op == "upsert") | pl.col("table_name").is_in(_ONLY_LOCAL)),
         pl.lit("local_data")),
        (pl.col("malformed").is_not_null(), pl.lit("malformed_value")),
        (_is_merged_away(central) & (op == "upsert") & ~is_held, pl.lit("merged_away")),
        (pl.col("is_same"), pl.when("is_snapshot").then(pl.lit("adopted")).otherwise(pl.lit("unchanged"))),
        ((op == "delete") & ~is_held, pl.lit("nothing_to_delete")),
        (authority == str(Authority.TOPOLOGY), pl.lit("written_by_topology")),
        (pl.col("old_authority") == str(Authority.TOPOLOGY), pl.lit("written_by_topology")),
        ((was_owned | was_at_home) & is_held & pl.col("old_site").is_null(), pl.lit("store_not_placed")),
        ((authority == str(Authority.MAKER)) & ~is_held, pl.lit("authorised")),
        (
            authority == str(Authority.MAKER),
            pl.when(pl.col("held_maker") == pl.col("site_id"))
            .then(pl.lit("kept_at_site"))
            .otherwise(pl.lit("takes_over")),
        ),
        (is_once & is_first, pl.lit("differs_at_first_contact")),
        (is_once, pl.lit("immutable")),
        (is_held & may_old & was_owned & shut & pl.col("was_finalised"), pl.col("switch")),
        (is_held & may_old & pl.col("is_stale") & (authority == str(Authority.HOME_OR_VISIBLE)),
         pl.lit("edited_elsewhere")),
        ((op == "delete") & may_old, pl.lit("authorised")),
        (op == "delete", denied),
        (is_held & may_old & may_new & is_owned & stays, pl.lit("stays_at_site")),
        (is_held & may_old & may_new & is_owned & shut & pl.col("is_finalised"), pl.col("switch")),
        (is_held & may_old & may_new, pl.lit("authorised")),
        (is_first & ~may_old, pl.lit("differs_at_first_contact")),
        (is_held & ~may_old & (was_owned | was_at_home) & may_new, pl.lit("takes_over")),
        (is_held & ~may_old, denied),
        (is_owned & pl.col("parent").is_not_null() & pl.col("new_owner").is_null(), pl.lit("parent_missing")),
        (is_owned & pl.col("new_owner").is_null(), pl.lit("no_owner")),
        (is_held & is_at_home & ~pl.col("is_known"), pl.lit("reference_missing")),
        (is_held, pl.lit("gives_away")),
        # -- new records
        (is_merge_at_home, pl.lit("authorised")),  # the homes of both records decide
        (is_new_message & pl.col("new_owner").is_null(), pl.lit("authorised")),
        (is_new_message & (pl.col("new_active") == pl.col("site_id")), pl.lit("authorised")),
        ((is_new_visible | is_at_home) & ~pl.col("is_known"), pl.lit("reference_missing")),
        ((is_new_visible | is_at_home) & pl.col("new_home").is_null() & ~may_new,
         pl.when("home_known").then(pl.lit("store_not_placed")).otherwise(pl.lit("store_unknown"))),
        (is_new_visible & (pl.col("new_home") != pl.col("site_id")), pl.lit("not_home_site")),
        (is_new_visible & pl.col("new_owner").is_null(), pl.lit("no_owner")),
        ((is_owned | is_new_visible | is_new_message) & ~pl.col("new_known"), pl.lit("store_unknown")),
        ((is_owned | is_new_visible | is_new_message) & pl.col("new_active").is_null(), pl.lit("store_not_placed")),
        (is_new_visible & (pl.col("new_active") == pl.col("site_id")), pl.lit("authorised")),
        (is_new_visible, pl.lit("not_home_site")),
        (may_new & is_owned & stays, pl.lit("stays_at_site")),
        (may_new & is_owned & shut & (pl.col("parent").is_null() | pl.col("is_finalised")), pl.col("switch")),
        (may_new & _is_local_order(central) & pl.col("parent").is_null(), pl.lit("local_procurement")),
        (may_new, pl.lit("authorised")),
    )  # fmt: skip
    return pl.coalesce(*(pl.when(condition).then(reason) for condition, reason in cases), denied)


def _shut(central: Central) -> pl.Expr:
    """Whether an option keeps this site from new documents of the kind for its own stores (B37)."""
    topology = central.topology
    local = [site.id for site in topology.sites if site.local_procurement]
    is_free = (pl.col("site_id") == topology.primary_id) | (
        (pl.col("switch") == "centralised_procurement") & pl.col("site_id").is_in(local)
    )
    return pl.col("switch").is_in(_switched_on(central)) & ~is_free


def _is_local_order(central: Central) -> pl.Expr:
    """A centralised document for a store whose site buys for itself."""
    local = [site.id for site in central.topology.sites if site.local_procurement]
    is_on = "centralised_procurement" in _switched_on(central)
    is_centralised = pl.col("authority") == str(Authority.PRIMARY)
    return (
        (pl.col("switch") == "centralised_procurement") & is_centralised & pl.col("new_active").is_in(local)
    ) & pl.lit(is_on)


def _switched_on(central: Central) -> list[str]:
    options = central.topology.options
    return [name for name in ("centralised_procurement", "centralised_payments") if getattr(options, name)]


def _is_merged_away(central: Central) -> pl.Expr:
    gone = central.merged.select(pl.struct(table_name="table_name", record_id="merged_id").alias("key"))["key"]
    if gone.is_empty():
        return pl.lit(False)
    return pl.struct("table_name", "record_id").is_in(gone.implode())


def _first_site_only(own: pl.DataFrame) -> pl.DataFrame:
    """Of two sites that make one record in the same batch the first makes it; the other takes over (R2). Of two
    that edit a record together, the second has not seen what the first did (R8)."""
    is_shared = pl.col("is_held") & (pl.col("authority") == str(Authority.HOME_OR_VISIBLE))
    counts = (pl.col("reason") == "authorised") & ((pl.col("op") == "upsert") | is_shared)
    first = pl.col("entry").filter(counts).min().over(KEY)
    is_late = counts & (pl.col("entry") > first)
    late = pl.when(is_shared).then(pl.lit("edited_elsewhere")).otherwise(pl.lit("takes_over"))
    return own.with_columns(reason=pl.when(is_late).then(late).otherwise("reason"))
