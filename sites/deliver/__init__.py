"""Writing a change set to a site, whole or not at all."""
