"""Texts of any kind: which word may be meant by one that is none."""
