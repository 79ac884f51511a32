"""pylock.toml (PEP 751): which packages, which files, and what is refused."""

import tomllib

import pytest
from packaging.pylock import Pylock

from siteroot.errors import SelectionError
from siteroot.model.lock import EditableSource, GitSource, PathSource, RegistrySource, UrlSource
from siteroot.model.pin import CheckoutArtifact, DirectoryArtifact, SdistArtifact, WheelArtifact
from siteroot.model.request import InstallFilter, SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.select.artifacts import NoUsableFileError, UnhashedFileError
from siteroot.select.filter import Omission
from siteroot.select.pins import LockedPlatformError, LockedPythonError, Selected
from siteroot.select.pylock import NoWorkspaceError, PylockError, select_pylock_pins
from siteroot.select.roots import UnknownExtraError, UnknownGroupError
from support.selection import make_project, make_target

SHA = f'hashes = {{ sha256 = "{"A" * 64}" }}'
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
CHOICES = (
    HEAD + 'extras = ["fast"]\ndependency-groups = ["main", "test"]\ndefault-groups = ["main"]\n'
)
COMMIT = "0123456789" * 4


def package(name: str, more: str = "", files: str = "") -> str:
    files = files or f'wheels = [{{ url = "https://x/{name}-1-py3-none-any.whl", {SHA} }}]'
    return f'[[packages]]\nname = "{name}"\nversion = "1"\n{more}\n{files}\n'


def selected(
    text: str,
    *,
    target: Target | None = None,
    request: SelectionRequest | None = None,
    settings: Settings | None = None,
) -> Selected:
    return select_pylock_pins(
        Pylock.from_dict(tomllib.loads(text)),
        make_project(),
        target or make_target(),
        request or SelectionRequest(),
        settings or Settings(),
        "/ws",
    )


def names(text: str, **arguments: object) -> list[str]:
    return [pin.name for pin in selected(text, **arguments).pins]  # type: ignore[arg-type]  # handed through


LOCK = (
    CHOICES
    + package("z")
    + package("a", "marker = \"sys_platform == 'win32'\"")
    + package("f", "marker = \"'fast' in extras\"")
    + package("m", "marker = \"'main' in dependency_groups\"")
    + package("t", "marker = \"'test' in dependency_groups\"")
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (SelectionRequest(), "m z"),
        (SelectionRequest(extras=("Fast",)), "f m z"),
        (SelectionRequest(all_extras=True, no_extras=("fast",)), "m z"),
        (SelectionRequest(groups=("test",)), "m t z"),
        (SelectionRequest(all_groups=True, all_extras=True), "f m t z"),
        (SelectionRequest(only_groups=("test",)), "t z"),
        (SelectionRequest(no_default_groups=True), "z"),
        (SelectionRequest(no_groups=("main",)), "z"),
        (SelectionRequest(dev=True), "m z"),
        (SelectionRequest(dev=False, all_packages=True), "m z"),
        (SelectionRequest(install=InstallFilter(no_packages=("Z",))), "m"),
    ],
)
def test_extras_and_groups_select(request_: SelectionRequest, expected: str) -> None:
    assert names(LOCK, request=request_) == expected.split()


def test_markers_leave_out_and_are_told() -> None:
    left_out = {one.name: (one.why, one.detail) for one in selected(LOCK).left_out}
    assert left_out["a"] == (Omission.MARKER, 'sys_platform == "win32"')
    assert names(LOCK, target=make_target(sys_platform="win32")) == ["a", "m", "z"]


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (
            SelectionRequest(extras=("fats",)),
            UnknownExtraError,
            "Extra `fats` is not among the lockfile's `extras`",
        ),
        (SelectionRequest(no_groups=("zzz",)), UnknownGroupError, "Group `zzz` is not among"),
        (
            SelectionRequest(packages=("a",)),
            NoWorkspaceError,
            "`--package` chooses from a workspace",
        ),
    ],
)
def test_unknown_names_are_refused(
    request_: SelectionRequest, error: type[SelectionError], words: str
) -> None:
    with pytest.raises(error, match=words):
        selected(LOCK, request=request_)


def test_only_dev_of_a_lock_without_groups_would_be_all_of_it() -> None:
    with pytest.raises(UnknownGroupError, match="no dependency groups"):
        selected(HEAD + package("a"), request=SelectionRequest(only_dev=True))


@pytest.mark.parametrize(
    ("head", "error", "words"),
    [
        ('requires-python = ">=3.13"\n', LockedPythonError, r"Python version \(3.12.1\) .*`>=3.13`"),
        ("environments = []\n", LockedPlatformError, "the list is empty: it is for no environment at all"),
        ("environments = [\"sys_platform == 'win32'\"]\n", LockedPlatformError, "include the target: `sys_platform == 'win32'`"),
    ],
)  # fmt: skip
def test_other_targets_are_refused(head: str, error: type[SelectionError], words: str) -> None:
    with pytest.raises(error, match=words):
        selected(HEAD + head + package("a"))


def test_a_pre_release_counts_as_its_release() -> None:
    text = HEAD + 'requires-python = ">=3.15"\n' + package("a", 'requires-python = ">=3.15"')
    assert names(text, target=make_target("3.15.0b1")) == ["a"]


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        (package("a") + package("a"), "Multiple packages with the name 'a'"),
        (package("a", 'requires-python = ">=3.13"'), "requirement '>=3.13' for package 'a'"),
        (package("a", "marker = \"sys_platform ~= '3'\""), "cannot be evaluated"),
        (package("a", "marker = \"extra == 'x'\""), "asks for 'extra', which it cannot know"),
        (package("a", files=f'vcs = {{ type = "hg", url = "https://x/a", commit-id = "{COMMIT}" }}'), "hg repository"),
    ],
)  # fmt: skip
def test_what_the_lock_leaves_open_is_refused(packages: str, words: str) -> None:
    with pytest.raises(PylockError, match=words):
        selected(HEAD + packages)


