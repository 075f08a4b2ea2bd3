"""Saved questions: SQL files of people's own that become reports of each snapshot."""
