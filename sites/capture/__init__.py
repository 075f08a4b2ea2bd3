"""How a site database notes what changes in it: triggers, the change log, bookmarks, identity."""
