"""One partition a site, by its code."""

import dagster as dg

sites = dg.DynamicPartitionsDefinition(name="sites")


def known_sites(context: dg.AssetExecutionContext, codes: list[str]) -> None:
    """Adds the sites of the topology that have no partition yet."""
    context.instance.add_dynamic_partitions("sites", sorted(codes))


def only_site(context: dg.AssetExecutionContext) -> list[str] | None:
    """The one site that this run is about, or None for a run over all due sites."""
    return [context.partition_key] if context.has_partition_key else None
