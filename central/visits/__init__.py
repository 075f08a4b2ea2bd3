"""One site's visit in a cycle: whether it is the one that central knows, its own steps, its pull."""
