"""Finds a Python, asks it once for its markers, tags and schemes, or makes a target from names."""
