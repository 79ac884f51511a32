"""Makes siteroot.pyz: one executable file that any CPython from 3.11 on runs, with nothing installed.

    python3 tools/make_pyz.py OUT [--for PYTHON ...] [--pure]

It holds this checkout's siteroot and its dependencies, from the same lock as everything else. For the Python that runs
this tool, or for each PYTHON that is named, it also holds bytecode and accelerators, so that siteroot starts there as
fast as an installed one; all others compile its modules at each start. With --pure it holds neither.

The same checkout, Pythons and zlib give the same bytes; whichever Python runs this tool.

    __main__.py         leaves nothing on sys.path but this archive and the standard library, and starts siteroot
    lib/                modules, the files that they read, and accelerators for PLATFORMS
    cpython-312/        bytecode of the modules
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from checkout import CHECKOUT, ROOTS, make_root, run_siteroot

#: Compiles sources, named on its input, into bytecode that is taken without a look at the source's time.
COMPILE = """\
import py_compile, sys
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
for line in sys.stdin.read().splitlines():
    name, source, target = line.split("\\t")
    py_compile.compile(source, target, "siteroot.pyz/" + name, doraise=True, invalidation_mode=unchecked)
"""

MAIN = Path(__file__).with_name("pyz_main.py")

#: Prints what bytecode and accelerators of a Python are called by.
ASK = "import json, sys; print(json.dumps([sys.implementation.cache_tag, '%d.%d' % sys.version_info[:2]]))"

#: The usual platforms of images and CI, which accelerators come for.
PLATFORMS = tuple(
    f"{machine}-unknown-linux-{libc}"
    for machine in ("x86_64", "aarch64")
    for libc in ("gnu", "musl")
)

#: The modules of the extra `fast` that siteroot imports, with what those import.
ACCELERATORS = {
    "isal": ("__init__", "_version", "_isal", "igzip_lib", "isal_zlib"),
    "toml_rs": ("__init__", "_lib", "_toml_rs"),
}

#: What comes with a dependency and is never reached from siteroot: rich's syntax and markdown rendering.
LEFT_OUT = ("pygments", "markdown_it", "mdurl", "bin", "sitecustomize.py")


def main() -> int:
    """Make it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument(
        "--for", dest="pythons", action="append", metavar="PYTHON", help="start fast on it"
    )
    parser.add_argument("--pure", action="store_true", help="no bytecode and no accelerators")
    arguments = parser.parse_args()
    modules = {
        f"lib/{name}": path.read_bytes()
        for folder in (make_root("run"), CHECKOUT / "src")
        for name, path in importable_files(folder)
    }
    members = dict(modules)
    for python in () if arguments.pure else arguments.pythons or [sys.executable]:
        tag, version = ask(python)
        accelerators = dict(read_accelerators(version))
        members |= accelerators | compile_modules(modules | accelerators, python, tag)
    write_archive(arguments.out, members)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")
    return 0


def ask(python: str) -> tuple[str, str]:
    """Return what bytecode and accelerators of a Python are called by; where it is not here, say so and end."""
    try:
        asked = subprocess.run([python, "-I", "-S", "-c", ASK], stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(
            f"error: --for {python}: there is no such Python here to compile with; without that word the file runs"
            " there all the same, and only starts more slowly"
        ) from None
    tag, version = json.loads(asked.stdout)
    return tag, version


def importable_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the modules below a folder and what lies beside them, by name; no bytecode, metadata or scripts."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        top = name.split("/", 1)[0]
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        if top in LEFT_OUT or top.startswith(".") or top.endswith(".dist-info"):
            continue
        if path.suffix in (".so", ".pyd"):
            raise SystemExit(f"{name} is compiled: the archive holds pure modules only")
        if path.suffix != ".pth":
            yield name, path


def read_accelerators(version: str) -> Iterator[tuple[str, bytes]]:
    """Yield the compiled modules for a version of CPython on each of PLATFORMS, and what is beside them."""
    for platform in PLATFORMS:
        root = ROOTS / f"accelerators-{version}-{platform}"
        run_siteroot(
            ["sync", "--frozen", "--no-install-project", "--no-dev", "--extra", "fast", "--quiet"]
            + ["--python-version", version, "--python-platform", platform]
            + ["--project", str(CHECKOUT), "--target", str(root)]
        )
        for package, modules in ACCELERATORS.items():
            for path in (root / package).iterdir():
                if path.suffix in (".py", ".so") and path.name.partition(".")[0] in modules:
                    yield f"lib/{package}/{path.name}", path.read_bytes()


def compile_modules(members: dict[str, bytes], python: str, tag: str) -> dict[str, bytes]:
    """Return the bytecode of all modules by name, as one interpreter compiles it."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = {
            name: Path(scratch, str(number))
            for number, name in enumerate(sorted(members))
            if name.endswith(".py")
        }
        for name, path in sources.items():
            path.write_bytes(members[name])
        subprocess.run(
            [python, "-s", "-S", "-c", COMPILE],
            input="".join(f"{name}\t{path}\t{path}.pyc\n" for name, path in sources.items()),
            env={"PYTHONHASHSEED": "0"},  # the order of a constant set's items
            cwd=scratch,
            text=True,
            check=True,
        )
        return {
            f"{tag}/{name.removeprefix('lib/')}c": path.with_name(f"{path.name}.pyc").read_bytes()
            for name, path in sources.items()
        }


def write_archive(out: Path, members: dict[str, bytes]) -> None:
    """Write the archive with an interpreter line before it, in one rename."""
    part = out.with_name(f"{out.name}.part")
    with part.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w") as archive:
            # not deflated: zipimport would look for zlib on sys.path while PYTHONPATH is still there
            archive.writestr(_member("__main__.py"), MAIN.read_bytes(), zipfile.ZIP_STORED)
            for name, content in sorted(members.items()):
                archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED)
    part.chmod(0o755)
    os.replace(part, out)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.create_system = 3
    member.external_attr = 0o100644 << 16
    return member


if __name__ == "__main__":
    sys.exit(main())
