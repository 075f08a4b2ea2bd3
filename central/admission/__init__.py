"""What admission consists of: what central knows, verdicts, and what follows from them for records."""
