"""The changes of a cycle as frames: gathered, and what their rows say."""
