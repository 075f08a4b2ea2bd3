"""The reports as files, and the words on all that the warehouse has."""
