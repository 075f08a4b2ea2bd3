"""The table: the 70 data types, their policies, and what each of their tables is."""
