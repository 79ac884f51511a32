import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.address import parse_address
from siteroot.index.hosts import Proxies, allows_insecure, choose_proxy, read_proxies

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("rule", "url", "direct"),
    [
        ("*", "https://h/", True),
        ("example.org", "https://example.org/", True),
        ("example.org", "https://a.b.example.org/", True),
        (".example.org", "https://a.example.org/", True),
        (".example.org", "https://example.org/", True),
        ("*.example.org", "https://a.example.org/", True),
        ("example.org", "https://myexample.org/", False),
        ("EXAMPLE.org", "https://Example.ORG/", True),
        ("example.org:8443", "https://example.org:8443/", True),
        ("example.org:8443", "https://example.org/", False),
        ("127.0.0.1", "http://127.0.0.1:8000/", True),
        ("127.0.0.1", "http://127.0.0.2/", False),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("::1", "http://[::1]:80/", True),
        ("[::1]", "http://[::1]/", True),
        ("fd00::/8", "http://[fd12::1]/", True),
        (".", "http://h/", False),
        ("/", "http://h/", False),
    ],
)
def test_no_proxy(rule: str, url: str, *, direct: bool) -> None:
    proxies = Proxies(http=PROXY, https=PROXY, bypass=("unrelated", rule))
    assert choose_proxy(proxies, parse_address(url)) == ("" if direct else PROXY)


def test_each_scheme_has_its_proxy() -> None:
    proxies = Proxies(http="a:1", https="https://b:2")
    assert choose_proxy(proxies, parse_address("http://h/")) == "http://a:1"
    assert choose_proxy(proxies, parse_address("https://h/")) == "https://b:2"
    assert choose_proxy(Proxies(), parse_address("https://h/")) == ""


@pytest.mark.parametrize(
    ("variables", "http", "https", "bypass"),
    [
        ({}, "", "", ()),
        ({"HTTP_PROXY": "a"}, "a", "", ()),
        ({"https_proxy": "b", "HTTPS_PROXY": "c"}, "", "b", ()),
        ({"ALL_PROXY": "d"}, "d", "d", ()),
        ({"all_proxy": "d", "http_proxy": "a"}, "a", "d", ()),
        ({"https_proxy": "", "HTTPS_PROXY": "c"}, "", "c", ()),
        ({"NO_PROXY": "x, .y ,,z"}, "", "", ("x", ".y", "z")),
    ],
)
def test_variables(
    variables: dict[str, str], http: str, https: str, bypass: tuple[str, ...]
) -> None:
    assert read_proxies(variables) == Proxies(http=http, https=https, bypass=bypass)


def test_settings_win_over_variables() -> None:
    variables = {"HTTP_PROXY": "a", "HTTPS_PROXY": "b", "NO_PROXY": "c"}
    found = read_proxies(variables, http="x", https="y", bypass=("z",))
    assert found == Proxies(http="x", https="y", bypass=("z",))


def test_a_proxys_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Proxies(http="http://u:hunter2@p", https="http://u:hunter2@p"))


@pytest.mark.parametrize(
    ("rule", "url", "allowed"),
    [
        ("example.org", "https://example.org/", True),
        ("example.org", "https://example.org:8443/", True),
        ("example.org:8443", "https://example.org:8443/", True),
        ("example.org:8443", "https://example.org/", False),
        ("https://example.org", "https://example.org/", True),
        ("https://example.org", "https://example.org:8443/", False),
        ("http://example.org", "https://example.org/", False),
        ("example.org", "https://a.example.org/", False),
        ("[::1]:444", "https://[::1]:444/", True),
        ("*", "https://h/", True),
        ("", "https://h/", False),
    ],
)
def test_insecure_hosts(rule: str, url: str, *, allowed: bool) -> None:
    assert allows_insecure(parse_address(url), (rule,)) is allowed


@given(st.text(max_size=30))
def test_any_rule_is_answered(rule: str) -> None:
    address = parse_address("https://example.org/")
    assert allows_insecure(address, (rule,)) in {True, False}
    assert choose_proxy(Proxies(https=PROXY, bypass=(rule,)), address) in {"", PROXY}
