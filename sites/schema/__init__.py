"""The reference tables of a site, the same on SQLite and PostgreSQL.

``DECLARED`` has the tables, ``SCHEMA`` says the same in the words that the packages share,
``create`` makes them in an empty database and ``presence`` says what a database has of them.
"""

from __future__ import annotations

from sites.schema import central, dispensary, documents, office, stores
from sites.schema.columns import DECLARED
from sites.schema.database import create
from sites.schema.definition import definition

SCHEMA = definition(DECLARED)

__all__ = ["DECLARED", "SCHEMA", "central", "create", "dispensary", "documents", "office", "stores"]
