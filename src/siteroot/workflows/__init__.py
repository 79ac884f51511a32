"""One module a command: load, decide, act."""
