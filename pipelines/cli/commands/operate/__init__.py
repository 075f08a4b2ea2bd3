"""Commands of those who run a network."""
