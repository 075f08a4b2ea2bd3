"""Commands that set a network up: real ones, and the demo."""
