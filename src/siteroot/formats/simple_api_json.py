"""The JSON form of a project's page (PEP 691, with PEP 700's sizes and times, PEP 714's `core-metadata`)."""

import json
from typing import Any

from .listing import (
    Listing,
    Row,
    SimpleApiError,
    check_api_version,
    check_count,
    is_listed,
    note_faults,
)


def parse_simple_json(content: bytes, url: str) -> Listing:
    """Return what a page lists; a file that is not described rightly is passed over. Raises SimpleApiError."""
    try:
        page = json.loads(content)
    except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise SimpleApiError("the index's answer is no JSON, although it says so") from None
    if not isinstance(page, dict):
        raise SimpleApiError("the index's answer is no page: its JSON is no object")
    meta = page.get("meta")
    if isinstance(meta, dict):
        check_api_version(meta.get("api-version"))
    described = page.get("files")
    if not isinstance(described, list):
        raise SimpleApiError("the index's answer is no page: its JSON has no list `files`")
    check_count(len(described))
    rows: list[Row] = []
    faults: list[str] = []
    for file in described:
        if _is_described(file):
            rows.append(_row(file))
        else:
            faults.append(
                f"{_name_of(file)} is not described by a right `filename`, `url` and `hashes`"
            )
    return Listing(base=url, rows=rows, notes=note_faults(faults))


def _is_described(file: Any) -> bool:
    return (
        isinstance(file, dict)
        and isinstance(name := file.get("filename"), str)
        and isinstance(link := file.get("url"), str)
        and isinstance(file.get("hashes"), dict)
        and bool(name and link)
        and is_listed(name, link)
    )


def _row(file: dict[str, Any]) -> Row:
    get = file.get
    metadata = get("core-metadata")
    if metadata is None:  # the names that it had before PEP 714
        metadata = get("dist-info-metadata", get("data-dist-info-metadata"))
    return (
        file["filename"],
        file["url"],
        file["hashes"],
        get("size"),
        get("upload-time"),
        get("requires-python"),
        get("yanked"),
        metadata,
    )


def _name_of(file: Any) -> str:
    name = file.get("filename") if isinstance(file, dict) else None
    return repr(name[:120]) if isinstance(name, str) and name else "a file without a name"
