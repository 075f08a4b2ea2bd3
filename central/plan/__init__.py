"""What a changed topology.toml would do, counted before it is done (B46)."""
