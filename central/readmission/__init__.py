"""How a site goes on whose database is not the one of its last exchange: restored, copied, or made anew (B50, O5)."""
