"""The rules of supplysync: who may edit a record, who receives it, what follows from that.

Pure: the standard library and polars only. Frames and values in, frames and values out.
"""
