"""How a download that broke off goes on (RFC 9110, sections 13.1.5 and 14). Pure decisions about headers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bytes that came so far, and the validator that the server named their file by ("" where it has none)."""

    received: int = 0
    validator: str = ""

    @property
    def resumable(self) -> bool:
        """Whether the next attempt may ask for the rest alone."""
        return self.received > 0 and bool(self.validator)


def range_headers(part: Part) -> dict[str, str]:
    """Return the headers that ask for the rest of a part: none where it cannot be resumed.

    With If-Range a server whose file has changed sends the whole of it.
    """
    if not part.resumable:
        return {}
    return {"range": f"bytes={part.received}-", "if-range": part.validator}


def choose_validator(headers: Mapping[str, str]) -> str:
    """Return what If-Range may take of a whole answer: a strong ETag, else Last-Modified, else "".

    `headers` have lower-case names. A server that says `Accept-Ranges: none` is not asked.
    """
    if headers.get("accept-ranges", "").strip().lower() == "none":
        return ""
    etag = headers.get("etag", "").strip()
    if etag.startswith('"') and etag.endswith('"') and len(etag) > 2:
        return etag
    return headers.get("last-modified", "").strip()


def place_rest(part: Part, headers: Mapping[str, str], *, size: int | None) -> bool:
    """Whether the body of a 206 answer is the bytes that follow a part, by its Content-Range."""
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if match is None:
        return False
    first, last, total = int(match[1]), int(match[2]), match[3]
    if first != part.received or last < first:
        return False
    if read_length(headers) not in {None, last - first + 1}:
        return False
    if total == "*":
        return size is None or last < size
    return last < int(total) and (size is None or int(total) == size)


def read_length(headers: Mapping[str, str]) -> int | None:
    """Return the Content-Length, None where there is none that is a number."""
    length = headers.get("content-length", "").strip()
    return int(length[:18]) if length.isascii() and length.isdigit() else None
