"""Input of senseless size, through the real command: it works or is refused in words, and soon."""

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.projects import append, change, make_project
from support.wheels import build_wheel

TARGET = ("--python", sys.executable, "--target", "pkgs")

#: Seconds of this processor, so that a busy machine changes nothing. Each row takes less than a tenth of it.
BOUND = 20

ORS = " or ".join(["os_name != 'x'"] * 20_000)
PARENTHESES = f"{'(' * 5000}os_name != 'x'{')' * 5000}"
GROUPS = " and ".join(["(os_name != 'x' or os_name != 'y')"] * 3000)
SYSTEMS = " or ".join(f"os_name != 'x{number}'" for number in range(9000))
DIGITS = "9" * 100_000
DOTS = "9." * 50_000 + "9"
CLAUSES = ">=3.8," + ",".join(f"!={number}" for number in range(4, 50_000))
TAGS = ".".join(f"py{number}" for number in range(300))
ABIS = ".".join(f"abi{number}" for number in range(300))
PLATFORMS = ".".join(f"os{number}" for number in range(300))
WHEEL = "demo-1.0-py3-none-any.whl"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    return make_project(tmp_path / "project", [build_wheel(wheels, "demo", "1.0")])


Change = Callable[[Path], None]


def lock(old: str, new: str) -> Change:
    return lambda project: change(project, "uv.lock", old, new)


def pyproject(old: str, new: str) -> Change:
    return lambda project: change(project, "pyproject.toml", old, new)


def table(text: str) -> Change:
    """More at the end of pyproject.toml."""
    return lambda project: append(project, "pyproject.toml", text)


def marked(marker: str) -> Change:
    return lock('{ name = "demo" }', f'{{ name = "demo", marker = "{marker}" }}')


def required(requirement: str) -> Change:
    return pyproject('"demo"', f'"demo{requirement}"')


def metadata(text: str) -> Change:
    """The wheel has this METADATA."""

    def prepare(project: Path) -> None:
        (wheel,) = (project.parent / "wheels").iterdir()
        old = _file_words(wheel)
        build_wheel(wheel.parent, "demo", "1.0", metadata=f"Metadata-Version: 2.1\n{text}")
        change(project, "uv.lock", old, _file_words(wheel))

    return prepare


def _file_words(wheel: Path) -> str:
    content = wheel.read_bytes()
    return f'hash = "sha256:{hashlib.sha256(content).hexdigest()}", size = {len(content)}'


def asked(text: str) -> Change:
    """The project wants this Python."""

    def prepare(project: Path) -> None:
        (project / ".python-version").write_text(f"{text}\n")

    return prepare


