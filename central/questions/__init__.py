"""Saved questions, before they are worked out."""
