"""Files from package indexes: HTTP, retries, authentication."""
