"""The stages of a cycle in their order: pull, admit, route, deliver, publish."""
