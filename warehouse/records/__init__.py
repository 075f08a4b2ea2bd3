"""Central's records: replicas, what is known of each, the sequence, and what is to be published."""
