"""A demo network, and the people who work in it: seeded, so that the same seed gives the same work."""
