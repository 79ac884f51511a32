"""Pages of an index made on the spot, in both forms of the Simple API."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """A file as an index describes it; the fields are PEP 691's and PEP 700's."""

    filename: str
    url: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    upload_time: float | None = None
    requires_python: str | None = None
    yanked: str | bool = False
    core_metadata: Mapping[str, str] | bool | None = None


def render_json(files: Iterable[PageFile], *, version: object = "1.1") -> bytes:
    """Return the JSON form of a page."""
    described = []
    for file in files:
        each: dict[str, object] = {
            "filename": file.filename,
            "url": file.url,
            "hashes": dict(file.hashes),
            "yanked": file.yanked,
        }
        if file.size is not None:
            each["size"] = file.size
        if file.upload_time is not None:
            moment = datetime.fromtimestamp(file.upload_time, UTC)
            each["upload-time"] = moment.isoformat().replace("+00:00", "Z")
        if file.requires_python is not None:
            each["requires-python"] = file.requires_python
        if file.core_metadata is not None:
            each["core-metadata"] = file.core_metadata
        described.append(each)
    return json.dumps({"meta": {"api-version": version}, "files": described}).encode()


def render_html(files: Iterable[PageFile], *, head: str = "") -> bytes:
    """Return the HTML form of a page; a file has one hash in it, and neither size nor time."""
    lines = []
    for file in files:
        fragment = "".join(f"#{name}={value}" for name, value in list(file.hashes.items())[:1])
        attributes = [f'href="{escape(file.url + fragment)}"']
        if file.requires_python is not None:
            attributes.append(f'data-requires-python="{escape(file.requires_python)}"')
        if file.yanked is not False:
            reason = "" if file.yanked is True else escape(file.yanked)
            attributes.append(f'data-yanked="{reason}"')
        match file.core_metadata:
            case True:
                attributes.append('data-core-metadata="true"')
            case None | False:
                pass
            case hashes:
                (name, value), *_ = hashes.items()
                attributes.append(f'data-dist-info-metadata="{name}={value}"')
        lines.append(f"<a {' '.join(attributes)}>{escape(file.filename)}</a><br>")
    body = "\n".join(lines)
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()
