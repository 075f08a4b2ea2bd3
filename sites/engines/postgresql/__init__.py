"""PostgreSQL as the engine of a site."""
