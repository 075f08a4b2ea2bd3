"""What supplysync itself edits at a site, as the site's own edits."""
