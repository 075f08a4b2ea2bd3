"""A year of stock movements of the demo."""
