"""What the ledger remembers of what was dispensed: what is to be counted off repeats (B33)."""
