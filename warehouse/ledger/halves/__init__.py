"""Halves of transfers as the ledger remembers them: what was history before its other party was a store."""
