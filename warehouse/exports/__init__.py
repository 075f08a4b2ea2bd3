"""Reports as people take them away: read, described, and written to files."""
