"""What a uv.lock means, and what is said of a broken one."""

import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.formats.uv_lock import LockSyntaxError, LockUnsupportedError, parse_uv_lock
from siteroot.model.digest import Digest
from siteroot.model.lock import (
    ConflictItem,
    DirectorySource,
    EditableSource,
    FlatSource,
    GitSource,
    Lock,
    LockedDependency,
    LockedFile,
    LockedPackage,
    LockedRequirement,
    PathSource,
    RegistrySource,
    UrlSource,
    VirtualSource,
)
from support.uv_locks import CASES, COMMIT, PLAIN, SHA256, Case

HASH = f'hash = "sha256:{SHA256}"'
DIGESTS = (Digest("sha256", SHA256),)


def parse(text: str) -> Lock:
    return parse_uv_lock(text.encode(), "uv.lock")


def package(body: str, name: str = "Some_Thing", version: str = 'version = "1.0"') -> LockedPackage:
    """Parse a lock of one package."""
    head = f'version = 1\nrequires-python = ">=3.8"\n[[package]]\nname = "{name}"\n{version}\n'
    return parse(head + body).packages[0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_lock_is_read_or_refused_with_its_key_path_and_reason(case: Case) -> None:
    if case.fault is None:
        assert parse(case.text).packages
        return
    with pytest.raises((LockSyntaxError, LockUnsupportedError)) as caught:
        parse(case.text)
    assert str(caught.value).startswith("uv.lock:")
    assert case.fault in str(caught.value)


@pytest.mark.parametrize("name", [name for name in CASES if "password" in name or "token" in name])
def test_a_password_is_not_repeated(name: str) -> None:
    with pytest.raises(LockSyntaxError) as caught:
        parse(CASES[name].text)
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.hints}"


def test_a_syntax_error_shows_no_line_of_the_file() -> None:
    with pytest.raises(LockSyntaxError) as caught:
        parse('source = { registry = "https://me:hunter2@index.test" ] }')
    assert "hunter2" not in f"{caught.value!r} {caught.value}"
    assert caught.value.where == "uv.lock:1:55"


def test_another_version_of_the_format_is_another_error() -> None:
    with pytest.raises(LockUnsupportedError):
        parse("version = 2\nanything = true\n")


def test_all_faults_of_a_file_are_in_one_error() -> None:
    broken = (
        PLAIN.replace("sha256:", "sha1:")
        .replace('version = "1.0"', 'version = "one"')
        .replace('requires-python = ">=3.8"\n', "")
    )
    with pytest.raises(LockSyntaxError) as caught:
        parse(broken)
    message = str(caught.value)
    assert message.startswith("uv.lock: 4 faults:\n")
    for path in (
        "requires-python:",
        "package[0].version:",
        "package[1].sdist.hash (",
        "package[1].wheels[0].hash (",
    ):
        assert f"\n  {path}" in message


def test_edges_are_not_blamed_for_a_package_that_could_not_be_read() -> None:
    with pytest.raises(LockSyntaxError) as caught:
        parse(PLAIN.replace('name = "iniconfig"\nversion', 'name = "ini config"\nversion'))
    assert "\n" not in str(caught.value)


def test_a_long_list_of_faults_is_cut() -> None:
    rows = "".join(f'    {{ name = "nothing-{number}" }},\n' for number in range(30))
    with pytest.raises(LockSyntaxError) as caught:
        parse(PLAIN.replace('    { name = "iniconfig" },\n', rows, 1))
    lines = str(caught.value).splitlines()
    assert lines[0] == "uv.lock: 30 faults:"
    assert lines[-1] == "  and 10 more"
    assert len(lines) == 22


def test_the_plain_lock_becomes_its_nouns() -> None:
    lock = parse(PLAIN)
    assert lock.revision == 3
    assert lock.requires_python == SpecifierSet(">=3.8")
    app, iniconfig = lock.packages
    edge = LockedDependency(name="iniconfig", extras=(), version=None, source=None, marker=None)
    assert (app.name, app.version, app.source) == ("app", Version("1.0"), VirtualSource("."))
    assert app.dependencies == (edge,)
    assert app.optional_dependencies == {"x": (edge,)}
    assert app.dev_dependencies == {}
    assert app.default_groups is None
    assert app.metadata is not None
    assert app.metadata.provides_extras == ("x",)
    assert app.metadata.requires_dist == (
        LockedRequirement(name="iniconfig", extras=(), marker=None, specifier=None, source={}),
        LockedRequirement(
            name="iniconfig", extras=(), marker=Marker("extra == 'x'"), specifier=None, source={}
        ),
    )
    assert iniconfig.source == RegistrySource("https://index.test/simple")
    assert iniconfig.metadata is None
    assert iniconfig.sdist == LockedFile(
        filename="iniconfig-2.0.0.tar.gz",
        location="https://files.test/a/iniconfig-2.0.0.tar.gz",
        digests=DIGESTS,
        size=4646,
    )
    assert iniconfig.wheels == (
        LockedFile(
            filename="iniconfig-2.0.0-py3-none-any.whl",
            location="https://files.test/b/iniconfig-2.0.0-py3-none-any.whl",
            digests=DIGESTS,
            size=5892,
        ),
    )


