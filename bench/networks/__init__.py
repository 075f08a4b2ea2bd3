"""Networks and warehouses that are measured."""
