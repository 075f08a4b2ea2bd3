"""The database engines of sites: a folder each, and what all of them can do."""
