"""pylock.toml: packaging's reading of it, in siteroot's words."""

import pytest

from siteroot.formats.pylock import parse_pylock
from siteroot.formats.uv_lock import LockSyntaxError, LockUnsupportedError

GOOD = """\
lock-version = "1.0"
created-by = "test"
requires-python = ">=3.9"

[[packages]]
name = "iniconfig"
version = "2.0.0"
wheels = [
    { url = "https://files.test/iniconfig-2.0.0-py3-none-any.whl", hashes = { sha256 = "abc" } },
]
"""


def test_a_lock_is_packagings_own() -> None:
    lock = parse_pylock(GOOD.encode(), "pylock.toml")
    assert [(package.name, str(package.version)) for package in lock.packages] == [
        ("iniconfig", "2.0.0")
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1.0"', '"one"', "pylock.toml: lock-version: Invalid version: 'one'"),
        ('lock-version = "1.0"\n', "", "pylock.toml: lock-version: Missing required value"),
        (
            'iniconfig"\n',
            'Ini.config"\n',
            "pylock.toml: packages[0].name: Name 'Ini.config' is not normalized",
        ),
        (
            '{ sha256 = "abc" }',
            "{}",
            "pylock.toml: packages[0].wheels[0].hashes: At least one hash must be provided",
        ),
        ("created-by", "created by", "pylock.toml:2:9: is not valid TOML: "),
        (
            "requires-python",
            "environments = []\nrequires-python",
            "pylock.toml: environments: is empty, which says that the lock is for no environment at all",
        ),
        (">=3.9", "=>3.9", "pylock.toml: requires-python: Invalid specifier: '=>3.9'"),
        (
            '>=3.9"',
            '>=3.9"\nextras = [1]',
            "pylock.toml: extras[0]: Unexpected type int (expected str)",
        ),
    ],
)
def test_a_broken_lock_is_refused_with_its_key_path(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(LockSyntaxError) as caught:
        parse_pylock(GOOD.replace(old, new, 1).encode(), "pylock.toml")
    assert str(caught.value).startswith(message)


def test_another_version_of_the_format_is_another_error_whatever_else_is_in_it() -> None:
    with pytest.raises(LockUnsupportedError) as caught:
        parse_pylock(b'lock-version = "2.0"\npackages = "moved"\n', "pylock.toml")
    assert (
        str(caught.value) == "pylock.toml: is a lock of version 2.0, and siteroot reads version 1"
    )