def test_names_are_normalised() -> None:
    found = package(
        'source = { virtual = "." }\ndefault-groups = ["Dev_Tools"]\n'
        'dependencies = [{ name = "SOME.thing", extra = ["B_x", "a", "a"] }]\n'
        "[package.optional-dependencies]\nB_x = []\nA = []\n[package.dev-dependencies]\nDev_Tools = []\n"
    )
    assert found.name == "some-thing"
    assert found.default_groups == ("dev-tools",)
    assert found.dependencies[0].name == "some-thing"
    assert found.dependencies[0].extras == ("a", "b-x")
    assert list(found.optional_dependencies) == ["b-x", "a"]
    assert list(found.dev_dependencies) == ["dev-tools"]


def test_extras_that_the_other_end_lacks_are_dropped() -> None:
    lock = parse(CASES["unknown extra"].text)
    assert lock.packages[0].dependencies[0].extras == ()


@pytest.mark.parametrize(
    ("table", "source"),
    [
        ('registry = "https://index.test/simple/"', RegistrySource("https://index.test/simple/")),
        ('registry = "file:///srv/index"', RegistrySource("file:///srv/index")),
        ('registry = "../wheels"', FlatSource("../wheels")),
        ('registry = "C:/wheels"', FlatSource("C:/wheels")),
        (
            'url = "https://files.test/a.zip?x=1#frag", subdirectory = "sub"',
            UrlSource("https://files.test/a.zip?x=1", "sub"),
        ),
        ('path = "../a.whl"', PathSource("../a.whl")),
        ('directory = "lib"', DirectorySource("lib")),
        ('editable = "."', EditableSource(".")),
        ('virtual = "."', VirtualSource(".")),
        (
            f'git = "https://git.test/a?subdirectory=x%2Fy&tag=v%2B1#{COMMIT}"',
            GitSource("https://git.test/a", COMMIT, "x/y", "v+1"),
        ),
        (
            f'git = "ssh://git@git.test/a?path=dist%2Fa.whl&lfs=true&branch=main#{COMMIT.upper()}"',
            GitSource("ssh://git@git.test/a", COMMIT, None, "main", "dist/a.whl", lfs=True),
        ),
        (
            f'git = "https://git.test/a#{COMMIT}"',
            GitSource("https://git.test/a", COMMIT, None, None),
        ),
    ],
)
def test_each_source_kind(table: str, source: object) -> None:
    assert package(f"source = {{ {table} }}").source == source


@pytest.mark.parametrize(
    ("body", "filename", "location"),
    [
        (
            f'source = {{ registry = "https://i.test" }}\nwheels = [{{ url = "https://f.test/some_thing-1.0%2Bcu-py3-none-any.whl?x#y", {HASH} }}]',
            "some_thing-1.0+cu-py3-none-any.whl",
            "https://f.test/some_thing-1.0%2Bcu-py3-none-any.whl?x#y",
        ),
        (
            'source = { registry = "../wheels" }\nwheels = [{ path = "sub/some_thing-1.0-py3-none-any.whl" }]',
            "some_thing-1.0-py3-none-any.whl",
            "../wheels/sub/some_thing-1.0-py3-none-any.whl",
        ),
        (
            'source = { registry = "wheels" }\nwheels = [{ path = "/srv/some_thing-1.0-py3-none-any.whl" }]',
            "some_thing-1.0-py3-none-any.whl",
            "/srv/some_thing-1.0-py3-none-any.whl",
        ),
        (
            f'source = {{ url = "https://f.test/some_thing-1.0-py3-none-any.whl" }}\nwheels = [{{ url = "https://f.test/some_thing-1.0-py3-none-any.whl", {HASH} }}]',
            "some_thing-1.0-py3-none-any.whl",
            "https://f.test/some_thing-1.0-py3-none-any.whl",
        ),
        (
            f'source = {{ path = "dist/some_thing-1.0-py3-none-any.whl" }}\nwheels = [{{ filename = "some_thing-1.0-py3-none-any.whl", {HASH} }}]',
            "some_thing-1.0-py3-none-any.whl",
            "dist/some_thing-1.0-py3-none-any.whl",
        ),
        (
            f'source = {{ git = "https://git.test/a?path=dist%2Fsome_thing-1.0-py3-none-any.whl#{COMMIT}" }}\nwheels = [{{ filename = "some_thing-1.0-py3-none-any.whl", {HASH} }}]',
            "some_thing-1.0-py3-none-any.whl",
            "dist/some_thing-1.0-py3-none-any.whl",
        ),
    ],
)
def test_where_a_wheel_is(body: str, filename: str, location: str) -> None:
    (wheel,) = package(body).wheels
    assert (wheel.filename, wheel.location) == (filename, location)


