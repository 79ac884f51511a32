"""The nouns that flow through siteroot. Values only: no I/O, no decisions."""
