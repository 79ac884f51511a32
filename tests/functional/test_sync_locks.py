"""Which lock a sync reads, whether it is taken for fresh, and what a pylock.toml selects, through real syncs."""

import hashlib
import re
import sys
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.flags import HERE, NAMES, build_flag_wheels, installed, write_project
from support.http_server import serve_folder
from support.projects import make_project
from support.trees import describe_difference, snapshot
from support.uv_sync import run_uv
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_flag_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path, wheels: dict[str, Path]) -> Path:
    return write_project(tmp_path / "project", wheels)


# -- the lock


def test_lock_names_another_file(desk: Desk, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.lock"
    (project / "uv.lock").rename(other)
    for words, given in (
        (("--lock", "../elsewhere.lock"), {}),
        ((), {"SITEROOT_LOCK": str(other)}),
    ):
        done = desk.synced(
            *HERE, "--target", "pkgs", "--dry-run", "--output-format", "json", *words,
            cwd=project, variables=given,
        )  # fmt: skip
        assert installed(done) == NAMES
        assert done.document["lock"]["path"] == str(other)


PYLOCK = """\
lock-version = "1.0"
created-by = "tests"
extras = ["fast"]
dependency-groups = ["lint", "dev"]
default-groups = ["dev"]
"""


def write_pylock(path: Path, wheels: dict[str, Path]) -> None:
    markers = {
        "quick": "'fast' in extras",
        "linter": "'lint' in dependency_groups",
        "devtool": "'dev' in dependency_groups",
        "slow": "sys_platform == 'win32'",
    }
    text = PYLOCK
    for name, wheel in sorted(wheels.items()):
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        marker = f'marker = "{markers[name]}"\n' if name in markers else ""
        text += f'\n[[packages]]\nname = "{name}"\nversion = "1.0"\n{marker}'
        text += f'wheels = [{{ url = "{wheel.as_uri()}", hashes = {{ sha256 = "{digest}" }} }}]\n'
    path.write_text(text)


@pytest.mark.parametrize(
    ("words", "code", "names"),
    [
        ("", 0, NAMES),
        ("--extra fast", 0, {*NAMES, "quick"}),
        ("--all-extras", 0, {*NAMES, "quick"}),
        ("--group lint", 0, {*NAMES, "linter"}),
        ("--all-groups", 0, {*NAMES, "linter"}),
        ("--no-default-groups", 0, {"base", "dep"}),
        ("--no-dev", 0, {"base", "dep"}),
        ("--no-install-package dep", 0, {"base", "devtool"}),
        ("--python-platform windows", 0, {*NAMES, "slow"}),
        ("--extra none", 2, set()),
        ("--group none", 2, set()),
    ],
)
def test_a_pylock_alone(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], words: str, code: int, names: set[str]
) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    write_pylock(folder / "pylock.web.toml", wheels)
    plain = (*HERE, "--target", "pkgs", "--lock", "pylock.web.toml", "--output-format", "json")
    done = desk.sync(*plain, *words.split(), cwd=folder)
    assert done.code == code, done.err
    if not code:
        assert set(done.changes) == names
        assert done.document["lock"]["kind"] == "pylock.toml"


def test_a_pylock_that_lies_alone_in_a_folder_needs_no_word(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    write_pylock(folder / "pylock.toml", wheels)
    done = desk.synced(*HERE, "--target", "pkgs", "--output-format", "json", cwd=folder)
    assert set(done.changes) == NAMES
    assert done.document["lock"]["path"] == str(folder / "pylock.toml")
    unjudged = desk.sync(*HERE, "--target", "other", cwd=folder, frozen=False)
    assert (unjudged.code, "use --frozen" in unjudged.err) == (2, True)
    assert not (folder / "other").exists()


@pytest.mark.uv
@pytest.mark.parametrize(
    ("words", "uvs"),
    [
        ("", ""),
        ("--extra fast", "--extra fast"),
        ("--all-extras", "--all-extras"),
        ("--group lint", "--group dev --group lint"),  # `uv pip` has groups in the defaults' place
        ("--no-default-groups --group lint", "--group lint"),
        ("--python-platform windows", "--python-platform windows"),
        ("--extra fast --group lint", "--extra fast --group dev --group lint"),
    ],
)
def test_uv_pip_sync_takes_the_same_from_a_pylock(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], words: str, uvs: str
) -> None:
    """Entries of each kind that has a wheel: an index's, one of this disk, and archives by URL and by path."""
    lock = tmp_path / "pylock.toml"
    write_pylock(lock, wheels)
    (tmp_path / "far").mkdir()
    with serve_folder(tmp_path / "far") as server:
        for name in ("url", "path"):
            wheel = build_wheel(tmp_path / "far", f"by-{name}", "1.0")
            place = f"{server.url}/{wheel.name}" if name == "url" else f"far/{wheel.name}"
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            with lock.open("a") as stream:
                stream.write(f'[[packages]]\nname = "by-{name}"\nversion = "1.0"\n')
                stream.write(
                    f'archive = {{ {name} = "{place}", hashes = {{ sha256 = "{digest}" }} }}\n'
                )
        command = ("pip", "sync", "-q", "--no-config", "--target", "uvs", lock.name, *uvs.split())
        done = run_uv(str(tmp_path), sys.executable, *command, variables={"UV_OFFLINE": "0"})
        assert done.returncode == 0, done.stderr
        desk.synced(*HERE, "--lock", lock, "--target", "ours", *words.split(), cwd=tmp_path)
    there, here = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py")}
        for folder in (tmp_path / "uvs", tmp_path / "ours")
    )
    assert here == there
    assert {"by_url.py", "by_path.py"} <= {str(path) for path in here}


