"""Backups of central itself, made while cycles run, and how a server is made again from one (O5, B51)."""
