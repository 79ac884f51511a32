"""Archives of source for tests: right ones in a line, hostile ones member by member."""

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

#: A backend that needs nothing but Python: it puts `src/` into a wheel. It stands in the tree that it builds.
BACKEND = """
import base64, hashlib, os, sys, tomllib, zipfile


def _project():
    with open("pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def _write(folder, files):
    project = _project()
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {version}\\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\\nGenerator: inner\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\\n")
    rows.append(f"{info}/RECORD,,\\n")
    files[f"{info}/RECORD"] = "".join(rows).encode()
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for path, content in files.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = 0o100644 << 16
            archive.writestr(member, content)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files = {}
    for folder, _, names in os.walk("src"):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, "src")] = file.read()
    return _write(wheel_directory, files)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _write(wheel_directory, {"inner.pth": (os.path.abspath("src") + "\\n").encode()})
"""


def source_files(
    name: str = "inner-app",
    version: str = "1.0",
    modules: Mapping[str, str] | None = None,
    backend: str = BACKEND,
) -> dict[str, str]:
    """Return the files of a tree that builds itself."""
    return {
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "inner_backend"\nbackend-path = ["back"]\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\n'
        ),
        "back/inner_backend.py": backend,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        **{f"src/{path}": text for path, text in (modules or {"inner.py": "X = 1\n"}).items()},
    }


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder, and return it."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def write_sdist(path: Path, files: Mapping[str, str], *, top: str | None = None) -> Path:
    """Write a .tar.gz or .zip of files below one top folder, by default its own name's."""
    top = path.name.removesuffix(".tar.gz").removesuffix(".zip") if top is None else top
    members = {f"{top}/{name}": text.encode() for name, text in files.items()}
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path
    return write_tar(path, [file_member(name, content) for name, content in members.items()])


TarMember = tuple[tarfile.TarInfo, bytes]


def file_member(name: str, content: bytes = b"x\n", *, mode: int = 0o644) -> TarMember:
    """Return a file for `write_tar`."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def other_member(name: str, kind: bytes, link: str = "") -> TarMember:
    """Return a link, folder or device for `write_tar`."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, b""


def write_tar(path: Path, members: Sequence[TarMember]) -> Path:
    """Write a tar, compressed as its name says, with exactly these members."""
    ending = path.name.rpartition(".")[2]
    mode = "w:" + {"tgz": "gz", "tar": ""}.get(ending, ending)
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path
