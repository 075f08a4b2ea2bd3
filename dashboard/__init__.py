"""The pages: server-rendered, over published snapshots only; the same templates make a folder of files."""
