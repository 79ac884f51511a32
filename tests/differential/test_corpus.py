"""The projects of the corpus: what siteroot makes of their locks is what uv makes of them (see compare.py)."""

import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from differential.compare import Tools, compare, usual_variables
from support.command import make_place
from support.corpus import corpus_files
from support.interpreters import need_uv, real_pythons
from support.uv_sync import uv_selects

pytestmark = [pytest.mark.uv, pytest.mark.index]

SLOW = 100  # MB
TOO_LARGE = 3000  # MB: only the plans are compared


@dataclass(frozen=True, slots=True)
class Case:
    """A row of CORPUS.tsv."""

    folder: Path
    inner: str
    python: tuple[int, int]
    features: frozenset[str]
    selection: tuple[str, ...]
    size: int

    def copied(self, scratch: Path) -> Path:
        """Return the project's root in a copy that may be written to."""
        shutil.copytree(self.folder, scratch / "project", copy_function=shutil.copyfile)
        for folder in (scratch / "project").rglob("*"):
            if folder.is_dir():
                folder.chmod(0o755)
        (scratch / "project").chmod(0o755)
        return scratch / "project" / self.inner


def read_cases() -> list[Case]:
    """Return the projects with a uv.lock that install without a build."""
    return [
        Case(
            file.parent / row["name"],
            row["project root"],
            (3, int(row["python"].split(".")[1])),
            frozenset(row["features"].split(",")),
            ("--all-packages",) if "--all-packages" in row["how"] else (),
            int(row["MB"]),
        )
        for file in corpus_files("CORPUS.tsv")
        for row in csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t")
        if row["lock kind"] == "uv.lock"
        and row["usable"].startswith("yes")
        and row["needs-build"].startswith("none")
    ]


def parameters(cases: list[Case]) -> list[object]:
    """Return them for parametrize, a skip with its reason where there is no corpus."""
    if not cases:
        reason = "no corpus: it is neither named by SITEROOT_CORPUS nor beside the checkout"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return [
        pytest.param(
            case, id=case.folder.name, marks=[pytest.mark.slow(10)] if case.size > SLOW else []
        )
        for case in cases
    ]


FOREIGN = [case for case in read_cases() if "foreign-registry" in case.features]
PLANNED = [case for case in read_cases() if case.size > TOO_LARGE]
INSTALLED = [case for case in read_cases() if case not in FOREIGN + PLANNED]
SMALL = [
    case for case in INSTALLED if case.folder.name in {"cachette", "fastapi-csrf-protect", "aegra"}
]
ELSEWHERE = [
    ("aarch64", ("--python-platform", "aarch64-manylinux_2_28"), "--target", None),
    ("macos", ("--python-platform", "macos"), "--target", None),
    ("windows", ("--python-platform", "windows"), "--target", None),
    ("prefix", (), "--prefix", None),
    ("python3.10", (), "--target", (3, 10)),
    ("python3.11", (), "--target", (3, 11)),
    ("python3.12", (), "--target", (3, 12)),
]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """Both commands, with one cache for each that goes at the end."""
    place = make_place(tmp_path_factory.mktemp("place") / "command")
    with tempfile.TemporaryDirectory() as folder:
        yield Tools(
            siteroot=(sys.executable, str(place.script)),
            uv=need_uv(),
            caches=Path(folder),
            variables=usual_variables(Path(folder)),
        )


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that goes at once, since pytest keeps its own ones for a while and these are large."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def need_python(version: tuple[int, int]) -> str:
    """Return an interpreter of that version, or skip the test."""
    if version not in real_pythons():
        pytest.skip(f"needs Python {version[0]}.{version[1]}")
    return real_pythons()[version]


@pytest.mark.parametrize("case", parameters(INSTALLED))
def test_a_locked_project_becomes_the_tree_that_uv_makes(
    case: Case, tools: Tools, scratch: Path
) -> None:
    python = need_python(case.python)
    verdict = compare(tools, case.copied(scratch), python, scratch, selection=case.selection)
    assert verdict.faults == ()
    assert verdict.distributions
    assert verdict.files


@pytest.mark.parametrize(
    ("platform", "place", "python"),
    [pytest.param(*words, id=name) for name, *words in ELSEWHERE],
)
@pytest.mark.parametrize("case", parameters(SMALL))
def test_other_platforms_places_and_pythons_too(
    case: Case,
    platform: tuple[str, ...],
    place: str,
    python: tuple[int, int] | None,
    tools: Tools,
    scratch: Path,
) -> None:
    if python is not None and "python >=3.12" in case.features and python < (3, 12):
        pytest.skip("the project needs Python 3.12")
    verdict = compare(
        tools,
        case.copied(scratch),
        need_python(python or case.python),
        scratch,
        selection=case.selection,
        platform=platform,
        place=place,
    )
    assert verdict.faults == ()


@pytest.mark.parametrize("case", parameters(PLANNED))
def test_what_is_too_large_to_install_is_planned_as_uv_plans_it(
    case: Case, tools: Tools, scratch: Path
) -> None:
    project, python = case.copied(scratch), need_python(case.python)
    words = ("--dry-run", "--offline", "--output-format", "json", *case.selection)
    run = tools.sync(project, "--target", str(scratch / "root"), "--python", python, *words)
    assert run.returncode == 0, run.stderr
    changes = json.loads(run.stdout)["sync"]["changes"]
    chosen = {change["name"]: change["version"] for change in changes}
    assert (0, chosen) == uv_selects(str(project), python, "--no-dev", *case.selection)
    assert len(chosen) > 20
    assert not (scratch / "root").exists()


@pytest.mark.parametrize("case", parameters(FOREIGN))
def test_a_lock_of_a_registry_that_is_not_there_fails_in_clear_words(
    case: Case, tools: Tools, scratch: Path
) -> None:
    root = scratch / "root"
    python = need_python(case.python)
    variables = {**tools.variables, "UV_HTTP_RETRIES": "0"}
    run = Tools(
        siteroot=tools.siteroot, uv=tools.uv, caches=tools.caches, variables=variables
    ).sync(case.copied(scratch), "--target", str(root), "--python", python, *case.selection)
    assert run.returncode == 1
    assert "error: https://" in run.stderr
    assert ".whl: " in run.stderr
    assert "could not be fetched" in run.stderr
    assert "Traceback" not in run.stderr
    assert not root.exists()
