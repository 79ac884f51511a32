"""Credentials go out of every URL of a text, and nothing else does."""

import pytest

from siteroot.formats.credentials import without_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://u:PW@h/x", "http://h/x"),
        ("a @ http://u:PW@h/x y", "a @ http://h/x y"),
        ("git+https://PW@h/r@main#egg=x", "git+https://h/r@main#egg=x"),
        ("http://h/a http://u:PW@h/b (http://u:PW@h/c)", "http://h/a http://h/b (http://h/c)"),
        ("-ihttp://u:PW@h", "-ihttp://h"),
        ("x=http://u:PW@h/s", "x=http://h/s"),
        # what a person may write that is no URL
        ("a @ http://u:PW@[h/x", "a @ http://[h/x"),
        ("http://u:PW@x@h/", "http://h/"),
        ("http://u:'PW@h/", "http://h/"),
        ("http://u:a/PW@h:1/simple", "http://h:1/simple"),
        ("http://u:a PW@h:1/simple", "http://h:1/simple"),
        ("http://u:?PW@h", "http://h"),
        ("u:PW@h:x", "h:x"),
        ("git+u:PW@h:x", "h:x"),
        ("/home/a[b @ http:/u:PW@h", "/home/a[b @ http:/h"),
        # the user of ssh is a part of the place
        ("git+ssh://git@h/r@v1", "git+ssh://git@h/r@v1"),
        ("ssh://me:PW@h/r", "ssh://me@h/r"),
        ("https://git@h/r", "https://git@h/r"),
        ("https://git:PW@h/r", "https://h/r"),
    ],
)
def test_credentials_go(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
    assert without_credentials(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://h:80/x@1",
        "http://[::1]:80/a@b",
        "https://[::1]/a, says x@y",
        "unable to access 'http://h:1/x/': ask a@b",
        "http://h: ask a@b",
        "r.txt:3: a@b",
        "file:///a@b",
        "git@h:a/b",
        'a @ file:///x ; python_version > "3"',
    ],
)
def test_all_else_stays(text: str) -> None:
    assert without_credentials(text) == text
