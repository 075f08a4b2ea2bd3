"""The two halves of a transfer as one thing: they are compared by line as long as both exist (X5)."""
