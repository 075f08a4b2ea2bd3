"""Transfers: which documents begin one, what responds to them, and what comes next."""
