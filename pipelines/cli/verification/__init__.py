"""What `verify` says of sites, and of what would put them right (O6)."""
