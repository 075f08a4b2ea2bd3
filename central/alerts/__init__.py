"""Telling operators: the states that `[alerts]` asks for, what was told already, and the hook that tells it."""
