"""A project's page of the "Simple repository API": JSON or HTML, as its Content-Type says."""

import re

from .listing import Listing, SimpleApiError

#: What a request for a page says that it takes (PEP 691): JSON rather than HTML.
ACCEPTED = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"

_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.ASCII | re.IGNORECASE)


def parse_simple_page(content: bytes, content_type: str, url: str) -> Listing:
    """Return what a page lists. `url` is where it was answered, after redirects.

    Raises SimpleApiError for another kind of answer, a newer API, and what is no page at all.
    """
    kind, _, parameters = content_type.partition(";")
    match kind.strip().lower():
        case "application/vnd.pypi.simple.v1+json":
            from .simple_api_json import parse_simple_json  # noqa: PLC0415 - a page has one form

            return parse_simple_json(content, url)
        case "application/vnd.pypi.simple.v1+html" | "text/html":
            from .simple_api_html import parse_simple_html  # noqa: PLC0415 - 5 ms that most never need

            return parse_simple_html(_decode(content, parameters), url)
        case other:
            raise SimpleApiError(
                f"the server answered with {repr(other[:80]) if other else 'no content type'}, which is no page of an index",
                hints=(
                    "An index answers with HTML, or with JSON of its own kind: is that its URL?",
                ),
            )


def _decode(content: bytes, parameters: str) -> str:
    """Return an HTML page's text, by the charset of its Content-Type; what cannot be decoded is no URL anyhow."""
    charset = _CHARSET.search(parameters)
    try:
        return content.decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return content.decode("utf-8", "replace")
