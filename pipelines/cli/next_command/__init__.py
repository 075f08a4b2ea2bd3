"""Which command is next: for a state of the network, and after the one that was run."""
