"""A guest book: entries are validated (pydantic), kept (SQLAlchemy, SQLite) and shown (Jinja)."""