def test_every_kind_of_source() -> None:
    text = (
        HEAD
        + package("a", 'index = "https://x/simple"')
        + package("b", files=f'sdist = {{ path = "./b-1.tar.gz", {SHA} }}')
        + package(
            "c", files=f'archive = {{ url = "https://x/c-1.zip", subdirectory = "sub", {SHA} }}'
        )
        + package("d", files=f'archive = {{ path = "libs/d-1-py3-none-any.whl", {SHA} }}')
        + package("e", files='directory = { path = "e", editable = true }')
        + package("f", files='directory = { path = "../f", subdirectory = "sub" }')
        + package(
            "g",
            files=f'vcs = {{ type = "git", url = "https://x/g", requested-revision = "v1", commit-id = "{COMMIT}" }}',
        )
    )
    pins = {pin.name: pin for pin in selected(text).pins}
    artifacts = {name: pin.artifact for name, pin in pins.items()}
    located = {
        name: artifact.location
        for name, artifact in artifacts.items()
        if isinstance(artifact, WheelArtifact | SdistArtifact)
    }
    assert located == {
        "a": "https://x/a-1-py3-none-any.whl",
        "b": "/ws/b-1.tar.gz",
        "c": "https://x/c-1.zip",
        "d": "/ws/libs/d-1-py3-none-any.whl",
    }
    assert isinstance(artifacts["d"], WheelArtifact)
    assert isinstance(artifacts["c"], SdistArtifact)
    assert artifacts["e"] == DirectoryArtifact(folder="/ws/e", editable=True)
    assert artifacts["f"] == DirectoryArtifact(folder="/f/sub", editable=False)
    assert artifacts["g"] == CheckoutArtifact(url="https://x/g", commit=COMMIT, subdirectory=None)
    assert [pin.source for pin in pins.values()][:5] == [
        RegistrySource("https://x/simple"),
        RegistrySource(""),
        UrlSource("https://x/c-1.zip", "sub"),
        PathSource("libs/d-1-py3-none-any.whl"),
        EditableSource("e"),
    ]
    assert pins["g"].source == GitSource("https://x/g", COMMIT, None, "v1")
    assert str(pins["a"].artifact.file.digests[0]) == "sha256:" + "a" * 64  # type: ignore[union-attr]
    assert all(pin.direct for pin in pins.values())
    local = SelectionRequest(install=InstallFilter(no_local=True))
    assert names(text, request=local) == ["a", "b", "c", "g"]
    assert selected(text, request=SelectionRequest(no_editable=True)).pins[
        4
    ].artifact == DirectoryArtifact(folder="/ws/e", editable=False)


def test_the_project_and_its_workspace_can_stay_out() -> None:
    text = HEAD + package("app", files='directory = { path = "." }') + package("b")
    for install in (InstallFilter(no_project=True), InstallFilter(no_workspace=True)):
        assert names(text, request=SelectionRequest(install=install)) == ["b"]


def test_the_best_wheel_is_chosen_and_unfit_ones_are_explained() -> None:
    files = ", ".join(
        f'{{ url = "https://x/{name}", {SHA} }}'
        for name in (
            "a-1-py3-none-any.whl",
            "a-1-1-py3-none-any.whl",
            "a-1-cp310-cp310-win_amd64.whl",
        )
    )
    (pin,) = selected(HEAD + package("a", files=f"wheels = [{files}]")).pins
    assert isinstance(pin.artifact, WheelArtifact)
    assert pin.artifact.file.filename == "a-1-1-py3-none-any.whl"
    only = f'wheels = [{{ url = "https://x/a-1-cp310-cp310-win_amd64.whl", {SHA} }}]'
    with pytest.raises(
        NoUsableFileError, match=r"a-1-cp310-cp310-win_amd64.whl: it is for another Python"
    ):
        selected(HEAD + package("a", files=only))


@pytest.mark.parametrize("key", ["wheels = [%s]", "archive = %s"])
def test_a_wheel_says_the_version_that_the_lock_leaves_out(key: str) -> None:
    files = key % f'{{ url = "https://x/a-1.0-py3-none-any.whl", {SHA} }}'
    (pin,) = selected(HEAD + package("a", files=files).replace('version = "1"', "")).pins
    assert str(pin.version) == "1.0"


def test_weak_hashes_are_told_or_refused() -> None:
    files = f'wheels = [{{ url = "https://x/a-1-py3-none-any.whl", hashes = {{ md5 = "{"0" * 32}" }} }}]'
    assert "a==1" in selected(HEAD + package("a", files=files)).warnings[0]
    with pytest.raises(UnhashedFileError):
        selected(HEAD + package("a", files=files), settings=Settings(require_hashes=True))


def test_no_binary_takes_the_sdist() -> None:
    files = f'sdist = {{ url = "https://x/a-1.tar.gz", {SHA} }}\nwheels = [{{ url = "https://x/a-1-py3-none-any.whl", {SHA} }}]'
    (pin,) = selected(HEAD + package("a", files=files), settings=Settings(no_binary=True)).pins
    assert isinstance(pin.artifact, SdistArtifact)
