"""Which lock a sync reads, whether it is taken for fresh, and what a pylock.toml selects, through real syncs."""

import hashlib
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.flags import HERE, NAMES, build_flag_wheels, installed, write_project


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
