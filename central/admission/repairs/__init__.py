"""What was decided about rows that a site has otherwise than central (O6)."""
