"""The people who work in the demo network."""
