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
            "pylock.toml: packages[0].wheels[0].hashes (iniconfig): At least one hash must be provided",
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


def faults(text: str) -> list[str]:
    """Return what the error tells, one fault each."""
    with pytest.raises(LockSyntaxError) as caught:
        parse_pylock(text.encode(), "pylock.toml")
    first, *rest = caught.value.message.splitlines()
    assert not rest or first == f"{len(rest)} faults:"
    return [line.strip() for line in rest] or [first]


def test_all_faults_are_told_at_once() -> None:
    """Of the file's own keys, of several packages, of several files of one package and of one file."""
    assert faults("""\
lock-version = "1.0"
requires-python = "=>3.9"
environments = ["os_name == 'nt'", "nonsense"]
extras = ["Not.Normal", 3]

[[packages]]
name = "one"
version = "first"
marker = "sys_platform = 'x'"
wheels = [
    { url = "https://files.test/one-1-py3-none-any.whl", hashes = {}, size = "big" },
    3,
    { url = 3, hashes = { sha256 = "a" } },
]

[[packages]]
name = "two"
version = "2"
wheels = [
    { url = "https://files.test/other-2-py3-none-any.whl", hashes = { sha256 = "a" } },
    { url = "https://files.test/two-2-py3-none-any.whl", hashes = { sha256 = "a" } },
    { url = "https://files.test/two-3-py3-none-any.whl", hashes = { sha256 = "a" } },
    { hashes = { sha256 = "a" } },
]

[[packages]]
name = "three"

[[packages]]
version = "4"
vcs = { type = "git", url = "https://git.test/four" }
""") == [
        "environments[1]: Expected a marker variable or quoted string",
        "extras[1]: Unexpected type int (expected str)",
        "extras[0]: Name 'Not.Normal' is not normalized",
        "created-by: Missing required value",
        "requires-python: Invalid specifier: '=>3.9'",
        "packages[0].version (one): Invalid version: 'first'",
        "packages[0].marker (one): Expected marker operator, one of <=, <, !=, ==, >=, >, ~=, ===, in, not in",
        "packages[0].wheels[1] (one): Unexpected type int (expected Mapping)",
        "packages[0].wheels[0].size (one): Unexpected type str (expected int)",
        "packages[0].wheels[0].hashes (one): At least one hash must be provided",
        "packages[0].wheels[2].url (one): Unexpected type int (expected str)",
        "packages[1].wheels[3] (two): path or url must be provided",
        "packages[1].wheels[0] (two): Name in 'other-2-py3-none-any.whl' is not consistent with package name 'two'",
        "packages[1].wheels[2] (two): Version in 'two-3-py3-none-any.whl' is not consistent with package version '2'",
        "packages[2] (three): Exactly one of vcs, directory, archive must be set if sdist and wheels are not set",
        "packages[3].name: Missing required value",
        "packages[3].vcs.commit-id: Missing required value",
    ]


FILE = 'hashes = { sha256 = "a" }'


@pytest.mark.parametrize(
    ("package", "path"),
    [
        (f'wheels = [{{ url = "https://me:hidden@x.test/a-1-py3-none-any.whl", {FILE} }}]', "wheels[0].url"),
        (f'wheels = [{{ url = "https://hidden@x.test/a-1-py3-none-any.whl", {FILE} }}]', "wheels[0].url"),
        (f'wheels = [{{ url = "https://me:hid/den@x.test/hidden", {FILE} }}]', "wheels[0].url"),
        (f'sdist = {{ url = "https://me:hidden@x.test/a-1.tar.gz", {FILE} }}', "sdist.url"),
        (f'archive = {{ url = "https://me:hidden@x.test/a-1.tar.gz", {FILE} }}', "archive.url"),
        ('vcs = { type = "git", url = "https://hidden@x.test/a", commit-id = "1" }', "vcs.url"),
        ('directory = { path = "." }\nindex = "https://me:hidden@x.test/simple"', "index"),
        (f'sdist = {{ url = "me:hidden@x.test", {FILE} }}', "sdist.url"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", ["", "[[packages]]\nname = 3\n"])
def test_credentials_in_urls_are_refused_and_not_shown(package: str, path: str, more: str) -> None:
    """Whether or not the lock has other faults."""
    head = 'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "a"\nversion = "1"\n'
    told = faults(f"{head}{package}\n{more}")
    assert told[0].startswith(f"packages[0].{path} (a): ")
    assert "hid" not in "".join(told)


def test_a_user_name_that_is_no_secret_passes() -> None:
    url = "ssh://git@x.test/a"
    vcs = f'vcs = {{ type = "git", url = "{url}", commit-id = "1" }}\n'
    head = 'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "a"\n'
    lock = parse_pylock(f"{head}{vcs}".encode(), "pylock.toml")
    assert [package.vcs and package.vcs.url for package in lock.packages] == [url]
