"""The commands: a module each, of the command's name, in folders by who uses them.

A module holds the command under its own name; `pipelines.cli.main` finds it by its file.
"""
