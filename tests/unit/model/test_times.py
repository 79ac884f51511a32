"""Derived times: a function of content and names, which zip, tar and every clock can tell."""

import hashlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from siteroot.model.times import derive_folder_mtime, derive_mtime


@given(st.binary(min_size=32, max_size=32))
def test_a_files_time_is_an_even_second_between_1980_and_1997(digest: bytes) -> None:
    time = derive_mtime(digest)
    assert time % 2 == 0
    assert 1980 <= datetime.fromtimestamp(time, UTC).year <= 1997


def test_the_times_are_those_of_every_release() -> None:
    # Roots that are there have them: another rule would move every tar.
    assert derive_mtime(bytes(32)) == 315_619_200
    assert derive_mtime(b"\xff" * 32) == 315_619_200 + 2 * (2**28 - 1)
    joined = hashlib.sha256(b"a\0b").digest()
    assert derive_folder_mtime(["a", "b"]) == derive_mtime(joined)


def test_equal_sizes_do_not_hide_a_change() -> None:
    one, other = hashlib.sha256(b"x = 1").digest(), hashlib.sha256(b"x = 2").digest()
    assert derive_mtime(one) != derive_mtime(other)
    assert derive_folder_mtime(["a"]) != derive_folder_mtime(["b"])


def test_names_that_are_no_text_have_a_time_too() -> None:
    assert derive_folder_mtime(["\udcff"]) == derive_mtime(hashlib.sha256(b"\xff").digest())
