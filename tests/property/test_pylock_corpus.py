"""Real pylock.toml files."""

import pytest

from siteroot.formats.pylock import parse_pylock
from siteroot.formats.uv_lock import LockSyntaxError
from support.corpus import corpus_files


@pytest.mark.skipif(
    not corpus_files("pylock.toml"), reason="no corpus: SITEROOT_CORPUS does not name one"
)
def test_real_locks() -> None:
    read, refused = [], []
    for path in corpus_files("pylock*.toml"):
        try:
            read.append(len(parse_pylock(path.read_bytes(), path.name).packages))
        except LockSyntaxError as error:
            faults = [line.strip().partition(":")[0] for line in error.message.splitlines()]
            refused.append((path.parent.name, *faults))
    assert sorted(read) == [38, 39, 40]
    names = [f"packages[{index}].name" for index in (31, 32, 33)]  # jaraco.classes and the like
    assert refused == [("pipenv", "4 faults", "environments", *names)]
