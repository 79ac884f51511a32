"""Projects whose lock has things that must be built: the project itself, folders, archives, commits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .sdists import source_files, write_tree


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One entry of a lock: `source` is the TOML of its table, `files` what follows (sdist, wheels)."""

    name: str
    source: str
    version: str | None = "1.0"
    files: str = ""


def sdist_entry(name: str, archive: Path, version: str = "1.0") -> Locked:
    """Return the entry of an sdist that lies on this disk, as if an index had it."""
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    row = f'{{ url = "{archive.as_uri()}", hash = "sha256:{digest}", size = {len(content)} }}'
    source = 'registry = "https://index.test/simple"'
    return Locked(name=name, source=source, version=version, files=f"sdist = {row}\n")


def wheel_entry(wheel: Path) -> Locked:
    """Return the entry of a wheel that lies on this disk, as if an index had it."""
    name, version, _ = wheel.name.split("-", 2)
    row = sdist_entry(name, wheel, version)
    wheels = row.files.replace("sdist = ", "wheels = [").rstrip() + "]\n"
    return Locked(name=name, source=row.source, version=version, files=wheels)


def make_source_project(
    folder: Path,
    entries: Sequence[Locked],
    *,
    itself: str = 'virtual = "."',
    files: Mapping[str, str] | None = None,
    version: str | None = "1.0",
) -> Path:
    """Write a project `app` that depends on the entries, with its lock; `itself` is its own source in that."""
    names = [entry.name for entry in entries]
    pyproject = [
        "[project]",
        'name = "app"',
        f'version = "{version}"' if version else 'dynamic = ["version"]',
        'requires-python = ">=3.8"',
        f"dependencies = {names!r}",
        "",
    ]
    write_tree(folder, {"pyproject.toml": "\n".join(pyproject), **(files or {})})
    rows = ", ".join(f'{{ name = "{name}" }}' for name in names)
    own = Locked(name="app", source=itself, version=version, files=f"dependencies = [{rows}]\n")
    lock = ['version = 1\nrevision = 3\nrequires-python = ">=3.8"\n']
    for entry in sorted((own, *entries), key=lambda each: each.name):
        told = f'version = "{entry.version}"\n' if entry.version else ""
        lock.append(
            f'[[package]]\nname = "{entry.name}"\n{told}source = {{ {entry.source} }}\n{entry.files}'
        )
    (folder / "uv.lock").write_text("\n".join(lock))
    return folder


def inner_project(folder: Path, **more: str) -> Path:
    """Write a project `app` that builds itself with a backend of its own, locked as an editable."""
    files = source_files("app", "1.0", {"inner.py": "X = 1\n"}, **more)
    del files["PKG-INFO"]
    make_source_project(folder, [], itself='editable = "."')
    head = files["pyproject.toml"].partition("[project]")[0]
    files["pyproject.toml"] = head + (folder / "pyproject.toml").read_text()
    return write_tree(folder, files)
