"""The network as its file asks for it, and what follows: placement, instances, the rows written at sites."""
