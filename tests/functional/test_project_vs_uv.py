"""Finding a workspace, and reading uv.toml, against `uv workspace`: the same root and members, or an error from both."""

import os
import subprocess
from pathlib import Path

import pytest

from siteroot.errors import ProjectError
from siteroot.project.discover import discover_project
from siteroot.project.settings import SettingsPlaces, read_settings_layers
from siteroot.workflows.project_files import DiskProjectFiles
from support.interpreters import need_uv

pytestmark = pytest.mark.uv


def project(name: str, more: str = "") -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\n{more}'


def workspace(members: str, exclude: str = "") -> str:
    return f"[tool.uv.workspace]\nmembers = [{members}]\nexclude = [{exclude}]\n"


#: Where one stands, and the files by path; a path that ends in a slash is a folder.
LAYOUTS: dict[str, tuple[str, dict[str, str]]] = {
    "a project alone": (".", {"pyproject.toml": project("app")}),
    "from a folder inside": ("src/deep", {"pyproject.toml": project("app"), "src/deep/": ""}),
    "no project at all": (".", {"README": ""}),
    "members by a glob": ("libs/b", {
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/pyproject.toml": project("a"), "libs/b/pyproject.toml": project("b")}),
    "members by name, one absent": (".", {
        "pyproject.toml": project("app", workspace('"libs/a", "libs/gone"')), "libs/a/pyproject.toml": project("a")}),
    "a root without project": ("libs/a", {
        "pyproject.toml": workspace('"libs/*"'), "libs/a/pyproject.toml": project("a")}),
    "an excluded folder": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"', '"libs/b"')),
        "libs/a/pyproject.toml": project("a"), "libs/b/pyproject.toml": project("b")}),
    "in an excluded folder": ("libs/b", {
        "pyproject.toml": project("app", workspace('"libs/*"', '"libs/b"')), "libs/b/pyproject.toml": project("b")}),
    "an exclude glob": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"', '"./libs/b*"')),
        "libs/a/pyproject.toml": project("a"), "libs/bb/pyproject.toml": project("b")}),
    "an exclude glob that crosses slashes": (".", {
        "pyproject.toml": project("app", workspace('"libs/**"', '"libs/x*"')),
        "libs/pyproject.toml": project("libs"), "libs/x/pyproject.toml": project("x"),
        "libs/x/y/pyproject.toml": project("y")}),
    "a project that nobody names": ("other", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "other/pyproject.toml": project("other"),
        "libs/a/pyproject.toml": project("a")}),
    "a project between": ("libs/a", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/pyproject.toml": project("between"),
        "libs/a/pyproject.toml": project("a")}),
    "a bare pyproject.toml between": ("libs/a", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/pyproject.toml": "[tool.x]\n",
        "libs/a/pyproject.toml": project("a")}),
    "a member that is not managed": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/pyproject.toml": project("a", "[tool.uv]\nmanaged = false\n"), "libs/b/pyproject.toml": project("b")}),
    "a project that is not managed": (".", {"pyproject.toml": project("app", "[tool.uv]\nmanaged = false\n")}),
    "a member without pyproject.toml": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/setup.py": ""}),
    "a hidden folder": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/.cache/x": "", "libs/a/pyproject.toml": project("a")}),
    "a hidden project": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/.a/pyproject.toml": project("a")}),
    "an empty folder": (".", {"pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/": ""}),
    "a folder of empty folders": (".", {"pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/b/c/": ""}),
    "a plain file": (".", {"pyproject.toml": project("app", workspace('"libs/*"')), "libs/README.md": ""}),
    "a folder of ignored files": (".", {
        ".git/": "", ".gitignore": "__pycache__/\n*.log\n!keep.log\n",
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/x/__pycache__/m.pyc": "", "libs/a/deep/out.log": ""}),
    "a folder of one kept file": (".", {
        ".git/": "", ".gitignore": "__pycache__/\n*.log\n!keep.log\n",
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/deep/keep.log": ""}),
    "a folder that is ignored as a whole": (".", {
        ".git/": "", ".gitignore": "/libs/a\n", "pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/x": ""}),
    "ignored by a .gitignore further down": (".", {
        ".git/": "", "libs/.gitignore": "build/**\n", "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/build/x/y": ""}),
    "two of one name": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/pyproject.toml": project("same"), "libs/b/pyproject.toml": project("Same")}),
    "a member named as the root": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/pyproject.toml": project("app")}),
    "a workspace in a workspace": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/pyproject.toml": project("a", workspace('"x"'))}),
    "in a workspace in a workspace": ("libs/a", {
        "pyproject.toml": project("app", workspace('"libs/*"')),
        "libs/a/pyproject.toml": project("a", workspace('"x"')), "libs/a/x/pyproject.toml": project("x")}),
    "a member without project": (".", {
        "pyproject.toml": project("app", workspace('"libs/*"')), "libs/a/pyproject.toml": "[tool.x]\n"}),
    "a glob of all depths": (".", {
        "pyproject.toml": project("app", workspace('"libs/**/py"')),
        "libs/py/pyproject.toml": project("a"), "libs/x/y/py/pyproject.toml": project("b")}),
    "sets and single letters": (".", {
        "pyproject.toml": project("app", workspace('"libs/[a-c]?", "libs/[!a-y]"')),
        "libs/a1/pyproject.toml": project("a1"), "libs/d1/pyproject.toml": project("d1"),
        "libs/z/pyproject.toml": project("z"), "libs/b/pyproject.toml": project("b")}),
    "roundabout paths": (".", {
        "pyproject.toml": project("app", workspace('"./libs/../libs/a/"')), "libs/a/pyproject.toml": project("a")}),
    "a member beside the root": (".", {
        "pyproject.toml": project("app", workspace('"../beside"')), "../beside/pyproject.toml": project("beside")}),
    "a member by two globs": (".", {
        "pyproject.toml": project("app", workspace('"libs/*", "libs/a"')), "libs/a/pyproject.toml": project("a")}),
    "the root as its member": (".", {"pyproject.toml": project("app", workspace('"."'))}),
    "a glob with three stars": (".", {"pyproject.toml": project("app", workspace('"libs/***"'))}),
    "a glob with stars that touch": (".", {"pyproject.toml": project("app", workspace('"libs/a**"'))}),
    "a glob with an open bracket": (".", {"pyproject.toml": project("app", workspace('"libs/[a"'))}),
    "a workspace with an unknown key": (".", {"pyproject.toml": project("app", "[tool.uv.workspace]\nmember = []\n")}),
    "no name": (".", {"pyproject.toml": '[project]\nversion = "1"\n'}),
    "no version": (".", {"pyproject.toml": '[project]\nname = "app"\n'}),
    "a bad name": (".", {"pyproject.toml": '[project]\nname = "-app"\nversion = "1"\n'}),
    "a bad version": (".", {"pyproject.toml": '[project]\nname = "app"\nversion = "one"\n'}),
    "a bad requires-python": (".", {"pyproject.toml": project("app", 'requires-python = "3 or so"\n')}),
    "an extra twice": (".", {"pyproject.toml": project("app", "[project.optional-dependencies]\nA_b = []\na-b = []\n")}),
    "dependencies that are text": (".", {"pyproject.toml": project("app", 'dependencies = "x"\n')}),
    "no TOML": (".", {"pyproject.toml": "[project\n"}),
    "a source of no kind": (".", {"pyproject.toml": project("app", "[tool.uv.sources]\nx = {}\n")}),
    "a source of two kinds": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { git = "https://x/y", path = "z", subdirectory = "q" }\n')}),
    "a source with git and url": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { git = "https://x/y", url = "https://z" }\n')}),
    "a source with a tag and a branch": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { git = "https://x/y", tag = "1", branch = "2" }\n')}),
    "a source with an unknown key": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { path = "y", editible = true }\n')}),
    "an empty list of sources": (".", {"pyproject.toml": project("app", "[tool.uv.sources]\nx = []\n")}),
    "a source with a bad marker": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { path = "y", marker = "so" }\n')}),
    "a source for an extra and a group": (".", {"pyproject.toml": project("app", '[tool.uv.sources]\nx = { path = "y", extra = "a", group = "b" }\n')}),
    "default-groups of another word": (".", {"pyproject.toml": project("app", '[tool.uv]\ndefault-groups = "some"\n')}),
    "a conflict of one": (".", {"pyproject.toml": project("app", '[tool.uv]\nconflicts = [[{ extra = "x" }]]\n')}),
    "a conflict of extra and group": (".", {"pyproject.toml": project("app", '[tool.uv]\nconflicts = [[{ extra = "x", group = "y" }, { extra = "z" }]]\n')}),
    "a conflict of an unknown key": (".", {"pyproject.toml": project("app", '[tool.uv]\nconflicts = [[{ extr = "x" }, { extra = "z" }]]\n')}),
    "a package that is text": (".", {"pyproject.toml": project("app", '[tool.uv]\npackage = "no"\n')}),
    "environments with a bad marker": (".", {"pyproject.toml": project("app", '[tool.uv]\nenvironments = ["so"]\n')}),
    "two default indexes": (".", {"pyproject.toml": project("app", '[[tool.uv.index]]\nurl = "https://a"\ndefault = true\n[[tool.uv.index]]\nurl = "https://b"\ndefault = true\n')}),
    "two indexes of one name": (".", {"pyproject.toml": project("app", '[[tool.uv.index]]\nurl = "https://a"\nname = "a"\n[[tool.uv.index]]\nurl = "https://b"\nname = "a"\n')}),
    "an index without URL": (".", {"pyproject.toml": project("app", '[[tool.uv.index]]\nname = "a"\n')}),
    "an index's bad name": (".", {"pyproject.toml": project("app", '[[tool.uv.index]]\nurl = "https://a"\nname = "a b"\n')}),
    "an explicit index without name": (".", {"pyproject.toml": project("app", '[[tool.uv.index]]\nurl = "https://a"\nexplicit = true\n')}),
}  # fmt: skip


def lay_out(home: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        target = home / path
        (target if path.endswith("/") else target.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            target.write_text(text)


def run_uv(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    environment |= {"UV_CACHE_DIR": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "none")}
    command = [need_uv(), *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_workspace_is_the_one_that_uv_finds(name: str, tmp_path: Path) -> None:
    start, files = LAYOUTS[name]
    home = tmp_path / "o[dd] name" / "home"
    home.mkdir(parents=True)
    lay_out(home, files)
    uv = run_uv(home / start, "workspace", "list", "--paths")
    if uv.returncode != 0:
        with pytest.raises(ProjectError):
            discover_project(DiskProjectFiles(), str(home / start), frozen=False)
        return
    found = discover_project(DiskProjectFiles(), os.path.normpath(home / start), frozen=False)
    assert [member.folder for member in found.members] == [
        os.path.normpath(path) for path in uv.stdout.splitlines()
    ]
    assert found.root == run_uv(home / start, "workspace", "dir").stdout.strip()


UV_TOMLS = [
    "",
    "offline = true",
    "exact = true",
    "ofline = true",
    "package = false",
    "managed = true",
    "workspace = {}",
    "sources = {}",
    "default-groups = []",
    "environments = []",
    "conflicts = []",
    'constraint-dependencies = ["x"]',
    'override-dependencies = ["x"]',
    'link-mode = "copy"',
    'link-mode = "link"',
    "link-mode = 1",
    'offline = "yes"',
    "concurrent-downloads = 0",
    "concurrent-downloads = 3",
    'no-build-package = ["-x"]',
    "no-build-package = 'x'",
    'prerelease = "sometimes"',
    'resolution = "lowest-direct"',
    'fork-strategy = "most"',
    'keyring-provider = "subprocess"',
    'python-preference = "only-system"',
    'python-preference = "any"',
    'index = [{ url = "https://a", format = "round" }]',
    'index = [{ url = "https://a", authenticate = "never" }]',
    'index = [{ url = "https://a", authenticate = "often" }]',
    'prerelease-package = { x = "allow" }',
    'prerelease-package = { x = "so" }',
    "compile-bytecode = true",
    "native-tls = true",
    "pip = {}",
    "[",
]


@pytest.mark.parametrize("text", UV_TOMLS)
def test_a_uv_toml_is_refused_where_uv_refuses_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(project("app"))
    (tmp_path / "uv.toml").write_text(text)
    uv = run_uv(tmp_path, "workspace", "dir")
    if uv.returncode == 0:
        read_settings_layers(DiskProjectFiles(), str(tmp_path), SettingsPlaces())
    else:
        with pytest.raises(ProjectError):
            read_settings_layers(DiskProjectFiles(), str(tmp_path), SettingsPlaces())
