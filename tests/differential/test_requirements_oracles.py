"""requirements.txt as pip and uv read it: each line beside what both make of it, and where siteroot goes with one.

"same": it reads the same requirements; "refused": it does not take the line; "less": it takes the line and passes over
a part of it; "more": it reads what follows too.
"""

import sys
from pathlib import Path

import pytest

from siteroot.errors import ProjectError
from siteroot.model.requirement import Requirement
from siteroot.model.requirements import RequirementSource, SourceKind
from siteroot.project.requirements_files import Reading, read_requirements
from siteroot.workflows.project_files import DiskProjectFiles
from support.uv_sync import run_uv

SHA = "sha256:" + "0a" * 32

#: text, what siteroot reads, pip, uv. A name is a requirement by name, anything else a place; "!" is a refusal.
TABLE = [
    ("flask\nFlask_Thing>=1,<2 # why\n", "flask flask-thing", "same", "same"),
    ("a[x,y]==1.*;python_version>'3' # x\n", "a", "same", "same"),
    ("a>=1,\n", "a", "same", "same"),
    ("a==3.0\\\n.1\n", "a", "same", "refused"),
    ("a \\\n  ==3.0\n", "a", "same", "refused"),
    ("# c\\\na\n", "a", "same", "same"),
    ("a # c \\\nb\n", "a", "same", "more"),
    (f"a==1 --hash={SHA} \\\n    --hash={SHA}\n", "a", "same", "same"),
    (f"a --hash {SHA}\n", "a", "same", "same"),
    ("a --config-settings c=d\n", "a", "same", "refused"),
    ("-r other.txt\n", "rich", "same", "same"),
    ("-rother.txt\n", "rich", "same", "refused"),
    ("--requirement=other.txt\n", "rich", "same", "same"),
    ("-r other.txt -r other.txt\n", "rich", "same", "refused"),
    ("-r my file.txt\n", "attrs", "refused", "same"),
    ("-r 'my file.txt'\n", "attrs", "same", "same"),
    ("a\n-c c.txt\n", "a", "same", "same"),
    ("--no-index --find-links .\na", "a", "same", "same"),
    ("--pre\na\n", "a", "same", "same"),
    ("--prefer-binary\n--trusted-host h\n--use-feature=fast-deps\na\n", "a", "same", "same"),
    ("--no-binary a,b\na\n", "a", "same", "refused"),
    ("--no-binary :all:\n--only-binary a\na\n", "a", "same", "same"),
    ("--extra-index-url=https://h\n-i https://h\na", "a", "same", "same"),
    ("-i https://h\n-i https://i\na\n", "!", "same", "refused"),
    ("a --pre\n", "!", "less", "refused"),
    ("--hash=sha256:0\na\n", "!", "less", "refused"),
    ("a --hash=md5:0\n", "!", "refused", "same"),
    ("a;bad\n", "!", "same", "refused"),  # pip says so later
    ("-x\n", "!", "refused", "refused"),
    ("--index-url\n", "!", "refused", "refused"),
    ('"a"\n', "!", "same", "refused"),  # pip says so later
    ("hello world\n", "!", "same", "refused"),  # pip says so later
    ("-r absent.txt\n", "!", "refused", "refused"),
    ("./proj[a] ; python_version > '3'\n", "/proj", "same", "same"),
    ("proj/x\n", "/proj/x", "same", "same"),
    ("x-1-py3-none-any.whl\n", "x", "same", "same"),
    ("file:///x-1.zip\n", "x", "same", "same"),
    ("https://h/x-1.tar.gz\n", "x", "same", "same"),
    ("a @ ./proj\n", "a", "same", "same"),
    ("git+https://h/y.git@v1#egg=y&subdirectory=d\n", "y", "same", "same"),
    ("-e proj\n", "/proj", "same", "same"),
    ("-e ./proj[x]\n", "/proj", "same", "same"),
    ("-e git+https://h/y.git#egg=y\n", "!", "same", "refused"),
    ("svn+https://h/y#egg=y\n", "!", "same", "refused"),
    ("\ufeffa\n", "a", "same", "same"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the lines of the table name."""
    folder = tmp_path_factory.mktemp("requirements")
    (folder / "proj").mkdir()
    (folder / "other.txt").write_text("rich\n")
    (folder / "my file.txt").write_text("attrs\n")
    (folder / "c.txt").write_text("a<9\n")
    return folder


def ours(folder: Path) -> list[str] | None:
    """Return the names and places that siteroot reads from r.txt, None where it refuses it."""
    reading = Reading(
        files=DiskProjectFiles(),
        folder=str(folder),
        variables={},
        fetch=lambda _: b"",
        stdin=lambda: b"",
    )
    try:
        found = read_requirements([RequirementSource(SourceKind.FILE, "r.txt")], reading)
    except ProjectError:
        return None
    return [
        asked.requirement.name
        if isinstance(asked.requirement, Requirement)
        else str(getattr(asked.requirement.source, "path", "")).removeprefix(str(folder))
        for asked in found.asked
    ]


@pytest.mark.parametrize(("text", "expected", "_pip", "_uv"), TABLE)
def test_siteroot_reads_it_so(folder: Path, text: str, expected: str, _pip: str, _uv: str) -> None:
    (folder / "r.txt").write_text(text)
    assert ours(folder) == (None if expected == "!" else expected.split())


@pytest.mark.parametrize(("text", "expected", "verdict", "_uv"), TABLE)
def test_pip_reads_it_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str, verdict: str, _uv: str
) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    exceptions = pytest.importorskip("pip._internal.exceptions")
    monkeypatch.chdir(folder)
    (folder / "r.txt").write_text(text)
    try:
        found = list(req_file.parse_requirements("r.txt", session=None))
    except exceptions.PipError:
        assert verdict == "refused"
        return
    assert verdict != "refused"
    if expected != "!":
        assert len([one for one in found if not one.constraint]) == len(expected.split())


@pytest.mark.uv
@pytest.mark.parametrize(("text", "expected", "_pip", "verdict"), TABLE)
def test_uv_reads_it_so(folder: Path, text: str, expected: str, _pip: str, verdict: str) -> None:
    """`uv pip uninstall` names what it read and does not find."""
    (folder / "r.txt").write_text(text)
    target = ("--target", str(folder / "empty"))
    done = run_uv(str(folder), sys.executable, "pip", "uninstall", "-r", "r.txt", *target)
    assert (done.returncode == 2) is (verdict == "refused"), done.stderr
    if verdict == "same" and expected != "!":
        named = [
            line.removeprefix("warning: Skipping ").removesuffix(" as it is not installed")
            for line in done.stderr.splitlines()
            if "Skipping" in line
        ]
        assert len(named) == len(expected.split())
        for name in expected.split():
            assert any(name in one for one in named)
