"""Pages of how it goes over time, and of how regions, levels and lists compare."""
