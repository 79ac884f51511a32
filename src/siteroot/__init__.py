"""Put a locked Python project straight into a plain site-packages directory.

Nothing is imported here: this file lies on the way of every start of the program.
"""

__version__ = "0.1.0"
