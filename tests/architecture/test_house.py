"""What holds of the checkout as a whole."""

import re
import tomllib
from pathlib import Path

import siteroot
from support.git import ask_git

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))

PRIVATE_HOST = re.compile(rb"https?://(?:[\w.-]+@)?[\w.-]+\.(?:internal|corp|lan|intranet)\b")
PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org"}
MACHINE_PATH = re.compile(
    rb"/" rb"root/\.|/" rb"work/(?:main|shared|\.)|/" rb"opt/(?:dev|uvbin|wheels|pypi)"
)


def tracked_files() -> list[str]:
    listed = ask_git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [name for name in listed.split("\0") if name]


def test_the_version_is_told_alike_in_pyproject_and_package() -> None:
    assert PROJECT["project"]["version"] == siteroot.__version__


def test_the_lock_is_of_this_pyproject() -> None:
    locked = tomllib.loads((CHECKOUT / "uv.lock").read_text("utf-8"))["package"]
    (ours,) = [entry for entry in locked if entry["name"] == "siteroot"]
    wanted = {re.split(r"[<>=\[]", item)[0] for item in PROJECT["project"]["dependencies"]}
    assert {item["name"] for item in ours["dependencies"] if "extra" not in item} == wanted


def test_no_file_names_a_place_of_one_machine_or_a_private_host() -> None:
    found = []
    for name in tracked_files():
        path = CHECKOUT / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        found += [
            f"{name}: {match.decode()}"
            for pattern in (MACHINE_PATH, PRIVATE_HOST)
            for match in pattern.findall(content)
        ]
    assert found == []


def test_the_locks_name_public_hosts_alone() -> None:
    locks = [name for name in tracked_files() if name.endswith("uv.lock")]
    assert {"uv.lock", "examples/webapp/uv.lock"} <= set(locks)
    for name in ("uv.lock", "examples/webapp/uv.lock"):
        hosts = re.findall(r'"https?://([^/"]+)', (CHECKOUT / name).read_text("utf-8"))
        assert set(hosts) <= PUBLIC_HOSTS


def test_every_module_of_the_pure_floors_has_no_import_of_ambient_things_by_another_name() -> None:
    """import-linter forbids the imports; `__import__` and importlib would get round it."""
    floors = [
        CHECKOUT / "src" / "siteroot" / name
        for name in ("model", "formats", "project", "select", "plan")
    ]
    sources = {path: path.read_text("utf-8") for floor in floors for path in floor.rglob("*.py")}
    assert len(sources) > 20
    ways = re.compile(
        r"^\s*[^#\n\"']*\b(?:__import__|importlib\.import_module|open)\(", re.MULTILINE
    )
    assert [str(path) for path, source in sources.items() if ways.search(source)] == []


def test_tests_are_not_lost_to_a_module_name_that_is_used_twice() -> None:
    names = [path.name for path in (CHECKOUT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_classes_that_every_sync_loads_are_not_compiled_by_the_standard_library() -> None:
    """They are `model.value`'s, which is what keeps a sync from taking 60 ms more to begin."""
    source = CHECKOUT / "src" / "siteroot"
    ways = re.compile(
        r"^ *(?:from dataclasses import .*\bdataclass\b|import dataclasses)", re.MULTILINE
    )
    seldom = {"index", "resolve", "build", "vcs"}  # for what is fetched, resolved or built
    found = [
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if ways.search(path.read_text("utf-8")) and path.parent.name not in seldom
    ]
    assert sorted(found) == [
        "model/value.py",
        "store/admit.py",
    ]  # for type checkers, for a new wheel
