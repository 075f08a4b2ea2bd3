"""The rules of supplysync: who may edit a record, who receives it, what follows from that.

It decides and does nothing else: no files, clock, environment, network, log or SQL.

Imports: polars.
"""
