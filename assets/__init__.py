"""The stages of a cycle as Dagster assets: each reads, decides by the rules, and writes."""
