"""A site root on disk: its lock, its inventory, its journal, and placing files in it."""
