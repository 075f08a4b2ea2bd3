"""Commands of those who ask."""
