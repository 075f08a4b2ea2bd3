"""How far back central keeps what was, and what lets go of it: files of its own, and the logs at its sites (B55)."""
