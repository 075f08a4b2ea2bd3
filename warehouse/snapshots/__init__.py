"""Published snapshots: states of the warehouse that are never written again."""
