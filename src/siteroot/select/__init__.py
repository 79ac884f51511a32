"""From a lock, a target and a selection to pins. Pure."""
