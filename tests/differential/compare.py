"""The main job beside uv's: the same lock into two trees, and what differs between them.

    python tests/differential/compare.py PROJECT --python PYTHON [--uv UV] [-- words for siteroot sync and uv export]

siteroot's tree is made by `sync --frozen`, uv's by `export --frozen | pip install --no-deps`. Two trees are the same
when they hold the same paths with the same bytes and executable bits, launchers for the same names, and RECORDs of the
same rows. What belongs to each tool alone is set aside: the launchers' text, INSTALLER, REQUESTED, direct_url.json,
siteroot's own files and uv's, with their rows. A path that two distributions bring may have either's bytes.

Needs only the standard library, so that it runs before anything is installed.
"""

import argparse
import ast
import base64
import configparser
import csv
import hashlib
import json
import os
import posixpath
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: What the issue leaves out of both commands: all that would need a build.
SYNC_WORDS = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--no-dev")
EXPORT_WORDS = ("--no-emit-project", "--no-emit-workspace", "--no-emit-local", "--no-dev")

#: One tool's own files: in a dist-info, and (where no RECORD names them) anywhere.
_OWN_METADATA = {
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
}
_OWN_FILES = {".lock", ".siteroot.json", ".siteroot-start", "sitecustomize.py"}

Row = tuple[str, str, str]


@dataclass(slots=True)
class Tree:
    """What two trees are compared by. Paths are relative to the tree's top."""

    files: dict[str, tuple[str, bool]] = field(
        default_factory=dict
    )  # hash as in RECORD, executable
    launchers: set[str] = field(default_factory=set)
    records: dict[str, set[Row]] = field(default_factory=dict)  # by the RECORD's path
    bringers: Counter[str] = field(default_factory=Counter)  # how many RECORDs name a path
    repeated: list[str] = field(default_factory=list)  # rows that stand twice in one RECORD
    size: int = 0


def read_tree(top: Path) -> Tree:
    """Return what a tree holds, each tool's own things set aside."""
    tree = Tree()
    paths = sorted(_walk(top))
    infos = [path for path in paths if path.endswith(".dist-info/RECORD")]
    expected = {name for path in infos for name in _launchers(top, path)}
    for path in infos:
        rows = _read_record(top, path)
        tree.repeated += [
            f"{path}: {name}" for name, n in Counter(r[0] for r in rows).items() if n > 1
        ]
        tree.bringers.update({row[0] for row in rows})
        tree.records[path] = {
            (name, "", "") if _in_scripts(name) else (name, digest, size)
            for name, digest, size in rows
            if name != path and not _is_own_metadata(name) and _stem(name) not in expected
        }
    for path in paths:
        full = top / path
        tree.size += full.lstat().st_size
        if _in_scripts(path) and _stem(path) in expected:
            tree.launchers.add(_stem(path))
        elif path not in tree.records and not _is_own_metadata(path):
            if posixpath.basename(path) in _OWN_FILES and not tree.bringers[path]:
                continue
            tree.files[path] = (_hash(full), bool(full.lstat().st_mode & 0o111))
    return tree


def differences(ours: Path, theirs: Path) -> list[str]:
    """Return a line for each thing in which siteroot's tree and uv's differ."""
    one, other = read_tree(ours), read_tree(theirs)
    found = [f"row stands twice in our {line}" for line in one.repeated]
    for path in sorted(one.files.keys() | other.files.keys()):
        here, there = one.files.get(path), other.files.get(path)
        if here is None or there is None:
            found.append(f"only {'siteroot' if there is None else 'uv'} has {path}")
        elif here != there and not _explained(ours, theirs, path, one):
            found.append(f"{path}: {here} here, {there} of uv's")
    found += [
        f"only {'siteroot' if name in one.launchers else 'uv'} has the launcher {name}"
        for name in sorted(one.launchers ^ other.launchers)
    ]
    for path in sorted(one.records.keys() | other.records.keys()):
        mine, given = one.records.get(path, set()), other.records.get(path, set())
        told = {_told_anew(row, one) if _told_anew(row, one) in mine else row for row in given}
        found += [
            f"{path}: only {'siteroot' if row in mine else 'uv'} has {row}"
            for row in sorted(mine ^ told)
        ]
    return found


def _told_anew(row: Row, tree: Tree) -> Row:
    """Return a row with the placed file's digest where it has none: uv drops all of a RECORD with backslashes."""
    digest = row[1] or tree.files.get(row[0], ("", False))[0]
    return row[0], digest, row[2]


