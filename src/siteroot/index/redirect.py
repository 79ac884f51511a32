"""Where a redirect leads, and where it may not."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from urllib.parse import urljoin

from siteroot.errors import SourceError

from .address import DEFAULT_PORTS, Address, parse_address, split_url
from .hosts import allows_insecure

#: Answers that send elsewhere with the same method.
STATUSES = frozenset({301, 302, 303, 307, 308})

#: How many redirects one request may take.
LIMIT = 10


class RedirectError(SourceError):
    """A redirect leads nowhere, in a circle, or where the file may not be fetched from."""


def follow_redirect(
    origin: Address, location: str, *, passed: Collection[str], insecure_hosts: Iterable[str]
) -> Address:
    """Return the address that a Location header names, seen from `origin`.

    `passed` are the URLs that this request has asked already; only a host of `insecure_hosts` may bring http after
    https. A login goes along to the same scheme, host and port alone. Raises RedirectError or UnusableUrlError.
    """
    if not location.strip():
        raise RedirectError("the server redirects, but not where to", where=origin.shown)
    try:
        joined = urljoin(origin.url, location.strip())
    except ValueError:
        joined = location.strip()
    scheme = split_url(joined).scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise RedirectError(
            f"the server redirects to a `{scheme}` URL, which is not followed", where=origin.shown
        )
    after = parse_address(joined, source="the redirect's URL")
    if after.url in passed:
        raise RedirectError(
            f"the server redirects in a circle, back to {after.shown}", where=origin.shown
        )
    if len(passed) > LIMIT:
        raise RedirectError(f"the server redirects more than {LIMIT} times", where=origin.shown)
    if (
        origin.scheme == "https"
        and after.scheme == "http"
        and not allows_insecure(after, insecure_hosts)
    ):
        raise RedirectError(
            f"the server redirects from https to plain http, to {after.shown}",
            where=origin.shown,
            hints=(f"If that host is to be trusted, say `--allow-insecure-host {after.netloc}`.",),
        )
    if after.login is None and after.origin == origin.origin:
        return replace(after, login=origin.login)
    return after
