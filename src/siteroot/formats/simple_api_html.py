"""The HTML form of a project's page (PEP 503, with PEP 592's `data-yanked` and PEP 658's and 714's metadata)."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

from .html_tags import LONGEST_TAG, link_tags
from .listing import (
    Listing,
    Row,
    check_api_version,
    check_count,
    is_listed,
    is_local,
    note_faults,
)


def parse_simple_html(text: str, url: str) -> Listing:
    """Return what a page lists, also where it is malformed HTML.

    Raises SimpleApiError for a newer API, and for more links than a page can have.
    """
    page = _Page(url)
    for count, tag in enumerate(link_tags(text)):
        check_count(count)
        page.take(tag)
    return Listing(base=page.base, rows=page.rows, notes=note_faults(page.faults))


class _Page(HTMLParser):
    """Takes the anchors out of a page, and what bears on them: `<base>` before the first, `<meta>`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.faults: list[str] = []
        self.base = url
        self._may_rebase = True

    def take(self, tag: str | None) -> None:
        """Take one whole tag, None for one that nobody reads."""
        if tag is None:
            self.faults.append(f"a link of more than {LONGEST_TAG >> 10} KiB is no link")
            return
        self.feed(tag)
        self.reset()  # whatever the parser would still wait for

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag says."""
        # of a doubled attribute the first counts, by HTML's rules
        attributes = dict(reversed(attrs))
        if tag == "a":
            self._may_rebase = False
            self._take(attributes)
        elif tag == "base" and self._may_rebase and (link := attributes.get("href")):
            self._may_rebase = False
            self._rebase(link)
        elif tag == "meta" and attributes.get("name") == "pypi:repository-version":
            check_api_version(attributes.get("content"))

    def _rebase(self, link: str) -> None:
        try:
            base = urljoin(self.base, link.strip())
        except ValueError:
            self.faults.append("the page's `<base>` cannot be understood")
            return
        if is_local(base) and not is_local(self.base):
            self.faults.append(
                "the page's `<base>` is on this machine, where no server's page leads"
            )
        else:
            self.base = base

    def _take(self, attributes: Mapping[str, str | None]) -> None:
        link, _, fragment = (attributes.get("href") or "").strip().partition("#")
        filename = unquote(link.partition("?")[0].rpartition("/")[2])
        if not filename or not is_listed(filename, link):
            self.faults.append(f"a link to {link[:120]!r} leads to no file")
            return
        yanked = attributes["data-yanked"] or "" if "data-yanked" in attributes else None
        self.rows.append(
            (
                filename,
                link,
                _hashes(fragment),
                None,
                None,
                attributes.get("data-requires-python") or None,
                yanked,
                _metadata(attributes),
            )
        )


def _hashes(fragment: str) -> dict[str, str]:
    """Return what a fragment says as `name=value`: a hash, and what means nothing here, as `egg=`."""
    parts = [part.partition("=") for part in unquote(fragment).split("&") if "=" in part]
    return {name.strip().lower(): value.strip() for name, _, value in reversed(parts)}


def _metadata(attributes: Mapping[str, str | None]) -> dict[str, str] | bool | None:
    value = attributes.get("data-core-metadata")
    if value is None:  # its name before PEP 714
        value = attributes.get("data-dist-info-metadata")
    return True if value == "true" else _hashes(value or "") or None
