"""The frames that say where stores are: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text


class StoreRecord(Frame):
    """A store record: ``NORTH, NTH, n-12, dispensary, NTH``. ``placed_as``: the code by which the topology placed it
    first, whatever its own code is by now (T10); null where it never did."""

    id = text()
    code = text()
    name_id = text()
    mode = text()
    placed_as = text()


class Placement(Frame):
    """Where a recorded store is: ``NORTH, NTH, n-12, dispensary, 2, collector, true, false``."""

    store_id = text()
    store_code = text()
    name_id = text()
    mode = text()
    active_site = integer("null: the file does not place this store (T10)")
    central_type = text("active, collector or transfer: its instance on central")
    includes_transactions = flag()
    resyncs_patients = flag()


class Instance(Frame):
    """Which site has which store, as what: ``3, NORTH, transfer``."""

    site_id = integer()
    store_id = text()
    sync_type = text()


class Parties(Frame):
    """Two stores that a transfer ties together: where one is active the other has an instance. ``NORTH, SOUTH``"""

    store_id = text()
    other_id = text()


class SiteRank(Frame):
    """The order of the sites that are judged together: ``1, 0``."""

    site_id = integer()
    rank = integer()


class StoreKey(Frame):
    """A store, or null: ``NORTH``."""

    store_id = text()


class StoreAtSite(StoreKey):
    """A store, and a site that it has to do with: ``NORTH, 2``."""

    site_id = integer()


class HomeSite(StoreKey):
    """A home store, and the home site of whoever has it: ``WARD, 3``."""

    site_id = integer("null: nobody decides yet")


class SiteKey(Frame):
    """A site: ``3``."""

    site_id = integer()


class WantedPlace(Frame):
    """What topology.toml says of a store: ``NTH, 2, collector, true, false``."""

    store_code = text()
    active_site = integer()
    central_type = text()
    includes_transactions = flag()
    resyncs_patients = flag()


class WantedCollector(Frame):
    """A collector that topology.toml asks for: ``3, NTH``."""

    site_id = integer()
    store_code = text()


class SiteRow(Frame):
    """A row of table ``site``, with the site it is for: ``2, north, North, desktop, 2``."""

    id = text()
    code = text()
    name = text()
    kind = text()
    of_site = text()


class SettingRow(Frame):
    """A row of table ``preference`` that topology.toml decides, with the site it is for.

    ``centralised_payments:2, centralised_payments, false, 2``
    """

    id = text()
    key = text()
    value = text()
    of_site = text()
