"""A lock with every source kind, and a table of broken ones: what siteroot says of each, and whether uv refuses it."""

from dataclasses import dataclass

SHA256 = "b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374"
COMMIT = "7fc59da2c4dff919db2095a0f0e47101b657131d"

#: One project, one distribution of an index.
PLAIN = f"""\
version = 1
revision = 3
requires-python = ">=3.8"

[[package]]
name = "app"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "iniconfig" }},
]

[package.optional-dependencies]
x = [
    {{ name = "iniconfig" }},
]

[package.metadata]
requires-dist = [
    {{ name = "iniconfig" }},
    {{ name = "iniconfig", marker = "extra == 'x'" }},
]
provides-extras = ["x"]

[[package]]
name = "iniconfig"
version = "2.0.0"
source = {{ registry = "https://index.test/simple" }}
sdist = {{ url = "https://files.test/a/iniconfig-2.0.0.tar.gz", hash = "sha256:{SHA256}", size = 4646 }}
wheels = [
    {{ url = "https://files.test/b/iniconfig-2.0.0-py3-none-any.whl", hash = "sha256:{SHA256}", size = 5892 }},
]
"""

_OTHER_VERSION = f"""
[[package]]
name = "iniconfig"
version = "1.1.1"
source = {{ registry = "https://index.test/simple" }}
sdist = {{ url = "https://files.test/a/iniconfig-1.1.1.tar.gz", hash = "sha256:{SHA256}" }}
"""
_REGISTRY = 'registry = "https://index.test/simple"'
_ALL = f"source = {{ {_REGISTRY} }}"
_SDIST = PLAIN[PLAIN.index("sdist =") : PLAIN.index("wheels =")]
_EDGE = '    { name = "iniconfig" },\n'
_WHEEL = "iniconfig-2.0.0-py3-none-any.whl"
_HASH = f', hash = "sha256:{SHA256}", size = 5892'
_SECOND = PLAIN[PLAIN.index('[[package]]\nname = "iniconfig"') :]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A lock, the end of siteroot's message (None: it is read), and whether uv refuses it."""

    text: str
    fault: str | None
    uv_refuses: bool


def _change(old: str, new: str, fault: str | None, *, uv_refuses: bool | None = None) -> Case:
    """Make the plain lock with one text replaced. uv mostly refuses what siteroot refuses."""
    assert old in PLAIN
    refuses = fault is not None if uv_refuses is None else uv_refuses
    return Case(text=PLAIN.replace(old, new, 1), fault=fault, uv_refuses=refuses)


def _top(line: str, fault: str | None, *, uv_refuses: bool | None = None) -> Case:
    return _change("revision = 3\n", f"revision = 3\n{line}\n", fault, uv_refuses=uv_refuses)


def _edge(row: str, fault: str | None, *, more: str = "") -> Case:
    text = PLAIN.replace(_EDGE, f"    {row},\n", 1) + more
    return Case(text=text, fault=fault, uv_refuses=fault is not None)