def _explained(ours: Path, theirs: Path, path: str, tree: Tree) -> bool:
    if _in_scripts(path):  # `#!python` became each tool's own first lines
        line, _, body = (theirs / path).read_bytes().partition(b"\n")
        return line.startswith(b"#!") and _is_launcher_of((ours / path).read_bytes(), body)
    if tree.bringers[path] < 2:
        return False
    brought = {row[1] for rows in tree.records.values() for row in rows if row[0] == path}
    return {_hash(ours / path), _hash(theirs / path)} <= brought


def _is_launcher_of(text: bytes, body: bytes) -> bool:
    """Tell whether siteroot's launcher holds a wheel's script: at its end, or as a literal to compile by itself."""
    if text.startswith(b"#!") and body and text.endswith(body):
        return True
    try:
        last = ast.parse(text).body[-1]
    except SyntaxError:
        return False
    match last:
        case ast.Expr(value=ast.Call(args=[ast.Call(args=[ast.Constant(value=bytes(held)), *_])])):
            return held == body
        case _:
            return False


def _walk(top: Path) -> list[str]:
    found = []
    for folder, _, names in os.walk(top):
        inner = os.path.relpath(folder, top).replace(os.sep, "/")
        found += [posixpath.normpath(f"{inner}/{name}") for name in names]
    return found


def _read_record(top: Path, record: str) -> list[Row]:
    base = posixpath.dirname(posixpath.dirname(record))
    with (top / record).open(encoding="utf-8", newline="") as stream:
        return [
            (posixpath.normpath(posixpath.join(base, row[0].replace("\\", "/"))), row[1], row[2])
            for row in csv.reader(stream)
            if row
        ]


