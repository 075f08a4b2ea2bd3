"""The pages: server-rendered, over published snapshots and the runbooks; the same templates make a folder of files.

Not here: figures, which are the reports' own; the working warehouse.

Imports: babel, jinja2, markupsafe, polars, starlette, sync_rules, uvicorn, warehouse, wire.
"""
