import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.address import UnusableUrlError, parse_address, show_url


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://h/a", "https://h/a"),
        ("HTTPS://H:443/a?b=c#d", "https://h/a?b=c"),
        ("http://h:8080", "http://h:8080/"),
        ("http://u:p@[::1]:80/a%20b", "http://[::1]/a%20b"),
    ],
)
def test_url_without_credentials(url: str, clean: str) -> None:
    assert parse_address(url).url == clean


def test_userinfo_is_decoded() -> None:
    login = parse_address("https://us%40er:p%3Aw%C3%A9@h/x").login
    assert login is not None
    assert (login.username, login.password) == ("us@er", "p:wé")
    assert base64.b64decode(login.authorization.removeprefix("Basic ")).decode() == "us@er:p:wé"


def test_no_userinfo_no_login() -> None:
    assert parse_address("https://h/x").login is None
    assert parse_address("https://@h/x").login is None


def test_nothing_secret_is_shown() -> None:
    address = parse_address("https://tok:hunter2@h/x?X-Signature=s3cret#frag")
    for text in (repr(address), address.shown, repr(address.login)):
        assert not any(secret in text for secret in ("tok", "hunter2", "s3cret"))
    assert address.shown == "https://h/x?…"


@pytest.mark.parametrize(
    "url",
    [
        "https:///x", "https://h:x/", "https://h:70000/", "https://[::1/", "ftp://h/x",
        "git+https://h/x", "https://u:hunter2@h:pw/", "https://u:hunter2@[h/", "x", "",
    ],
)  # fmt: skip
def test_senseless_urls_are_refused_in_words(url: str) -> None:
    with pytest.raises(UnusableUrlError) as caught:
        parse_address(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://[h/f/a-1.whl?token=hunter2", "http://[h/f/a-1.whl"),
        ("http://u:hunter2@[h/a?x=hunter2", "http://[h/a"),
        ("http://u:hunt@er2@[h/a", "http://[h/a"),
        ("http://[u:hunter2?x@h/a", "a URL that cannot be understood"),
    ],
)
def test_a_url_without_parts_is_shown_as_far_as_it_holds_no_secret(url: str, shown: str) -> None:
    assert show_url(url) == shown
    with pytest.raises(UnusableUrlError, match="cannot be understood") as caught:
        parse_address(url)
    assert caught.value.where == shown


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_address("https://" + text)
    except UnusableUrlError:
        return
    assert address.host


@given(
    st.text("abcXYZ019%-._~:", min_size=9, max_size=20),
    st.sampled_from(["https://u:{}@h/x", "https://{}@h:8/x", "http://{}:x@[::1]/a?b"]),
)
def test_show_url_hides_userinfo(secret: str, form: str) -> None:
    assert secret not in show_url(form.format(secret))


@pytest.mark.parametrize(
    ("location", "shown"),
    [("/a/b?c.whl", "/a/b?c.whl"), ("file:///a/b", "file:///a/b"), ("https://[x", "https://[x")],
)
def test_show_url_of_other_things(location: str, shown: str) -> None:
    assert show_url(location).startswith(shown)
