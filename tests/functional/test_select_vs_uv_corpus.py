"""The locks of real projects: for each selection and target the names and versions that uv selects."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.errors import SiterootError
from siteroot.formats.pylock import parse_pylock
from siteroot.interpreter.platforms import named_target
from siteroot.interpreter.probe import probe_interpreter
from siteroot.model.lock import DirectorySource, EditableSource, GitSource, Lock
from siteroot.model.project import Project
from siteroot.model.request import SelectionRequest
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.select.pins import select_pins
from siteroot.select.pylock import select_pylock_pins
from support.corpus import corpus_files
from support.interpreters import need_pythons
from support.selection import read_locked_project
from support.uv_sync import Answer, run_uv, uv_selects

pytestmark = pytest.mark.uv

Selection = tuple[tuple[str, ...], SelectionRequest]

USUAL: tuple[Selection, ...] = (
    ((), SelectionRequest()),
    (("--all-extras",), SelectionRequest(all_extras=True)),
    (("--all-groups",), SelectionRequest(all_groups=True)),
    (("--no-dev",), SelectionRequest(dev=False)),
    (("--all-packages",), SelectionRequest(all_packages=True)),
)


def lock_files() -> list[object]:
    files = corpus_files("uv.lock")
    if not files:
        return [
            pytest.param(
                None, marks=pytest.mark.skip(reason="no corpus: SITEROOT_CORPUS names none")
            )
        ]
    return [pytest.param(file, id="/".join(file.parts[-3:-1])) for file in files]


def pylock_files() -> list[object]:
    files = corpus_files("pylock*.toml")
    if not files:
        return [
            pytest.param(
                None, marks=pytest.mark.skip(reason="no corpus: SITEROOT_CORPUS names none")
            )
        ]
    return [pytest.param(file, id=f"{file.parent.name}/{file.name}") for file in files]


def whole(file: Path) -> Path:
    """Return the folder of the whole case, which holds path sources beside the project."""
    return next(folder for folder in file.parents if folder.parent.joinpath("CORPUS.tsv").exists())


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    file: Path = request.param
    case = whole(file)
    copied = shutil.copytree(case, tmp_path / "case", copy_function=shutil.copyfile)
    for path in [copied, *copied.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return str(copied / file.parent.relative_to(case))


def targets(python: str) -> Iterator[tuple[tuple[str, ...], Target]]:
    variables = dict(os.environ)
    found = probe_interpreter(python, None, variables)
    yield (), found
    for name in ("windows", "macos", "aarch64-unknown-linux-musl"):
        named = named_target(name, None, found, found, variables)
        if name == "windows":  # what uv 0.13.9 takes
            named = replace(named, markers={**named.markers, "platform_machine": "AMD64"})
        yield ("--python-platform", name), named


def selected(
    project: Project, lock: Lock, target: Target, request: SelectionRequest
) -> tuple[int, Answer]:
    try:
        pins = select_pins(lock, project, target, request, Settings(), project.root).pins
    except SiterootError as error:
        return 2, str(error)
    built = (
        DirectorySource,
        EditableSource,
        GitSource,
    )  # uv gives no version for what it has not built
    return 0, {
        pin.name: None if isinstance(pin.source, built) else str(pin.version) for pin in pins
    }


def differences(
    folder: str, python: str, selections: tuple[Selection, ...], which: slice
) -> dict[str, object]:
    project, lock = read_locked_project(folder)
    found: dict[str, object] = {}
    for platform, target in list(targets(python))[which]:
        for words, request in selections:
            uv_code, uv_answer = uv_selects(folder, python, *words, *platform)
            code, answer = selected(project, lock, target, request)
            agree = code == uv_code if code else (code, answer) == (uv_code, uv_answer)
            if not agree:
                found[" ".join((*words, *platform))] = {"uv": uv_answer, "siteroot": answer}
    return found


@pytest.mark.parametrize("folder", lock_files(), indirect=True)
def test_usual_selections_as_uv(folder: str) -> None:
    assert differences(folder, need_pythons(1)[0], USUAL, slice(1)) == {}


@pytest.mark.parametrize("folder", lock_files(), indirect=True)
def test_other_platforms_as_uv(folder: str) -> None:
    assert differences(folder, need_pythons(1)[0], USUAL[:1], slice(1, None)) == {}


@pytest.mark.parametrize("file", pylock_files())
def test_pylock_as_uv_pip_install(file: Path, tmp_path: Path) -> None:
    """Its default groups: what `uv pip install -r` takes from it. Where that refuses the file, so does siteroot."""
    (python,) = need_pythons(1)
    copied = shutil.copyfile(file, tmp_path / file.name)
    words = (
        "pip",
        "install",
        "--dry-run",
        "-r",
        str(copied),
        "--target",
        str(tmp_path / "never-made"),
    )
    result = run_uv(str(tmp_path), python, *words)
    expected = {line[3:] for line in result.stderr.splitlines() if line.startswith(" + ")}
    assert result.returncode == (0 if expected else 2)
    target = probe_interpreter(python, None, dict(os.environ))
    try:
        pylock = parse_pylock(copied.read_bytes(), str(copied))
        pins = select_pylock_pins(
            pylock, None, target, SelectionRequest(), Settings(), str(tmp_path)
        ).pins
    except SiterootError:
        pins = ()
    assert {f"{pin.name}=={pin.version}" for pin in pins} == expected


@pytest.mark.slow
@pytest.mark.parametrize("folder", lock_files(), indirect=True)
def test_each_extra_group_and_member_as_uv(folder: str) -> None:
    _, lock = read_locked_project(folder)
    roots = [package for package in lock.packages if package.metadata is not None]
    extras = sorted(
        {
            extra
            for root in roots
            for extra in (root.metadata and root.metadata.provides_extras) or ()
        }
    )
    groups = sorted({group for root in roots for group in root.dev_dependencies})
    selections = (
        *[(("--extra", name), SelectionRequest(extras=(name,))) for name in extras],
        *[(("--group", name), SelectionRequest(groups=(name,))) for name in groups],
        *[(("--only-group", name), SelectionRequest(only_groups=(name,))) for name in groups],
        *[
            (("--package", name), SelectionRequest(packages=(name,)))
            for name in lock.manifest.members
        ],
    )
    for python in need_pythons(2):
        assert differences(folder, python, selections, slice(2)) == {}