def _launchers(top: Path, record: str) -> set[str]:
    path = top / posixpath.dirname(record) / "entry_points.txt"
    if not path.is_file():
        return set()
    parser = configparser.ConfigParser(
        delimiters=("=",), strict=False, interpolation=None, default_section="\0"
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep case
    parser.read_string(path.read_text("utf-8"))
    groups = (group for group in ("console_scripts", "gui_scripts") if parser.has_section(group))
    return {f"bin/{name}" for group in groups for name in parser.options(group)}


def _in_scripts(path: str) -> bool:
    return path.startswith("bin/")


def _stem(path: str) -> str:
    return path.removesuffix(".exe")


def _is_own_metadata(path: str) -> bool:
    folder, name = posixpath.split(path)
    return name in _OWN_METADATA and folder.endswith(".dist-info")


def _hash(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The two commands, with a cache for each, and the environment that both get."""

    siteroot: tuple[str, ...]
    uv: str
    caches: Path
    variables: dict[str, str]

    def sync(self, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `siteroot sync --frozen` in a project."""
        cache = ("--cache-dir", str(self.caches / "siteroot"))
        command = [*self.siteroot, "sync", "--frozen", *SYNC_WORDS, *cache, *words]
        return self._run(command, project)

    def install(
        self, project: Path, selection: Sequence[str], words: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        """Run uv's two commands in a project: `export` takes the selection, `pip install` the other words."""
        cache = ("--cache-dir", str(self.caches / "uv"))
        export = [self.uv, "export", "--frozen", "-q", *EXPORT_WORDS, *cache, *selection]
        exported = self._run(export, project)
        if exported.returncode:
            return exported
        # The project's own overrides would change what is pinned, so its settings are left out.
        command = [self.uv, "pip", "install", "--no-config", "--no-deps", *cache, *words, "-r", "-"]
        return self._run(command, project, exported.stdout)

    def _run(
        self, command: Sequence[str], project: Path, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=project,
            env=self.variables,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )


def usual_variables(home: Path) -> dict[str, str]:
    """Return an environment without the caller's settings of either tool."""
    kept = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
    variables = {name: os.environ[name] for name in kept + proxies if name in os.environ}
    return {**variables, "HOME": str(home), "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one project's comparison found; `faults` is empty where all is as it should be."""

    faults: tuple[str, ...]
    distributions: int
    files: int
    size: int
    seconds: tuple[float, float]  # siteroot's and uv's, with whatever lay in their caches


def compare(
    tools: Tools,
    project: Path,
    python: str,
    scratch: Path,
    *,
    selection: Sequence[str] = (),
    platform: Sequence[str] = (),
    place: str = "--target",
    sources: Sequence[str] = (),
) -> Verdict:
    """Make both trees below `scratch` and return what differs, a second sync's and a dry run's words included.

    `selection` goes to `siteroot sync` and `uv export`, `platform` to `siteroot sync` and `uv pip install`,
    `sources` (where wheels are looked for by name) to the latter alone. Only where both caches are warm, in a second
    call, do the seconds compare.
    """
    ours, theirs = scratch / "siteroot", scratch / "uv"
    words = (place, str(ours), "--python", python, *selection, *platform)
    dry = tools.sync(project, *words, "--dry-run")
    faults = [f"the dry run failed: {dry.stderr}"] if dry.returncode else []
    if ours.exists():
        faults.append("the dry run made something")
    began = time.perf_counter()
    synced = tools.sync(project, *words)
    between = time.perf_counter()
    installed = tools.install(
        project, selection, (place, str(theirs), "--python", python, *platform, *sources)
    )
    ended = time.perf_counter()
    for name, run in (("siteroot", synced), ("uv", installed)):
        if run.returncode:
            faults.append(f"{name} failed with {run.returncode}: {run.stderr}")
    if faults:
        return Verdict(faults=tuple(faults), distributions=0, files=0, size=0, seconds=(0.0, 0.0))
    if changes(dry.stderr) != changes(synced.stderr):
        faults.append(f"the dry run's plan is another: {dry.stderr}\n{synced.stderr}")
    faults += _second_sync(tools, project, ours, words)
    faults += differences(ours, theirs)
    tree = read_tree(ours)
    return Verdict(
        faults=tuple(faults),
        distributions=len(tree.records),
        files=len(tree.files) + len(tree.launchers),
        size=tree.size,
        seconds=(between - began, ended - between),
    )


def _second_sync(tools: Tools, project: Path, root: Path, words: Sequence[str]) -> list[str]:
    before = _times(root)
    again = tools.sync(project, *words, "--output-format", "json")
    if again.returncode:
        return [f"the second sync failed: {again.stderr}"]
    answer = json.loads(again.stdout)["sync"]
    faults = []
    if answer["action"] != "check" or answer["changes"] or "Checked" not in again.stderr:
        faults.append(f"the second sync says {answer['action']}: {again.stderr}")
    return faults + (["the second sync changed the root"] if _times(root) != before else [])


def _times(root: Path) -> dict[str, tuple[int, int, int]]:
    seen = {}
    for folder, _, names in os.walk(root):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            status = os.lstat(path)
            seen[path] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return seen


def changes(text: str) -> list[str]:
    """Return the lines of a command's words that tell what changes."""
    return [line for line in text.splitlines() if line[:3] in {" + ", " - ", " ~ "}]


def _main() -> int:
    parser = argparse.ArgumentParser(
        usage="%(prog)s PROJECT --python PYTHON [options] [-- WORDS...]",
        description="Compare siteroot's tree with uv's. WORDS select: for siteroot sync and uv export.",
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--uv", default=os.environ.get("UV_ORACLE") or shutil.which("uv"))
    parser.add_argument("--siteroot", default=shutil.which("siteroot"), help="the command's path")
    parser.add_argument("--caches", type=Path, help="kept; else a folder of its own")
    parser.add_argument("--python-platform", help="for both tools")
    parser.add_argument("--python-version", help="for both tools")
    parser.add_argument("--prefix", action="store_true", help="--prefix in place of --target")
    given = sys.argv[1:]
    split = given.index("--") if "--" in given else len(given)
    said, selection = parser.parse_args(given[:split]), given[split + 1 :]
    if said.uv is None or said.siteroot is None:
        parser.error("both uv and siteroot must be on PATH or named")
    platform = []
    for name in ("python_platform", "python_version"):
        if getattr(said, name):
            platform += [f"--{name.replace('_', '-')}", getattr(said, name)]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        caches = (said.caches or scratch / "caches").absolute()
        verdict = compare(
            Tools(
                siteroot=(sys.executable, str(Path(said.siteroot).absolute())),
                uv=said.uv,
                caches=caches,
                variables=usual_variables(scratch),
            ),
            said.project.absolute(),
            said.python,
            scratch,
            selection=selection,
            platform=platform,
            place="--prefix" if said.prefix else "--target",
        )
    print("\n".join(verdict.faults) or "same")
    print(
        f"{verdict.distributions} distributions, {verdict.files} files, {verdict.size / 1e6:.1f} MB;"
        f" siteroot {verdict.seconds[0]:.2f} s, uv {verdict.seconds[1]:.2f} s",
        file=sys.stderr,
    )
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(_main())
