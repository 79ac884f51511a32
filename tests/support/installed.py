"""Site-packages as many hands leave them: wheels unpacked, and what setuptools, distutils and pip wrote before."""

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from .wheels import ANY, wheel_members


def install_wheel(
    library: Path,
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    tag: str = ANY,
    requires_python: str = "",
    direct_url: object = None,
) -> Path:
    """Put a distribution there as an installer would, and return its dist-info."""
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    head += f"Requires-Python: {requires_python}\n" if requires_python else ""
    metadata = head + "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    folder = library
    for member in wheel_members(name, version, tag=tag, metadata=metadata):
        path = library / str(member.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(member.content)
        folder = path.parent if path.name == "RECORD" else folder
    if direct_url is not None:
        (folder / "direct_url.json").write_text(json.dumps(direct_url))
        with (folder / "RECORD").open("a") as record:
            record.write(f"{folder.name}/direct_url.json,,\n")
    return folder


def write_pkg_info(path: Path, name: str, version: str) -> None:
    """Write the metadata of an egg-info."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Metadata-Version: 1.0\nName: {name}\nVersion: {version}\n")


def furnish(library: Path, sources: Path) -> None:
    """Fill a folder with distributions of every form that uv lists too; editables lie in `sources`."""
    library.mkdir(parents=True, exist_ok=True)
    install_wheel(
        library,
        "Alpha",
        "1.0",
        [
            "beta>=2",
            'gamma; python_version>"3"',
            'delta[x]; extra=="y"',
            'eta<1;sys_platform=="win32"',
        ],
    )
    install_wheel(
        library,
        "beta",
        "2.0",
        ["gamma==1.0", "lone"],
        direct_url={"url": "https://h/b.whl", "archive_info": {}},
    )
    install_wheel(library, "gamma", "1.5", ["alpha", "lone <9, >=0.1", "lone"])
    install_wheel(
        library,
        "Zeta_Z",
        "3.0.0",
        ["beta", "absent[a,B] <2, >=1 ; python_version >= '3'"],
        tag="cp39-cp39-win_amd64",
    )
    install_wheel(library, "future", "1", requires_python=">=3.99")
    install_wheel(library, "past", "1.0.post1", requires_python="<3")
    editable = {"url": (sources / "lone").as_uri(), "dir_info": {"editable": True}}
    install_wheel(library, "lone", "1", direct_url=editable)
    git = {
        "url": "https://h/x.git",
        "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"},
    }
    install_wheel(library, "from-git", "1", direct_url={**git, "subdirectory": "d"})
    install_wheel(library, "from-folder", "1", direct_url={"url": "file:///a%20b", "dir_info": {}})
    write_pkg_info(library / "Egg_Folder-1.0-py3.9.egg-info" / "PKG-INFO", "Egg-Folder", "1.0")
    write_pkg_info(library / "bare.egg-info" / "PKG-INFO", "bare", "7.0")
    write_pkg_info(library / "disty-2.0.egg-info", "disty", "2.0")
    write_pkg_info(sources / "old" / "old_one.egg-info" / "PKG-INFO", "old-one", "0.1")
    (library / "old-one.egg-link").write_text(f"{sources / 'old'}\n.\n")
    (library / "~eft-1.dist-info").mkdir()
    (library / "readme.txt").write_text("no distribution\n")


def write_egg(path: Path, name: str, version: str, requires: str = "") -> None:
    """Write an egg of `easy_install`, as an archive."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("EGG-INFO/PKG-INFO", f"Name: {name}\nVersion: {version}\n")
        archive.writestr("EGG-INFO/requires.txt", requires)


def make_environment(folder: Path) -> Path:
    """Make a virtual environment with nothing in it, and return its site-packages."""
    import venv

    venv.create(folder, symlinks=True)
    return folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
