"""The cache of wheels that were checked and unpacked once."""
