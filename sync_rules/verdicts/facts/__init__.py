"""The facts that a verdict rests on, worked out for all changes of a batch at once."""
