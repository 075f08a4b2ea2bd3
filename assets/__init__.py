"""The stages of a cycle as Dagster assets, checks, partitions and resources; each calls one function of `central`.

Not here: work. Definitions, jobs and schedules are `pipelines`.

Imports: central, dagster, sync_rules, warehouse, wire.
"""
