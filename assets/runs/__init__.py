"""Runs as Dagster keeps them: what they are called, what marks their partitions, when they go."""
