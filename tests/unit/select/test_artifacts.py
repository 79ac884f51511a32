"""Which file, commit or folder a package is taken from; what stands in the way of each."""

import pytest

from siteroot.model.pin import (
    Artifact,
    CheckoutArtifact,
    DirectoryArtifact,
    SdistArtifact,
    WheelArtifact,
)
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.select.artifacts import NoUsableFileError, locate
from siteroot.select.pins import select_pins
from support.selection import HEAD, make_lock, make_project, make_target

SHA = "sha256:" + "0" * 64
COMMIT = "0123456789" * 4
HASH = f'hash = "{SHA}"'
ANY = "dep-1-py3-none-any.whl"
WINDOWS = "dep-1-cp312-cp312-win_amd64.whl"
NEWER = "dep-1-cp312-cp312-manylinux_2_30_x86_64.whl"
OLD = "dep-1-cp310-cp310-manylinux_2_17_x86_64.whl"


def locked(source: str, files: str = "", head: str = HEAD) -> str:
    return f"""{head}
[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "dep" }}]

[[package]]
name = "dep"
version = "1"
source = {{ {source} }}
{files}
"""


def wheels(*names: str) -> str:
    return (
        "wheels = [" + ", ".join(f'{{ url = "https://x/{name}", {HASH} }}' for name in names) + "]"
    )


SDIST = f'sdist = {{ url = "https://x/dep-1.tar.gz", {HASH} }}'
REGISTRY = 'registry = "https://x/simple"'


def artifact(
    text: str, settings: Settings | None = None, request: SelectionRequest | None = None
) -> Artifact:
    lock = make_lock(text, "")
    selected = select_pins(
        lock,
        make_project(),
        make_target(),
        request or SelectionRequest(),
        settings or Settings(),
        "/ws/app",
    )
    (pin,) = selected.pins
    return pin.artifact


@pytest.mark.parametrize(
    ("source", "files", "location"),
    [
        (REGISTRY, wheels(ANY), f"https://x/{ANY}"),
        ('registry = "../flat"', f'wheels = [{{ path = "{ANY}" }}]', f"/ws/flat/{ANY}"),
        ('registry = "/flat"', f'wheels = [{{ path = "{ANY}" }}]', f"/flat/{ANY}"),
        (
            f'url = "https://y/{ANY}"',
            f'wheels = [{{ url = "https://y/{ANY}", {HASH} }}]',
            f"https://y/{ANY}",
        ),
        (
            f'path = "libs/{ANY}"',
            f'wheels = [{{ filename = "{ANY}", {HASH} }}]',
            f"/ws/app/libs/{ANY}",
        ),
        (f'path = "/libs/{ANY}"', f'wheels = [{{ filename = "{ANY}", {HASH} }}]', f"/libs/{ANY}"),
    ],
)
def test_wheels_of_every_source(source: str, files: str, location: str) -> None:
    found = artifact(locked(source, files))
    assert isinstance(found, WheelArtifact)
    assert (found.location, found.file.filename) == (location, ANY)


@pytest.mark.parametrize(
    ("source", "files", "location"),
    [
        (REGISTRY, SDIST, "https://x/dep-1.tar.gz"),
        ('path = "dep-1.tar.gz"', f"sdist = {{ {HASH} }}", "/ws/app/dep-1.tar.gz"),
        ('url = "https://y/dep-1.zip"', f"sdist = {{ {HASH} }}", "https://y/dep-1.zip"),
    ],
)
def test_archives_of_every_source(source: str, files: str, location: str) -> None:
    found = artifact(locked(source, files))
    assert isinstance(found, SdistArtifact)
    assert (found.location, found.unfit) == (location, ())


def test_source_trees_and_commits() -> None:
    assert artifact(locked('directory = "../dep"')) == DirectoryArtifact(
        folder="/ws/dep", editable=False
    )
    assert artifact(locked('editable = "dep"')) == DirectoryArtifact(
        folder="/ws/app/dep", editable=True
    )
    git = f'git = "https://y/dep.git?subdirectory=sub&tag=v1#{COMMIT}"'
    assert artifact(locked(git)) == CheckoutArtifact(
        url="https://y/dep.git", commit=COMMIT, subdirectory="sub"
    )


@pytest.mark.parametrize(
    "request_",
    [SelectionRequest(no_editable=True), SelectionRequest(no_editable_packages=("Dep",))],
)
def test_no_editable_makes_a_built_copy(request_: SelectionRequest) -> None:
    built = DirectoryArtifact(folder="/ws/app/dep", editable=False)
    assert artifact(locked('editable = "dep"'), request=request_) == built


def test_an_sdist_says_why_no_wheel_served() -> None:
    found = artifact(locked(REGISTRY, f"{SDIST}\n{wheels(OLD, WINDOWS, NEWER)}"))
    assert isinstance(found, SdistArtifact)
    takes = "the target takes manylinux_2_28_x86_64 at best"
    assert found.unfit == (
        f"{WINDOWS}: it is for another platform (win_amd64; {takes})",
        f"{NEWER}: it is for another platform (manylinux_2_30_x86_64; {takes})",
        f"{OLD}: it is for another Python (cp310; the target takes cp312 at best)",
    )
    assert found.platform == "x86_64-manylinux_2_31"
    found = artifact(locked(REGISTRY, f"{SDIST}\n{wheels(ANY)}"), Settings(no_binary=True))
    assert isinstance(found, SdistArtifact)
    assert (found.unfit, found.platform) == ((), None)


