"""What is dispensed away from where it is decided about (B33)."""
