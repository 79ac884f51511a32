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
            refused.append((path.parent.name, error.message.partition(":")[0]))
    assert sorted(read) == [38, 39, 40]
    assert refused == [("pipenv", "environments")]
