"""The policies: who may edit a record, and which scopes it belongs to (spec section 3).

About sixteen policies carry all 70 data types. A policy is two answers. *Authority* says whose
edits are admitted. *Audience* says, as scope templates, who receives the record besides the
warehouse: ``{owner}`` is the owning store (or site).
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
    MAKER = "any site may create; later edits stay at the site"
    LOCAL = "any site; never leaves it"
    UNDECIDED = "not decided by this version: changes wait"


@dataclass(frozen=True)
class Policy:
    """Who may edit (``authority``) and who receives (``audience``: scope templates)."""

    name: str
    authority: Authority
    audience: tuple[str, ...]


# fmt: off
#                                name                  may edit                 receives
CENTRAL            = Policy("central",            Authority.PRIMARY,       ("everywhere",))
CENTRAL_DISPENSARY = Policy("central_dispensary", Authority.PRIMARY,       ("dispensaries", "primary"))
CENTRAL_SERVER     = Policy("central_server",     Authority.CENTRAL,       ("everywhere",))
CENTRAL_STORE      = Policy("central_store",      Authority.PRIMARY,       ("active:{owner}", "primary"))
STORE_RECORD       = Policy("store_record",       Authority.STORE_RECORDS, ("instance:{owner}",))
SYNC_SETTINGS      = Policy("sync_settings",      Authority.TOPOLOGY,      ("site:{owner}",))
STORE              = Policy("store",              Authority.OWNER,         ("store:{owner}",))
STORE_STOCK        = Policy("store_stock",        Authority.OWNER,         ("stock:{owner}",))
TRANSFER_DOCUMENT  = Policy("transfer_document",  Authority.OWNER,         ("store:{owner}",))
NEW_USER           = Policy("new_user",           Authority.MAKER,         ())
LOCAL              = Policy("local",              Authority.LOCAL,         ())
MESSAGE            = Policy("message",            Authority.UNDECIDED,     ())
PATIENT            = Policy("patient",            Authority.UNDECIDED,     ())
PATIENT_VISIBILITY = Policy("patient_visibility", Authority.UNDECIDED,     ())
PRESCRIBER         = Policy("prescriber",         Authority.UNDECIDED,     ())
PRESCRIPTION       = Policy("prescription",       Authority.UNDECIDED,     ())
REPEAT             = Policy("repeat",             Authority.UNDECIDED,     ())
PROCUREMENT        = Policy("procurement",        Authority.UNDECIDED,     ())
# fmt: on
