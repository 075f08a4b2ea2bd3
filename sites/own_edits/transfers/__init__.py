"""Transfers at a site: halves between its own stores, their numbers and messages."""
