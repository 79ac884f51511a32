"""From a lock to pins: checks of the target, direct dependencies, what is left out, hashes."""

import pytest

from siteroot.errors import SelectionError
from siteroot.model.pin import DirectoryArtifact, WheelArtifact
from siteroot.model.request import InstallFilter, SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.select.artifacts import UnhashedFileError
from siteroot.select.filter import Omission
from siteroot.select.pins import (
    LockedPlatformError,
    LockedPythonError,
    Selected,
    SeveralVersionsError,
    select_pins,
)
from support.selection import HEAD, make_lock, make_project, make_target

SHA = "sha256:" + "0" * 64
APP = """
[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "b" }, { name = "a" }, { name = "w", marker = "sys_platform == 'win32'" }]
"""


def wheel(
    name: str, dependencies: str = "", digest: str = f', hash = "{SHA}"', version: str = "1"
) -> str:
    return f"""
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://x/simple" }}
dependencies = [{dependencies}]
wheels = [{{ url = "https://x/{name}-{version}-py3-none-any.whl"{digest} }}]
"""


PLAIN = APP + wheel("a", '{ name = "c" }') + wheel("b") + wheel("c") + wheel("w")


def pins_of(
    text: str = PLAIN,
    *,
    head: str = HEAD,
    target: Target | None = None,
    request: SelectionRequest | None = None,
    settings: Settings | None = None,
) -> Selected:
    return select_pins(
        make_lock(text, head),
        make_project(),
        target or make_target(),
        request or SelectionRequest(),
        settings or Settings(),
        "/ws",
    )


def test_pins_are_by_name_with_the_directly_declared_ones_marked() -> None:
    selected = pins_of()
    assert [(pin.name, pin.direct) for pin in selected.pins] == [
        ("a", True),
        ("app", False),
        ("b", True),
        ("c", False),
    ]
    assert selected.warnings == ()
    assert [(one.name, one.why, one.detail) for one in selected.left_out] == [
        ("w", Omission.MARKER, 'sys_platform == "win32"')
    ]
    app = selected.pins[1].artifact
    assert app == DirectoryArtifact(folder="/ws", editable=True)


def test_what_is_not_installed_keeps_its_dependencies() -> None:
    request = SelectionRequest(install=InstallFilter(no_project=True, no_packages=("a",)))
    selected = pins_of(request=request)
    assert [pin.name for pin in selected.pins] == ["b", "c"]
    assert {one.name: one.why for one in selected.left_out if one.why is not Omission.MARKER} == {
        "a": Omission.NO_PACKAGE,
        "app": Omission.NO_PROJECT,
    }


def test_a_virtual_project_is_never_installed() -> None:
    selected = pins_of(PLAIN.replace("editable", "virtual"))
    assert "app" not in [pin.name for pin in selected.pins]
    assert ("app", Omission.VIRTUAL) in [(one.name, one.why) for one in selected.left_out]


def test_another_python_is_refused_in_uvs_words() -> None:
    head = HEAD.replace('">=3.8"', '"!=3.11.*, <3.12, >=3.9.2"')
    with pytest.raises(LockedPythonError) as caught:
        pins_of(head=head)
    assert caught.value.message == (
        "The current Python version (3.12.1) is not compatible with the locked Python requirement: "
        "`>=3.9.2, !=3.11.*, <3.12`"
    )


def test_a_pre_release_of_a_python_counts_as_its_release() -> None:
    head = HEAD.replace(">=3.8", ">=3.15")
    assert pins_of(head=head, target=make_target("3.15.0b1")).pins


def test_another_platform_is_refused_in_uvs_words() -> None:
    head = (
        HEAD + "supported-markers = [\"sys_platform == 'win32'\", \"sys_platform == 'darwin'\"]\n"
    )
    with pytest.raises(LockedPlatformError) as caught:
        pins_of(head=head)
    assert caught.value.message == (
        "The current Python platform is not compatible with the lockfile's supported environments: "
        "`sys_platform == 'win32'`, `sys_platform == 'darwin'`"
    )
    assert pins_of(head=head, target=make_target(sys_platform="win32")).pins


def test_two_versions_of_a_name_are_refused() -> None:
    edges = ", ".join(
        f'{{ name = "a", version = "{version}", source = {{ registry = "https://x/simple" }} }}'
        for version in "12"
    )
    text = (
        APP.replace('{ name = "a" }', edges)
        + wheel("a")
        + wheel("a", version="2")
        + wheel("b")
        + wheel("w")
    )
    with pytest.raises(SeveralVersionsError, match=r"`a==1` and `a==2`"):
        pins_of(text)
    left_out = SelectionRequest(install=InstallFilter(no_packages=("a",)))
    assert [pin.name for pin in pins_of(text, request=left_out).pins] == ["app", "b"]


@pytest.mark.parametrize(
    "digest", ["", f', hash = "md5:{"0" * 32}"', f', hash = "blake2b:{"0" * 128}"']
)
def test_files_without_a_strong_digest_are_named_all_at_once(digest: str) -> None:
    text = APP + wheel("a", digest=digest) + wheel("b", digest=digest) + wheel("w", digest=digest)
    assert pins_of(text).warnings == tuple(
        f"the lock gives no sha256, sha384 or sha512 for {name}==1 ({name}-1-py3-none-any.whl): it is installed unverified"
        for name in "ab"
    )
    with pytest.raises(UnhashedFileError, match=r"a==1 \(a-1-py3-none-any.whl\), b==1 \(b-1"):
        pins_of(text, settings=Settings(require_hashes=True))
    assert pins_of(settings=Settings(require_hashes=True)).pins


def test_the_same_lock_gives_the_same_pins_whatever_order_it_is_in() -> None:
    head, *packages = PLAIN.split("[[package]]")
    turned = head + "".join(f"[[package]]{package}" for package in reversed(packages))
    assert pins_of(turned).pins == pins_of().pins


def test_selection_errors_are_one_family() -> None:
    for error in (LockedPythonError, LockedPlatformError, UnhashedFileError):
        assert issubclass(error, SelectionError)
    assert isinstance(pins_of().pins[0].artifact, WheelArtifact)
