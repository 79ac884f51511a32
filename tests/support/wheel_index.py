"""An index on loopback of the wheels and sdists in a folder, with the hashes that it says."""

import contextlib
import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from .http_server import Answer, Server, serve_folder
from .pages import HTML, PageFile, render_html
from .wheels import Content, build_wheel


def metadata_of(name: str, version: str, *requires: str, more: str = "") -> str:
    """Return the METADATA of a distribution that requires what is said."""
    lines = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}{more}"


def make_wheel(folder: Path, name: str, version: str, *requires: str, more: str = "") -> Path:
    """Write a wheel with one module that knows its version, and requirements."""
    module = name.replace("-", "_")
    files: dict[str, Content] = {f"{module}.py": f"V = {version!r}\n"}
    metadata = metadata_of(name, version, *requires, more=more)
    return build_wheel(folder, name, version, files, metadata=metadata)


@contextlib.contextmanager
def serve_index(folder: Path, *, hashes: bool = True) -> Iterator[Server]:
    """Serve a folder's archives as an index at `/simple/`; `describe_files` takes note of new ones."""
    with serve_folder(folder) as server:
        describe_files(server, folder, hashes=hashes)
        yield server


def describe_files(server: Server, folder: Path, *, hashes: bool = True) -> None:
    """Make the pages of the index anew."""
    projects: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".whl", ".tar.gz")):
            projects.setdefault(canonicalize_name(path.name.split("-")[0]), []).append(path)
    for name, paths in projects.items():
        page = Answer(
            body=render_html(_files(paths, hashes=hashes)), headers={"Content-Type": HTML}
        )
        server.always[f"/simple/{name}/"] = page


def _files(paths: Sequence[Path], *, hashes: bool) -> Iterator[PageFile]:
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield PageFile(
            filename=path.name,
            url=f"/{path.name}",
            hashes={"sha256": digest} if hashes else {},
            core_metadata=True if _write_metadata(path) else None,
        )


def _write_metadata(path: Path) -> bool:
    """Write a wheel's METADATA beside it, as PEP 658 has it: the server knows no HEAD, which uv would ask with."""
    if path.suffix != ".whl":
        return False
    with zipfile.ZipFile(path) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        path.with_name(f"{path.name}.metadata").write_bytes(wheel.read(name))
    return True
