"""Commands that set up a project and its sites."""