#: What is changed, whether the lock is taken as it is, the exit code and words that must be said.
ROWS: dict[str, tuple[Change, bool, int, str]] = {
    "a marker of 20,000 parts": (marked(ORS), True, 0, ""),
    "a marker of 3,000 groups": (marked(GROUPS), True, 0, ""),
    "a marker with a number of 100,000 digits": (marked(f"python_version < '{DIGITS}'"), True, 2, "cannot be evaluated"),
    "a marker with 50,000 numbers": (marked(f"python_full_version < '{DOTS}'"), True, 0, ""),
    "resolution markers of 20,000 parts": (lock("revision = 5\n", f'revision = 5\nresolution-markers = ["{ORS}"]\n'), True, 0, ""),
    "a lock for 50,000 Pythons": (lock('requires-python = ">=3.8"', f'requires-python = "{CLAUSES}"'), True, 2, "lock: requires-python: has more than 1000 clauses"),
    "a lock for a Python of 100,000 digits": (lock('requires-python = ">=3.8"', f'requires-python = ">={DIGITS}"'), True, 2, "requires-python: has a number of more than 1000 digits"),
    "a requirement of 50,000 clauses in a lock": (lock('requires-dist = [{ name = "demo" }]', f'requires-dist = [{{ name = "demo", specifier = "{CLAUSES}" }}]'), True, 2, "specifier (app 1.0): has more than 1000 clauses"),
    "a version of 100,000 digits": (lock('name = "demo"\nversion = "1.0"', f'name = "demo"\nversion = "{DIGITS}"'), True, 2, "version"),
    "a version of 50,000 numbers": (lock('name = "demo"\nversion = "1.0"', f'name = "demo"\nversion = "{DOTS}"'), True, 2, "wheels[0] (demo 9.9"),
    "a wheel's version of 100,000 digits": (lock("demo-1.0-py3", f"demo-{DIGITS}-py3"), True, 2, "wheels[0] (demo 1.0): is demo-99"),
    "a wheel for 27 million targets, none ours": (lock(WHEEL, f"demo-1.0-{TAGS}-{ABIS}-{PLATFORMS}.whl"), True, 2, "another"),
    "a wheel for 27 million targets, one ours": (lock(WHEEL, f"demo-1.0-{TAGS}-{ABIS}.none-{PLATFORMS}.any.whl"), True, 1, "demo"),
    "a wheel whose build has 10,000 digits": (lock("-1.0-py3", f"-1.0-{'1' * 10_000}-py3"), True, 2, "not a wheel's"),
    "a marker with a number of 100,000 digits, judged": (required(f"; python_full_version < '{DIGITS}'"), False, 2, "cannot be known"),
    "a wheel whose name has 100,000 characters": (lock("/demo-1.0", f"/{'x' * 100_000}/demo-1.0"), True, 1, "demo"),
    "a project for 50,000 Pythons": (pyproject('">=3.8"', f'"{CLAUSES}"'), True, 2, "has more than 1000 clauses"),
    "a project for 50,000 Pythons, judged": (pyproject('">=3.8"', f'"{CLAUSES}"'), False, 2, "has more than 1000 clauses"),
    "a project of 100,000 digits": (pyproject('version = "1.0"', f'version = "{DIGITS}"'), True, 2, "version"),
    "a requirement of 20,000 parts": (required(f"; {ORS}"), True, 0, ""),
    "a requirement of 20,000 parts, judged": (required(f"; {ORS}"), False, 1, ""),
    "a requirement of 3,000 groups, judged": (required(f"; {GROUPS}"), False, 0, ""),
    "a requirement of 9,000 systems, judged": (required(f"; {SYSTEMS}"), False, 2, "cannot be known"),
    "a requirement nested without end": (required(f"; {PARENTHESES}"), True, 0, ""),
    "a requirement nested without end, judged": (required(f"; {PARENTHESES}"), False, 2, "cannot be read"),
    "a requirement of 50,000 clauses, judged": (required(CLAUSES), False, 1, ""),
    "a requirement of 100,000 digits, judged": (required(f">={DIGITS}"), False, 1, "no longer requires"),
    "a requirement of 50,000 numbers, judged": (required(f">={DOTS}"), False, 1, ""),
    "an environment nested without end": (table(f'\n[tool.uv]\nenvironments = ["{PARENTHESES}"]\n'), True, 2, "nested too deeply"),
    "an environment of 20,000 parts, judged": (table(f'\n[tool.uv]\nenvironments = ["{ORS}"]\n'), False, 1, ""),
    "a source nested without end": (table(f'\n[tool.uv.sources]\ndemo = [{{ index = "x", marker = "{PARENTHESES}" }}]\n'), True, 2, "nested too deeply"),
    "a group for 50,000 Pythons": (table(f'\n[tool.uv.dependency-groups]\ndev = {{ requires-python = "{CLAUSES}" }}\n'), True, 2, "has more than 1000 clauses"),
    "a wheel that calls itself of 100,000 digits": (metadata(f"Name: demo\nVersion: {DIGITS}\n"), True, 1, "METADATA's version"),
    "a wheel that needs what is nested without end": (metadata(f"Name: demo\nVersion: 1.0\nRequires-Dist: a; {PARENTHESES}\n"), True, 0, ""),
    "a wheel with 200,000 headers": (metadata("Name: demo\nVersion: 1.0\n" + "A: b\n c\n" * 100_000), True, 0, ""),
    "a .python-version of 50,000 clauses": (asked(CLAUSES), True, 2, "no executable"),
    "a .python-version of 100,000 digits": (asked(f"3.{DIGITS}"), True, 2, "no executable"),
    "a name of 100,000 characters": (required(f'", "{"a" * 100_000}'), False, 1, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_it_ends_soon_and_in_words(desk: Desk, project: Path, name: str) -> None:
    prepare, frozen, code, said = ROWS[name]
    prepare(project)
    began = time.process_time()
    words = TARGET[2:] if (project / ".python-version").exists() else TARGET
    done = desk.sync(*words, cwd=project, frozen=frozen)
    took = time.process_time() - began
    assert "Traceback" not in done.err, done.err[-1500:]
    assert (done.code, said in done.err) == (code, True), done.err[:2000]
    assert took < BOUND
    assert len(done.err) < 20_000
