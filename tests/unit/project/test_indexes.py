"""Which indexes are searched, and how far a search goes."""

import pytest

from siteroot.model.settings import IndexSetting, MirrorSetting, Settings
from siteroot.project.indexes import Search, choose_mirror, order_indexes, plain_index

A, B = "https://a.example/simple", "https://b.example/simple"
PYPI = "https://pypi.org/simple"


def searched(*indexes: IndexSetting, no_index: bool = False) -> list[str]:
    settings = Settings(indexes=indexes, no_index=no_index)
    return [index.url for index in order_indexes(settings).searched]


def test_where_nothing_is_said_pypi_is_searched() -> None:
    assert searched() == [PYPI]
    assert searched(no_index=True) == []


def test_the_default_comes_last_and_replaces_pypi() -> None:
    assert searched(IndexSetting(url=A, default=True), IndexSetting(url=B)) == [B, A]
    assert searched(IndexSetting(url=A), IndexSetting(url=B)) == [A, B, PYPI]
    nearer = IndexSetting(url=B, default=True)
    assert searched(nearer, IndexSetting(url=A, default=True)) == [B]


def test_an_explicit_index_is_asked_by_its_url_alone() -> None:
    explicit = IndexSetting(url=f"{A}/", name="a", explicit=True, authenticate="always")
    order = order_indexes(Settings(indexes=(explicit,)))
    assert [index.url for index in order.searched] == [PYPI]
    assert order.one(A) == explicit
    assert order.one(B) == IndexSetting(url=B)


def test_an_explicit_default_leaves_nothing_to_search() -> None:
    assert searched(IndexSetting(url=A, name="a", explicit=True, default=True)) == []


def test_of_one_name_and_of_one_url_the_first_counts() -> None:
    first = IndexSetting(url=A, name="x")
    assert searched(first, IndexSetting(url=B, name="x")) == [A, PYPI]
    twin = IndexSetting(url="https://ann:pw@a.example/simple/")
    assert searched(first, twin) == [A, PYPI]


@pytest.mark.parametrize("strategy", [None, "first-index"])
def test_by_first_index_a_page_or_a_refusal_ends_the_search(strategy: str | None) -> None:
    order = order_indexes(Settings(index_strategy=strategy))
    index = IndexSetting(url=A)
    assert order.after(index, found=True, status=None) is Search.FOUND
    assert order.after(index, found=False, status=404) is Search.NEXT
    assert order.after(index, found=False, status=None) is Search.NEXT
    assert order.after(index, found=False, status=401) is Search.ENDED
    assert order.after(index, found=False, status=403) is Search.ENDED


@pytest.mark.parametrize(
    ("index", "status", "search"),
    [
        (IndexSetting(url=A, ignore_error_codes=(403,)), 403, Search.NEXT),
        (IndexSetting(url=A, ignore_error_codes=(403,)), 401, Search.ENDED),
        (IndexSetting(url=A, ignore_error_codes=()), 403, Search.ENDED),
        (IndexSetting(url="https://download.pytorch.org/whl/cpu"), 403, Search.NEXT),
        (IndexSetting(url="https://download.pytorch.org/whl/cpu"), 401, Search.ENDED),
        (IndexSetting(url="https://download.pytorch.org.evil.example/"), 403, Search.ENDED),
    ],
)
def test_statuses_that_an_index_says_absent_by(
    index: IndexSetting, status: int, search: Search
) -> None:
    assert order_indexes(Settings()).after(index, found=False, status=status) is search


@pytest.mark.parametrize("strategy", ["unsafe-first-match", "unsafe-best-match"])
def test_by_the_unsafe_strategies_every_index_is_asked(strategy: str) -> None:
    order = order_indexes(Settings(index_strategy=strategy))
    assert order.after(IndexSetting(url=A), found=True, status=None) is Search.NEXT
    assert order.after(IndexSetting(url=A), found=False, status=401) is Search.NEXT


@pytest.mark.parametrize(
    ("replaced", "place", "is_it"),
    [
        (A, A, True),
        (f"{A}/", A, True),
        ("https://a.example", f"{A}/x/a-1.zip?sig=1", True),
        ("HTTPS://A.example/simple", f"{A}/x", True),
        (A, "https://ann:pw@a.example/simple/x", True),
        ("https://a.exam", A, False),
        (A, "https://a.example/simpler", False),
        (A, "https://a.example/SIMPLE", False),
        (A, "http://a.example/simple", False),
        (A, "/wheels/a-1.zip", False),
    ],
)
def test_what_a_mirror_stands_in_for(replaced: str, place: str, *, is_it: bool) -> None:
    mirror = MirrorSetting(replaced=replaced, url=B)
    assert choose_mirror((mirror,), (place,)) == (mirror if is_it else None)


def test_urls_are_compared_as_locks_write_them() -> None:
    assert plain_index("https://ann:p@w@a.example/simple/") == A
    assert plain_index("/folder/") == "/folder/"
