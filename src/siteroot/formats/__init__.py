"""Bytes to nouns and back. No I/O: a caller reads and writes."""
