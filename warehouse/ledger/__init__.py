"""What central remembers of synchronisation besides the records."""
