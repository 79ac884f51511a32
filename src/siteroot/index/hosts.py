"""Which hosts a rule speaks of: those that need no verification, and those that are reached without a proxy."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network

from siteroot.model.value import dataclass, field

from .address import DEFAULT_PORTS, Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxy for each scheme ("" where there is none), and the hosts that are reached without."""

    http: str = field(default="", repr=False)
    https: str = field(default="", repr=False)
    bypass: tuple[str, ...] = ()


def read_proxies(
    variables: Mapping[str, str],
    *,
    http: str | None = None,
    https: str | None = None,
    bypass: tuple[str, ...] = (),
) -> Proxies:
    """Return the proxies that settings (the keywords) and variables name; settings win.

    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY count in both cases, the lower one first as curl has it.
    """

    def variable(name: str) -> str:
        return (variables.get(name.lower()) or variables.get(name) or "").strip()

    every = variable("ALL_PROXY")
    names = bypass or tuple(name.strip() for name in variable("NO_PROXY").split(","))
    return Proxies(
        http=http or variable("HTTP_PROXY") or every,
        https=https or variable("HTTPS_PROXY") or every,
        bypass=tuple(name for name in names if name),
    )


def choose_proxy(proxies: Proxies, address: Address) -> str:
    """Return the URL of the proxy that an address is asked through, "" where none."""
    proxy = proxies.https if address.scheme == "https" else proxies.http
    if not proxy or any(_bypasses(rule, address) for rule in proxies.bypass):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def allows_insecure(address: Address, hosts: Iterable[str]) -> bool:
    """Whether `--allow-insecure-host` names an address: by host, host:port, or with a scheme before."""
    for rule in hosts:
        scheme, separator, rest = rule.strip().lower().rpartition("://")
        host, port = _split_port(rest.rstrip("/"))
        if separator and scheme != address.scheme:
            continue
        wanted = port or (DEFAULT_PORTS.get(scheme) if separator else None)
        if host in (address.host, "*") and wanted in (None, address.port):
            return True
    return False


def _bypasses(rule: str, address: Address) -> bool:
    """Whether one entry of NO_PROXY names an address: `*`, a domain and all below it, an IP or a network."""
    rule = rule.lower()
    if rule == "*":
        return True
    try:
        return ip_address(address.host) in ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        pass
    host, port = _split_port(rule)
    domain = host.removeprefix("*").lstrip(".")
    named = address.host == domain or address.host.endswith(f".{domain}")
    return bool(domain) and named and port in (None, address.port)


def _split_port(text: str) -> tuple[str, int | None]:
    """Return host and port of "host", "host:port", "[v6]:port" or a bare IPv6 address."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        return text, None
    return host, int(port) if port.isascii() and port.isdigit() else None
