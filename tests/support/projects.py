"""Small projects whose lock names wheels that lie on this disk: what a `siteroot sync` can be run on without an index.

The lock says what uv would write, had the wheels come from an index: registry sources, absolute `file://` URLs, hashes
and sizes. uv reads it too.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_INDEX = "https://index.test/simple"


def make_project(
    folder: Path,
    wheels: Iterable[Path],
    *,
    dependencies: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    requires_python: str = ">=3.8",
    settings: str = "",
) -> Path:
    """Write pyproject.toml and uv.lock (revision 5) of a project `app` that depends on the wheels; return its folder.

    `dependencies` are requirements, by default the name of every wheel; what a wheel's own METADATA requires becomes
    its edges. Several wheels of one name and version are files of one package. `groups` are dependency groups (uv
    installs `dev` by default). `settings` is TOML that follows in pyproject.toml, as "[tool.siteroot]...". Calling it
    again replaces the lock, as `uv lock` would.
    """
    packages: dict[tuple[str, str], list[tuple[Path, RawMetadata]]] = {}
    for wheel in wheels:
        metadata = _read_metadata(wheel)
        key = (str(canonicalize_name(metadata["name"])), metadata["version"])
        packages.setdefault(key, []).append((wheel, metadata))
    if dependencies is None:
        dependencies = [name for name, _ in packages]
    groups = {} if groups is None else groups
    folder.mkdir(parents=True, exist_ok=True)
    pyproject = [
        "[project]",
        'name = "app"',
        'version = "1.0"',
        f'requires-python = "{requires_python}"',
        f"dependencies = {json.dumps(list(dependencies))}",
        "",
        "[dependency-groups]",
        *[f"{name} = {json.dumps(list(group))}" for name, group in groups.items()],
        "",
        settings,
    ]
    (folder / "pyproject.toml").write_text("\n".join(pyproject))
    parts = [
        f'version = 1\nrevision = 5\nrequires-python = "{requires_python}"\n',
        _project_entry(dependencies, groups),
    ]
    parts += [_entry(name, version, files) for (name, version), files in sorted(packages.items())]
    (folder / "uv.lock").write_text("\n".join(parts))
    return folder


def _read_metadata(wheel: Path) -> RawMetadata:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return parse_email(archive.read(name))[0]


def _edges(key: str, requirements: Iterable[str]) -> list[str]:
    rows = sorted(_edge(Requirement(text)) for text in requirements)
    return [f"{key} = [", *[f"    {row}," for row in rows], "]"] if rows else []


def _edge(requirement: Requirement, *, specifier: bool = False) -> str:
    words = [f'name = "{canonicalize_name(requirement.name)}"']
    if requirement.extras:
        key = "extras" if specifier else "extra"
        words.append(f"{key} = {json.dumps(sorted(requirement.extras))}")
    if requirement.marker is not None:
        words.append(f"marker = {json.dumps(str(requirement.marker).replace(chr(34), chr(39)))}")
    if specifier and requirement.specifier:
        words.append(f'specifier = "{requirement.specifier}"')
    return f"{{ {', '.join(words)} }}"


def _project_entry(dependencies: Sequence[str], groups: Mapping[str, Sequence[str]]) -> str:
    lines = [
        "[[package]]",
        'name = "app"',
        'version = "1.0"',
        'source = { virtual = "." }',
        *_edges("dependencies", dependencies),
    ]
    if groups:
        lines += ["", "[package.dev-dependencies]"]
        for name, group in groups.items():
            lines += _edges(name, group) or [f"{name} = []"]
    lines += ["", "[package.metadata]", *_declared("requires-dist", dependencies)]
    if groups:
        lines += ["", "[package.metadata.requires-dev]"]
        for name, group in groups.items():
            lines += _declared(name, group) or [f"{name} = []"]
    return "\n".join([*lines, ""])


def _declared(key: str, requirements: Iterable[str]) -> list[str]:
    rows = sorted(_edge(Requirement(text), specifier=True) for text in requirements)
    return [f"{key} = [{', '.join(rows)}]"] if rows else []


def _entry(name: str, version: str, files: Sequence[tuple[Path, RawMetadata]]) -> str:
    lines = [
        "[[package]]",
        f'name = "{name}"',
        f'version = "{version}"',
        f'source = {{ registry = "{_INDEX}" }}',
        *_edges("dependencies", files[0][1].get("requires_dist", ())),
        "wheels = [",
    ]
    for wheel, _ in sorted(files):
        content = wheel.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        url = wheel.resolve().as_uri()
        lines.append(f'    {{ url = "{url}", hash = "sha256:{digest}", size = {len(content)} }},')
    return "\n".join([*lines, "]", ""])


def change(project: Path, name: str, old: str, new: str) -> None:
    """Replace what must stand in one of a project's files."""
    path = project / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def append(project: Path, name: str, text: str) -> None:
    """Write more at the end of one of a project's files."""
    with (project / name).open("a") as stream:
        stream.write(text)
