import pytest

from siteroot.index.address import UnusableUrlError, parse_address
from siteroot.index.redirect import LIMIT, RedirectError, follow_redirect

FROM = parse_address("https://user:hunter2@files.example.org/a/b.whl?x=1")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c.whl", "https://files.example.org/a/c.whl"),
        ("/c.whl", "https://files.example.org/c.whl"),
        ("//cdn.example.org/c.whl", "https://cdn.example.org/c.whl"),
        ("https://cdn.example.org:444/c?sig=s", "https://cdn.example.org:444/c?sig=s"),
        (" /c.whl ", "https://files.example.org/c.whl"),
        ("HTTPS://CDN.example.org/c#part", "https://cdn.example.org/c"),
    ],
)
def test_locations_are_joined(location: str, url: str) -> None:
    assert follow_redirect(FROM, location, passed={FROM.url}, insecure_hosts=()).url == url


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("/c.whl", True),
        ("https://files.example.org:443/c.whl", True),
        ("https://files.example.org:444/c.whl", False),
        ("https://cdn.example.org/c.whl", False),
        ("https://files.example.org.evil.example/c.whl", False),
        ("http://files.example.org/c.whl", False),
    ],
)
def test_a_login_stays_with_its_origin(location: str, *, kept: bool) -> None:
    after = follow_redirect(
        FROM, location, passed={FROM.url}, insecure_hosts=("files.example.org",)
    )
    assert (after.login == FROM.login) is kept
    assert kept or after.login is None


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "not where to"),
        ("file:///etc/passwd", "`file`"),
        ("ftp://h/x", "`ftp`"),
        ("http://files.example.org/b", "plain http"),
        ("b.whl?x=1", "circle"),
    ],
)
def test_refused(location: str, words: str) -> None:
    with pytest.raises(RedirectError, match=words) as caught:
        follow_redirect(FROM, location, passed={FROM.url}, insecure_hosts=())
    assert "hunter2" not in f"{caught.value}{caught.value.hints}"


@pytest.mark.parametrize("location", ["https://[::1/x", "https://h:99999/x", "https://:80/x"])
def test_senseless_locations(location: str) -> None:
    with pytest.raises((UnusableUrlError, RedirectError)):
        follow_redirect(FROM, location, passed={FROM.url}, insecure_hosts=())


def test_an_allowed_host_may_be_reached_by_plain_http() -> None:
    after = follow_redirect(
        FROM, "http://plain.example.org/x", passed=(), insecure_hosts=("plain.example.org",)
    )
    assert after.scheme == "http"


def test_not_for_ever() -> None:
    passed = {f"https://files.example.org/{number}" for number in range(LIMIT)}
    follow_redirect(FROM, "/next", passed=passed, insecure_hosts=())
    with pytest.raises(RedirectError, match="more than 10"):
        follow_redirect(FROM, "/next", passed=passed | {FROM.url}, insecure_hosts=())
