"""PEP 517 and 660: from a source tree to a wheel, by the tree's own backend, in a scratch site root."""
