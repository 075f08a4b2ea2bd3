"""The demo network as a folder with databases."""
