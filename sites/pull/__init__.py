"""Reading a site: what changed since the last time, and what of it leaves the site."""
