"""How tables fit a window."""