def test_all_faults_of_a_pylock_at_once(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    lock = tmp_path / "pylock.toml"
    write_pylock(lock, wheels)
    text = lock.read_text().replace('\nversion = "1.0"', '\nversion = "one"', 2)
    lock.write_text(text.replace("file://", "https://me:hidden@files.test", 1))
    done = desk.sync(*HERE, "--target", "pkgs", "--lock", lock, cwd=tmp_path)
    assert (done.code, "hidden" in done.err) == (2, False)
    assert done.err.startswith(
        f"error: {lock}: 3 faults:\n"
        "  packages[0].wheels[0].url (base): has a user name or password in it: put them into netrc and lock again\n"
        "  packages[0].version (base): Invalid version: 'one'\n"
        "  packages[1].version (dep): Invalid version: 'one'\n"
    )


def test_a_pylock_of_a_newer_minor_version_is_read_with_a_warning(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    lock = tmp_path / "pylock.toml"
    write_pylock(lock, wheels)
    lock.write_text(lock.read_text().replace('"1.0"', '"1.7"', 1))
    done = desk.synced(*HERE, "--target", "pkgs", "--lock", lock, cwd=tmp_path)
    warning = "warning: the lock is of version 1.7, newer than 1.0: what that adds is not known"
    assert done.err.splitlines()[0] == warning


def test_a_pylock_beside_a_project(desk: Desk, project: Path, wheels: dict[str, Path]) -> None:
    (project / "uv.lock").unlink()
    write_pylock(project / "pylock.toml", wheels)
    done = desk.synced(*HERE, "--target", "pkgs", "--output-format", "json", cwd=project)
    assert installed(done) == NAMES
    unjudged = desk.sync(*HERE, "--target", "pkgs", cwd=project, frozen=False)
    assert (unjudged.code, "use --frozen" in unjudged.err) == (2, True)


@pytest.mark.parametrize("words", ["", "--locked"])
def test_freshness(desk: Desk, project: Path, words: str) -> None:
    said = (*HERE, "--target", "pkgs", *words.split())
    fresh = desk.sync(*said, "--output-format", "json", cwd=project, frozen=False)
    assert fresh.code == 0, fresh.err
    assert fresh.document["lock"]["action"] == "check"
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('["base"]', '["base>=2"]'))
    stale = desk.sync(*said, cwd=project, frozen=False)
    assert (stale.code, "base" in stale.err) == (1, True)
    assert desk.sync(*HERE, "--target", "pkgs", cwd=project).code == 0  # --frozen judges nothing
    pyproject.write_text(text.replace('dependencies = ["base"]', 'dynamic = ["dependencies"]'))
    unknown = desk.sync(*said, cwd=project, frozen=False)
    assert unknown.code == 2, unknown.err
    assert ("use --frozen instead" if words else "hint: use --frozen\n") in unknown.err


@pytest.mark.parametrize("name", ["SITEROOT_FROZEN", "UV_FROZEN"])
def test_frozen_by_a_variable(desk: Desk, project: Path, name: str) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["base"]', '["base>=2"]'))
    words = (*HERE, "--target", "pkgs", "--check", "--output-format", "json")
    done = desk.sync(*words, cwd=project, frozen=False, variables={name: "1"})
    assert (done.code, done.document["lock"]["action"]) == (1, "use")


# -- locks that say less, or say it otherwise, than the wheel


def test_a_version_that_the_wheel_spells_otherwise_is_there_the_next_time(
    desk: Desk, tmp_path: Path
) -> None:
    """As certifi 2015.04.28 does it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    made = [
        build_wheel(wheels, "certifi", "2015.04.28", tag="py2.py3-none-any"),
        build_wheel(wheels, "torch", "2.0+CPU"),
        build_wheel(wheels, "zeros", "1.0.0", dist_info="Zeros-1.dist-info"),
    ]
    project = make_project(tmp_path / "project", made)
    lock = project / "uv.lock"
    text = lock.read_text().replace('"2015.04.28"', '"2015.4.28"')
    lock.write_text(text.replace('"2.0+CPU"', '"2.0+cpu"'))
    _is_settled(desk, project)


@pytest.mark.parametrize("words", [(), ("--no-cache",)])
def test_a_lock_without_hashes_is_settled_after_one_sync(
    desk: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    project = make_project(tmp_path / "project", [build_wheel(wheels, "demo", "1.0")])
    lock = project / "uv.lock"
    lock.write_text(re.sub(r', hash = "[^"]*", size = \d+', "", lock.read_text()))
    assert "unverified" in _is_settled(desk, project, *words)


def _is_settled(desk: Desk, project: Path, *words: str) -> str:
    """Sync, and see that nothing is left to do, by any way to ask; return what the first said."""
    target = (*HERE, "--target", "pkgs", *words)
    first = desk.synced(*target, cwd=project)
    seen = snapshot(project / "pkgs")
    for more in (("--check",), ("--dry-run",), (), ("--check", "--require-hashes")):
        done = desk.sync(*target, *more, cwd=project)
        if "--require-hashes" in more and "unverified" in first.err:
            assert (done.code, "hashes are required" in done.err) == (2, True), done.err
        else:
            assert done.code == 0, (more, done.err)
            assert "Prepared" not in done.err
            assert " + " not in done.err
    assert describe_difference(seen, snapshot(project / "pkgs")) == []
    return first.err
