"""The year's documents of the demo."""
