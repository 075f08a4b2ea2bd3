"""The network as the ledger has it: versions of its topology, instances and subscriptions, stores on their way."""
