"""The home stores of patients and prescribers: filled in, and given by operators (B33, O8)."""
