"""Paths as URLs and back: RFC 8089 knows bytes, and so does a disk."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from siteroot.model.file_url import file_url, unquoted_path

URLS = {
    "/a b/c": "file:///a%20b/c",
    "/50%/#1?": "file:///50%25/%231%3F",
    "/é": "file:///%C3%A9",
    "/\udcff": "file:///%FF",
}


@pytest.mark.parametrize("path", URLS)
def test_a_path_comes_back_from_its_url(path: str) -> None:
    url = file_url(path)
    assert url == URLS[path]
    assert unquoted_path(urlsplit(url).path) == path
    assert "\udcff" in path or url == Path(path).as_uri()
