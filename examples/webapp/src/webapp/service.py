"""The service itself."""

import sys
from typing import Annotated

import fastapi
import sqlalchemy as sql
from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from jinja2 import Template
from pydantic import BaseModel, Field
from sqlalchemy.pool import StaticPool

PAGE = Template(
    "<!doctype html><title>Guest book</title><h1>Guest book</h1>"
    "<ul>{% for guest in guests %}<li>{{ guest.name|e }}: {{ guest.words|e }}</li>{% endfor %}</ul>"
)


class Entry(BaseModel):
    """What a guest writes."""

    name: str = Field(min_length=1, max_length=40)
    words: str = Field(min_length=1, max_length=400)


def make_service() -> FastAPI:
    """Return the service with a new, empty guest book in memory."""
    engine = sql.create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    tables = sql.MetaData()
    guests = sql.Table(
        "guests", tables, sql.Column("name", sql.String), sql.Column("words", sql.String)
    )
    tables.create_all(engine)
    service = FastAPI(title="webapp")

    @service.get("/", response_class=HTMLResponse)
    def show() -> str:
        with engine.connect() as connection:
            return PAGE.render(guests=connection.execute(sql.select(guests)).all())

    @service.post("/", response_class=HTMLResponse)
    def write(entry: Annotated[Entry, Form()]) -> str:
        with engine.begin() as connection:
            connection.execute(guests.insert().values(entry.model_dump()))
        return show()

    @service.get("/where")
    def where() -> dict[str, str | bool]:
        """Tell where the service's own imports come from."""
        return {"fastapi": fastapi.__file__, "virtual": sys.prefix != sys.base_prefix}

    return service
