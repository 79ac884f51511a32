"""Distributions made on the spot, and locks that name them: for what changes, and for series of growing size."""

import base64
import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeWheel:
    """A wheel in the folder of an index, as a lock names it."""

    name: str
    version: str
    path: Path
    digest: str
    size: int


def make_wheel(folder: Path, name: str, version: str, files: int) -> MadeWheel:
    """Write a wheel of one import package of so many modules, a few KiB each, and return it."""
    members = {
        f"{name}/part_{number // 20:03}/module_{number:05}.py": _module(name, version, number)
        for number in range(files)
    }
    info = f"{name}-{version}.dist-info"
    members[f"{name}/__init__.py"] = f"version = {version!r}\n".encode()
    members[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    )
    members[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = [
        f"{path},sha256={_record_digest(content)},{len(content)}"
        for path, content in members.items()
    ]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), content)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return MadeWheel(name=name, version=version, path=path, digest=digest, size=len(content))


def _module(name: str, version: str, number: int) -> bytes:
    lines = [f"# {name} {version}, module {number}", "", "def total(values):", "    found = 0"]
    lines += [f"    found += {step * number} * len(values)" for step in range(60)]
    return "\n".join([*lines, "    return found", ""]).encode()


def _record_digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def lock_entry(wheel: MadeWheel) -> str:
    """Return the wheel's entry in a uv.lock, as if it came from the public index: the lock is relocated as a whole."""
    return (
        f'[[package]]\nname = "{wheel.name}"\nversion = "{wheel.version}"\n'
        'source = { registry = "https://pypi.org/simple" }\nwheels = [\n'
        f'    {{ url = "https://files.pythonhosted.org/packages/{wheel.path.name}", hash = "sha256:{wheel.digest}",'
        f" size = {wheel.size} }},\n]\n"
    )


def add_to_lock(lock: str, wheel: MadeWheel) -> str:
    """Return the lock of the project `bench` with one direct dependency more."""
    head, found, rest = lock.partition('name = "bench"')
    before, opened, after = rest.partition("dependencies = [\n")
    if not found or not opened:
        raise ValueError("the lock has no project `bench` with dependencies")
    dependency = f'    {{ name = "{wheel.name}" }},\n'
    return f"{head}{found}{before}{opened}{dependency}{after}\n{lock_entry(wheel)}"


def lock_of(wheels: Sequence[MadeWheel]) -> str:
    """Return a uv.lock of a project `bench` that depends on all of these."""
    names = "".join(f'    {{ name = "{wheel.name}" }},\n' for wheel in wheels)
    project = (
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "bench"\nversion = "0.0.0"\n'
        f'source = {{ virtual = "." }}\ndependencies = [\n{names}]\n'
    )
    return "\n".join([project, *map(lock_entry, wheels)])
