"""Stores on their way from one site to another: carried on by each cycle, shown to people (B47)."""