def test_the_nearest_of_many_unfit_files_are_told() -> None:
    many = [f"dep-1-cp{minor}-cp{minor}-win_amd64.whl" for minor in range(36, 312)]
    for settings in (Settings(), Settings(no_build=True)):
        with pytest.raises(NoUsableFileError) as caught:
            artifact(locked(REGISTRY, wheels(*many, NEWER)), settings)
        lines = caught.value.message.splitlines()
        assert len(lines) == 7
        assert NEWER in lines[1]
        assert lines[-1].strip() == "and 272 more, which are no nearer"
        assert any("--python-platform x86_64-manylinux_2_31" in hint for hint in caught.value.hints)


def test_no_usable_file_lists_every_file_and_why_it_is_unfit() -> None:
    with pytest.raises(NoUsableFileError) as caught:
        artifact(locked(REGISTRY, wheels(OLD, WINDOWS)))
    assert caught.value.message.splitlines() == [
        "Distribution `dep==1` can't be installed because it has no wheel for this target and no source distribution",
        f"    {WINDOWS}: it is for another platform (win_amd64; the target takes manylinux_2_28_x86_64 at best)",
        f"    {OLD}: it is for another Python (cp310; the target takes cp312 at best)",
    ]
    assert "CPython 3.12 on linux (manylinux_2_28_x86_64)" in caught.value.hints[0]
    assert "--no-install-package dep" in caught.value.hints[1]


MEMBERS = HEAD + '[manifest]\nmembers = ["app", "dep"]\n'
BOTH = f"{SDIST}\n{wheels(ANY)}"
PATH_WHEEL = (f'path = "{ANY}"', f'wheels = [{{ filename = "{ANY}", {HASH} }}]')
NO_BUILD = "is marked as `--no-build` but has no binary distribution"
NO_BINARY = "is marked as `--no-binary` but has no source distribution"
ONLY_WHEEL = "is marked as `--no-binary` but is itself a binary distribution"
NEITHER = "is marked as both `--no-binary` and `--no-build`"


@pytest.mark.parametrize(
    ("text", "settings", "refused"),
    [
        # what uv 0.13.9 says of the same
        (locked(REGISTRY, BOTH), Settings(no_build=True), None),
        (locked(REGISTRY, BOTH), Settings(no_binary=True), None),
        (locked(REGISTRY, BOTH), Settings(no_binary=True, no_build=True), NEITHER),
        (
            locked(REGISTRY, BOTH),
            Settings(no_binary_package=("dep",), no_build_package=("dep",)),
            NEITHER,
        ),
        (locked(REGISTRY, BOTH), Settings(no_binary=True, no_build_package=("Dep",)), None),
        (locked(REGISTRY, SDIST), Settings(no_build=True), NO_BUILD),
        (locked(REGISTRY, SDIST), Settings(no_build=True, no_binary_package=("dep",)), None),
        (locked(REGISTRY, SDIST), Settings(no_binary=True, no_build_package=("dep",)), NO_BUILD),
        (locked(REGISTRY, SDIST), Settings(no_build_package=("other",)), None),
        (locked(REGISTRY, wheels(ANY)), Settings(no_binary_package=("DEP",)), NO_BINARY),
        (locked(*PATH_WHEEL), Settings(no_binary=True), ONLY_WHEEL),
        (locked(*PATH_WHEEL), Settings(no_build=True, no_binary_package=("dep",)), ONLY_WHEEL),
        (locked(*PATH_WHEEL), Settings(no_build=True), None),
        (locked('directory = "dep"'), Settings(no_build=True), NO_BUILD),
        (locked('editable = "dep"'), Settings(no_build=True), NO_BUILD),
        (locked(f'git = "https://y/dep.git#{COMMIT}"'), Settings(no_build=True), NO_BUILD),
        (locked('directory = "dep"'), Settings(no_binary=True), None),
        (locked('editable = "dep"', head=MEMBERS), Settings(no_build=True), None),
        (locked('directory = "dep"', head=MEMBERS), Settings(no_build_package=("dep",)), None),
    ],
)
def test_no_build_and_no_binary_as_uv(text: str, settings: Settings, refused: str | None) -> None:
    if refused is None:
        artifact(text, settings)
        return
    with pytest.raises(NoUsableFileError) as caught:
        artifact(text, settings)
    assert caught.value.message.startswith(
        f"Distribution `dep==1` can't be installed because it {refused}"
    )


def test_all_unusable_distributions_are_told_at_once() -> None:
    text = locked(REGISTRY, wheels(WINDOWS)).replace(
        '{ name = "dep" }', '{ name = "dep" }, { name = "two" }'
    )
    text += (
        '\n[[package]]\nname = "two"\nversion = "2"\nsource = { registry = "https://x/simple" }\n'
    )
    with pytest.raises(NoUsableFileError) as caught:
        artifact(text)
    assert "`dep==1`" in caught.value.message
    assert "`two==2`" in caught.value.message
    assert (
        "`--no-install-package dep` and `--no-install-package two` leave them out"
        in caught.value.hints[1]
    )


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://x/a%20b.whl", "https://x/a%20b.whl"),
        ("http://x/a.whl", "http://x/a.whl"),
        ("file:///a.whl", "file:///a.whl"),
        ("a.whl", "/ws/a.whl"),
        ("../a/./b.whl", "/a/b.whl"),
        ("/abs/a.whl", "/abs/a.whl"),
        ("c:/odd.whl", "/ws/c:/odd.whl"),
    ],
)
def test_locations_are_urls_or_absolute_paths(location: str, expected: str) -> None:
    assert locate(location, "/ws") == expected