@pytest.mark.parametrize("place", ['url = "https://f.test/a-1.zip"', 'path = "x/a-1.zip"'])
def test_where_a_direct_sdist_is(place: str) -> None:
    found = package(f"source = {{ {place} }}\nsdist = {{ {HASH} }}").sdist
    assert found == LockedFile(
        filename="a-1.zip",
        location=place.partition('"')[2].rstrip('"'),
        digests=DIGESTS,
        size=None,
    )


@pytest.mark.parametrize("url", ["https://f.test", "https://f.test/", "https://f.test/..%2Fx.whl"])
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(LockSyntaxError, match=r"sdist \(some-thing 1\.0\): has no file's name"):
        package(f'source = {{ registry = "https://i.test" }}\nsdist = {{ url = "{url}" }}')


def test_a_dynamic_version_is_none() -> None:
    assert package('source = { editable = "." }', version="").version is None


def test_forks_conflicts_and_groups() -> None:
    lock = parse(
        """
        version = 1
        requires-python = ">=3.10, <4"
        resolution-markers = ["sys_platform == 'linux'", "sys_platform != 'linux'"]
        supported-markers = ["os_name == 'posix'"]
        required-markers = ["platform_machine == 'x86_64'"]
        conflicts = [[{ package = "A_p", extra = "X.y" }, { package = "ap", group = "g" }, { package = "ap" }]]
        """
    )
    assert lock.revision == 0
    assert lock.resolution_markers == (
        Marker("sys_platform == 'linux'"),
        Marker("sys_platform != 'linux'"),
    )
    assert lock.supported_markers == (Marker("os_name == 'posix'"),)
    assert lock.required_markers == (Marker("platform_machine == 'x86_64'"),)
    assert lock.conflicts == (
        (
            ConflictItem("a-p", "x-y", None),
            ConflictItem("ap", None, "g"),
            ConflictItem("ap", None, None),
        ),
    )
    assert lock.packages == ()


def test_options_and_manifest() -> None:
    lock = parse(
        """
        version = 1
        requires-python = ">=3.10"
        [options]
        resolution-mode = "lowest"
        exclude-newer = "0001-01-01T00:00:00Z"
        exclude-newer-span = "P3D"
        [options.exclude-newer-package]
        a = "2026-06-20T00:00:00Z"
        b = false
        c = { timestamp = "0001-01-01T00:00:00Z", span = "P5D" }
        [options.prerelease-package]
        d = "allow"
        [manifest]
        members = ["One", "two"]
        constraints = [{ name = "c", specifier = ">=1,<2" }]
        overrides = [{ package = { name = "x", version = "1.0.0" }, dependencies = [{ name = "o" }] }]
        excludes = ["e", { package = { name = "x" }, dependencies = ["f"] }]
        requirements = [
            { name = "r", extras = ["e"], url = "https://me:hunter2@f.test/r.whl" },
            { name = "t", index = "https://i.test/cpu", conflict = { package = "a", extra = "cpu" } },
        ]
        [manifest.dependency-groups]
        dev = [{ name = "g", editable = "g" }]
        empty = []
        [[manifest.dependency-metadata]]
        name = "m"
        version = "1.0"
        """
    )
    options, manifest = lock.options, lock.manifest
    assert (options.resolution_mode, options.prerelease_mode) == ("lowest", None)
    assert (options.exclude_newer, options.exclude_newer_span) == ("0001-01-01T00:00:00Z", "P3D")
    assert options.exclude_newer_package == {"a": "2026-06-20T00:00:00Z", "b": "false", "c": "P5D"}
    assert options.prerelease_package == {"d": "allow"}
    assert manifest.members == ("one", "two")
    assert manifest.constraints[0].specifier == SpecifierSet("<2,>=1")
    assert (manifest.overrides[0].name, manifest.overrides[0].source) == (
        "o",
        {"package": "x==1.0.0"},
    )
    assert manifest.excludes == ("e", "f of x")
    assert manifest.requirements[0].source == {"url": "https://f.test/r.whl"}
    assert manifest.requirements[1].source == {"index": "https://i.test/cpu", "conflict": "a[cpu]"}
    assert manifest.dependency_groups["dev"][0].source == {"editable": "g"}
    assert manifest.dependency_groups["empty"] == ()
    assert manifest.dependency_metadata == ({"name": "m", "version": "1.0"},)


def test_extras_that_a_lock_of_revision_0_does_not_list_are_unknown() -> None:
    found = package('source = { virtual = "." }\n[package.metadata]\nrequires-dist = []')
    assert found.metadata is not None
    assert found.metadata.provides_extras is None