CASES = {
    # read by both
    "plain": Case(text=PLAIN, fault=None, uv_refuses=False),
    "windows newlines": Case(text=PLAIN.replace("\n", "\r\n"), fault=None, uv_refuses=False),
    "byte order mark": Case(text="\ufeff" + PLAIN, fault=None, uv_refuses=False),
    "higher revision, unknown key": _change("revision = 3", "revision = 99\nnew = [1]", None),
    "no revision": _change("revision = 3\n", "", None),
    "several source kinds": _change(_ALL, f'source = {{ path = "x", {_REGISTRY} }}', None),
    "wheel with a local version": _change(_WHEEL, _WHEEL.replace("2.0.0", "2.0.0+cpu"), None),
    "upper-case hash": _change(_HASH, _HASH.replace(SHA256, SHA256.upper()), None),
    "no registry hash": _change(_HASH, "", None),
    "one edge for each platform": _edge(
        """{ name = "iniconfig", marker = "sys_platform == 'linux'" },
        { name = "iniconfig", marker = "sys_platform != 'linux'" }""",
        None,
    ),
    "unambiguous version": _edge('{ name = "iniconfig", version = "2.0" }', None),
    "whole edge among two": Case(
        text=PLAIN.replace(
            _EDGE, f'    {{ name = "iniconfig", version = "2.0.0", source = {{ {_REGISTRY} }} }},\n'
        )
        + _OTHER_VERSION,
        fault=None,
        uv_refuses=False,
    ),
    "unknown extra": _edge('{ name = "iniconfig", extra = ["zz"] }', None),
    "old upload_time": _change("size = 5892", 'upload_time = "2022-10-25T02:36:20.889Z"', None),
    "direct sdist without hash": Case(
        text=PLAIN.replace(_ALL, 'source = { url = "https://files.test/iniconfig-2.0.0.tar.gz" }')
        .replace(_SDIST, "sdist = { }\n")
        .split("wheels =", maxsplit=1)[0],
        fault=None,
        uv_refuses=False,
    ),
    "scoped exclusion": _top(
        'manifest = { excludes = ["a", { package = { name = "b" }, dependencies = ["c"] }] }', None
    ),
    "scoped override": _top(
        'manifest = { overrides = [{ package = { name = "b" }, dependencies = [{ name = "c" }] }] }',
        None,
    ),
    "default groups all": _change(
        '{ virtual = "." }', '{ virtual = "." }\ndefault-groups = "all"', None
    ),
    "the key's old name": Case(
        text=PLAIN.replace("[[package]]", "[[distribution]]").replace(
            "[package.", "[distribution."
        ),
        fault=None,
        uv_refuses=False,
    ),
    "old name of the groups": _change(
        "[package.metadata]", "[package.dependency-groups]\ndev = []\n\n[package.metadata]", None
    ),
    "conflict marker": _edge(
        """{ name = "iniconfig", marker = "extra == 'extra-3-app-x'" }""", None
    ),
    # refused by both
    "not TOML": _change("version = 1", "version = = 1", ":1:11: is not valid TOML: "),
    "version 2": _change(
        "version = 1", "version = 2", ": is a lock of version 2, and siteroot reads version 1"
    ),
    "no version": _change("version = 1\n", "", "version: is missing"),
    "version a string": _change(
        "version = 1", 'version = "1"', "version: is a string where an integer is expected"
    ),
    "version negative": _change("version = 1", "version = -1", "version: is negative"),
    "version of 5000 digits": Case(text=f"version = {'9' * 5000}", fault=": ", uv_refuses=True),
    "size too large": _change(
        "size = 5892",
        f"size = {2**64}",
        "package[1].wheels[0].size (iniconfig 2.0.0): is too large",
    ),
    "revision a string": _change(
        "revision = 3", 'revision = ""', "revision: is a string where an integer is expected"
    ),
    "no requires-python": _change('requires-python = ">=3.8"\n', "", "requires-python: is missing"),
    "bad requires-python": _change(">=3.8", ">>3.8", "requires-python: Invalid specifier: '>>3.8'"),
    "no name": _change('name = "iniconfig"\nversion', "version", "package[1].name: is missing"),
    "bad name": _change(
        'name = "iniconfig"\nversion',
        'name = "ini config"\nversion',
        "package[1].name: is not a name of letters, digits, '-', '_' and '.'",
    ),
    "no source": _change(_ALL, "", "package[1].source (iniconfig 2.0.0): is missing"),
    "unknown source": _change(
        _ALL,
        'source = { moon = "x" }',
        "package[1].source (iniconfig 2.0.0): names none of registry, git, url, path, directory, editable, virtual",
    ),
    "source a string": _change(
        _ALL,
        'source = "x"',
        "package[1].source (iniconfig 2.0.0): is a string where a table is expected",
    ),
    "bad version": _change(
        'version = "2.0.0"', 'version = "x y"', "package[1].version: Invalid version: 'x y'"
    ),
    "no registry version": _change(
        'version = "2.0.0"\n',
        "",
        "package[1].version (iniconfig): is missing, and only a source tree may have none",
    ),
    "bad marker": _edge(
        '{ name = "iniconfig", marker = "foo bar" }',
        "package[0].dependencies[0].marker (app 1.0): Expected a marker variable or quoted string",
    ),
    "bad fork marker": _top(
        'resolution-markers = ["x"]',
        "resolution-markers[0]: Expected a marker variable or quoted string",
    ),
    "fork marker a number": _top(
        "resolution-markers = [1]",
        "resolution-markers[0]: is an integer where a string is expected",
    ),
    "no wheel's name": _change(
        _WHEEL,
        "iniconfig-2.0.0.whl",
        "package[1].wheels[0] (iniconfig 2.0.0): is iniconfig-2.0.0.whl, which is not the name of a wheel",
    ),
    "not a wheel": _change(
        _WHEEL,
        "iniconfig-2.0.0-py3-none-any.zip",
        "is iniconfig-2.0.0-py3-none-any.zip, which is not the name of a wheel",
    ),
    "wheel of another version": _change(
        _WHEEL,
        "iniconfig-2.0.1-py3-none-any.whl",
        "is iniconfig-2.0.1-py3-none-any.whl, a wheel of another version",
    ),
    "wheels a number": _change(
        "wheels = [",
        "wheels = 3\nold = [",
        "package[1].wheels (iniconfig 2.0.0): is an integer where an array is expected",
    ),
    "no url": _change(
        'url = "https://files.test/b/iniconfig-2.0.0-py3-none-any.whl", ',
        "",
        "package[1].wheels[0].url (iniconfig 2.0.0): is missing",
    ),
    "unknown hash": _change(
        _HASH,
        f', hash = "sha1:{SHA256}"',
        "package[1].wheels[0].hash (iniconfig 2.0.0): does not begin with one of"
        " md5, sha256, sha384, sha512, blake2b and a colon",
    ),
    "short hash": _change(
        _HASH,
        f', hash = "sha256:{SHA256[1:]}"',
        "does not hold the 64 hexadecimal digits of sha256",
    ),
    "hash of spaces": _change(
        _HASH,
        f', hash = "sha256:{"ab " * 21}a"',
        "does not hold the 64 hexadecimal digits of sha256",
    ),
    "hash of letters": _change(
        _HASH, f', hash = "sha256:{"z" * 64}"', "does not hold the 64 hexadecimal digits of sha256"
    ),
    "hash a number": _change(
        _HASH, ", hash = 5", "hash (iniconfig 2.0.0): is an integer where a string is expected"
    ),
    "negative size": _change(
        "size = 5892", "size = -1", "package[1].wheels[0].size (iniconfig 2.0.0): is negative"
    ),
    "size true": _change(
        "size = 5892",
        "size = true",
        "size (iniconfig 2.0.0): is true or false where an integer is expected",
    ),
    "package twice": Case(
        text=f"{PLAIN}\n{_SECOND}",
        fault="package[2] (iniconfig 2.0.0): stands in the lock twice, with one name, version and source",
        uv_refuses=True,
    ),
    "edge twice": _edge(
        '{ name = "iniconfig" }, { name = "iniconfig" }',
        "package[0].dependencies[1] (app 1.0): names iniconfig a second time",
    ),
    "edge of an extra twice": _change(
        f"x = [\n{_EDGE}",
        f"x = [\n{_EDGE}{_EDGE}",
        "package[0].optional-dependencies.x[1] (app 1.0): names iniconfig a second time",
    ),
    "edge to nothing": _edge(
        '{ name = "six" }',
        "package[0].dependencies[0] (app 1.0): names six, which is not in the lock",
    ),
    "edge to no such version": _edge(
        '{ name = "iniconfig", version = "3" }',
        "names iniconfig 3, which the lock has from another source or not at all",
    ),
    "edge to no such source": _edge(
        '{ name = "iniconfig", source = { registry = "https://other.test" } }',
        "names iniconfig 2.0.0, which the lock has from another source or not at all",
    ),
    "ambiguous edge": _edge(
        '{ name = "iniconfig", version = "2.0.0" }',
        "package[0].dependencies[0] (app 1.0): names iniconfig, which the lock has 2 times, without its source",
        more=_OTHER_VERSION,
    ),
    "edge without version": _edge(
        f'{{ name = "iniconfig", source = {{ {_REGISTRY} }} }}',
        "package[0].dependencies[0] (app 1.0): names iniconfig, which the lock has 2 times, without its version",
        more=_OTHER_VERSION,
    ),
    "extra a string": _edge(
        '{ name = "iniconfig", extra = "x" }',
        "package[0].dependencies[0].extra (app 1.0): is a string where an array is expected",
    ),
    "bad extra": _change(
        "x = [\n",
        '"x y" = [\n',
        "package[0].optional-dependencies.x y (app 1.0): is not a name of letters, digits, '-', '_' and '.'",
    ),
    "git wheel with a hash": Case(
        text=PLAIN.replace(
            f"{_ALL}\n{_SDIST}", f'source = {{ git = "https://git.test/a#{COMMIT}" }}\n'
        ),
        fault="package[1].wheels[0].hash (iniconfig 2.0.0): is given for a source tree",
        uv_refuses=True,
    ),
    "git without commit": _change(
        _ALL,
        'source = { git = "https://git.test/a" }',
        "package[1].source.git (iniconfig 2.0.0): does not end in # and a full commit of 40 hexadecimal digits",
    ),
    "git, short commit": _change(
        _ALL,
        'source = { git = "https://git.test/a#7fc59da" }',
        "does not end in # and a full commit of 40 hexadecimal digits",
    ),
    "git, two commits": _change(
        _ALL,
        f'source = {{ git = "https://git.test/a?rev={"b" * 40}#{COMMIT}" }}',
        "package[1].source.git (iniconfig 2.0.0): asks for one commit with rev= and is locked to another",
    ),
    "git, no URL": _change(
        _ALL, f'source = {{ git = "git@git.test:a#{COMMIT}" }}', "is not an absolute URL"
    ),
    "direct wheel without hash": Case(
        text=PLAIN.replace(
            f"{_ALL}\n{_SDIST}", f'source = {{ url = "https://files.test/{_WHEEL}" }}\n'
        ).replace(_HASH, ""),
        fault="package[1].wheels[0].hash (iniconfig 2.0.0): is missing",
        uv_refuses=True,
    ),
    "conflict of an extra and a group": _top(
        'conflicts = [[{ package = "app", extra = "x", group = "y" }, { package = "app" }]]',
        "conflicts[0][0]: names both an extra and a group",
    ),
    "conflict of one": _top(
        'conflicts = [[{ package = "app", extra = "x" }]]',
        "conflicts[0]: is a conflict of fewer than two",
    ),
    "conflict with itself": _top(
        'conflicts = [[{ package = "app", extra = "x" }, { package = "app", extra = "x" }]]',
        "conflicts[0]: holds the same twice",
    ),
    "flat conflicts": _top(
        'conflicts = [{ package = "app", extra = "x" }]',
        "conflicts[0]: is a table where an array is expected",
    ),
    "bad member": _top(
        'manifest = { members = ["a b"] }',
        "manifest.members[0]: is not a name of letters, digits, '-', '_' and '.'",
    ),
    "bad requirement": _change(
        '    { name = "iniconfig", marker = "extra == \'x\'" },',
        '    { name = "iniconfig", specifier = "x" },',
        "package[0].metadata.requires-dist[1].specifier (app 1.0): Invalid specifier: 'x'",
    ),
    "default groups a number": _change(
        '{ virtual = "." }',
        '{ virtual = "." }\ndefault-groups = 3',
        "package[0].default-groups (app 1.0): is an integer where an array is expected",
    ),
    # siteroot is stricter
    "wheel of another name": _change(
        _WHEEL,
        "six-2.0.0-py3-none-any.whl",
        "is six-2.0.0-py3-none-any.whl, a wheel of another distribution",
        uv_refuses=False,
    ),
    "password for a file": _change(
        "https://files.test/b",
        "https://me:hunter2@files.test/b",
        "package[1].wheels[0].url (iniconfig 2.0.0): has a user name or password in it: put them into netrc and lock again",
        uv_refuses=False,
    ),
    "token for an index": _change(
        "https://index.test",
        "https://hunter2@index.test",
        "package[1].source.registry (iniconfig 2.0.0): has a user name or password in it: put them into netrc and lock again",
        uv_refuses=False,
    ),
    "relative url": _change(
        "https://files.test/b/",
        "b/",
        "package[1].wheels[0].url (iniconfig 2.0.0): is not an absolute URL",
        uv_refuses=False,
    ),
    "path in an index": _change(
        'url = "https://files.test/b/',
        'path = "',
        "package[1].wheels[0].url (iniconfig 2.0.0): is missing",
        uv_refuses=False,
    ),
    # siteroot does not look at what installing does not need
    "bad upload time": _change("size = 5892", 'upload-time = "x"', None, uv_refuses=True),
    "unknown resolution mode": _top('options = { resolution-mode = "x" }', None, uv_refuses=True),
    "bad cut-off": _top('options = { exclude-newer = "x" }', None, uv_refuses=True),
    "bad static metadata": _top(
        'manifest = { dependency-metadata = [{ name = "a", requires-dist = ["x y"] }] }',
        None,
        uv_refuses=True,
    ),
    "unknown key, deeply nested": _top(f"new = {'[' * 100}{']' * 100}", None, uv_refuses=True),
}
