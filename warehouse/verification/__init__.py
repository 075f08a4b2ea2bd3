"""What central should find at a site, and what that comes to by ranges of keys (O6)."""
