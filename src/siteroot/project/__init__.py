"""The project, its workspace, settings and groups, and whether its lock is fresh. Pure: files come through a port."""
