"""The policies: who may edit a record, and which scopes it belongs to (spec section 3).

About sixteen policies carry all 70 data types. A policy is two answers. *Authority* says whose
edits are admitted. *Audience* says, as scope templates, who receives the record besides the
warehouse: ``{owner}`` is the owning store (or site), ``{about}`` whom else the record is about (a patient, a
prescriber, the store a message goes to), ``{maker}`` the site that made it. ``a or b``: b where
the place in a stays blank.
Behaviour lives in ``authority`` and ``scopes``; nothing there names a policy or a data type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """Whose edits of a record are admitted."""

    PRIMARY = "the primary site"
    CENTRAL = "the central site"
    STORE_RECORDS = "the site that keeps store records"
    TOPOLOGY = "nobody: written from topology.toml"
    OWNER = "the site where the owning store is active"
    HOME = "the home site: where the home store is active, if it has a dispensary; else primary"
    HOME_OR_VISIBLE = "the home site; with repeats_anywhere any site where the patient is visible"
    VISIBILITY = "new rows: the home site, for stores active there; all others: the primary site"
    SENDER = "the site where the sending store is active, or any site without one; nobody afterwards"
    MAKER = "any site may create; later edits stay at the site"
    LOCAL = "any site; never leaves it"


@dataclass(frozen=True)
class Policy:
    """Who may edit (``authority``) and who receives (``audience``: scope templates)."""

    name: str
    authority: Authority
    audience: tuple[str, ...]


# fmt: off
#                                name                  may edit                   receives
CENTRAL            = Policy("central",            Authority.PRIMARY,         ("everywhere",))
CENTRAL_DISPENSARY = Policy("central_dispensary", Authority.PRIMARY,         ("dispensaries", "primary"))
CENTRAL_SERVER     = Policy("central_server",     Authority.CENTRAL,         ("everywhere",))
CENTRAL_STORE      = Policy("central_store",      Authority.PRIMARY,         ("store:{owner}", "primary"))
STORE_RECORD       = Policy("store_record",       Authority.STORE_RECORDS,   ("instance:{owner}",))
STORE_PREFERENCE   = Policy("store_record",       Authority.STORE_RECORDS,   ("store:{owner}", "primary", "store_records"))
SYNC_SETTINGS      = Policy("sync_settings",      Authority.TOPOLOGY,        ("site:{owner}",))
STORE              = Policy("store",              Authority.OWNER,           ("store:{owner}",))
STORE_STOCK        = Policy("store_stock",        Authority.OWNER,           ("stock:{owner}",))
TRANSFER_DOCUMENT  = Policy("transfer_document",  Authority.OWNER,           ("store:{owner}",))
CENTRALISED        = Policy("procurement",        Authority.PRIMARY,         ("store:{owner}", "primary"))
PROCUREMENT        = Policy("procurement",        Authority.OWNER,           ("store:{owner}",))
MESSAGE            = Policy("message",            Authority.SENDER,          ("active:{owner} or site:{maker}", "active:{about} or everywhere"))
PATIENT            = Policy("patient",            Authority.HOME,            ("patient:{about}", "primary"))
PRESCRIBER         = Policy("prescriber",         Authority.HOME,            ("prescriber:{about}", "primary"))
PATIENT_VISIBILITY = Policy("patient_visibility", Authority.VISIBILITY,      ("store:{owner}", "primary"))
REPEAT             = Policy("repeat",             Authority.HOME_OR_VISIBLE, ("patient:{about}", "primary"))
PRESCRIPTION       = Policy("prescription",       Authority.OWNER,           ("store:{owner}", "follow:{about}"))
NEW_USER           = Policy("new_user",           Authority.MAKER,           ())
SYNCED_KEY         = Policy("local",              Authority.PRIMARY,         ("everywhere",))
LOCAL              = Policy("local",              Authority.LOCAL,           ())
# fmt: on
