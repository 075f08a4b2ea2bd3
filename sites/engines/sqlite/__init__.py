"""SQLite as the engine of a site."""
