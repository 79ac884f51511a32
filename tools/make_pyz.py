"""Makes siteroot.pyz: one executable file that any CPython from 3.11 on runs, with nothing installed.

    python3 tools/make_pyz.py OUT [--bytecode-for PYTHON | --no-bytecode]

It holds this checkout's siteroot and its pure dependencies, from the same lock as everything else. zipimport keeps no
bytecode of its own, so each start would compile every module: the bytecode of one interpreter (the one that runs this
tool, or PYTHON) lies beside the sources, and others pass it over. The same checkout and interpreter give the same bytes;
with --no-bytecode the checkout alone does.

    __main__.py     leaves nothing on sys.path but this archive and the standard library, and starts siteroot
    lib/            modules, with the files that they read
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from checkout import CHECKOUT, make_root

#: Stored, not deflated: zipimport would look for zlib on sys.path while PYTHONPATH is still there.
MAIN = b'''\
"""Starts siteroot from this archive, importing nothing from PYTHONPATH, site-packages or the current folder."""
import os
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("error: siteroot needs Python 3.11 or later to run, this is %s\\n" % sys.version.split()[0])
    sys.exit(2)

# a Ctrl-C that comes before signals are heard: nothing is begun then
sys.excepthook = lambda kind, *rest: kind is KeyboardInterrupt or sys.__excepthook__(kind, *rest)

library = os.path.dirname(os.__file__)
given = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
kept = ("lib-dynload", "DLLs", "python%d%d.zip" % sys.version_info[:2])
sys.path[:] = [os.path.dirname(os.path.abspath(__file__)) + "/lib"] + [
    entry
    for entry in sys.path
    if entry == library or os.path.basename(entry) in kept and os.path.abspath(entry) not in given
]

from siteroot.cli.main import run

run()
'''

#: Compiles sources, named on its input, into bytecode that zipimport takes without looking at the source's time.
COMPILE = """\
import py_compile, sys
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
for line in sys.stdin.read().splitlines():
    name, source, target = line.split("\\t")
    py_compile.compile(source, target, "siteroot.pyz/" + name, doraise=True, invalidation_mode=unchecked)
"""

#: What comes with a dependency and is never reached from siteroot: rich's syntax and markdown rendering.
LEFT_OUT = ("pygments", "markdown_it", "mdurl", "bin", "sitecustomize.py")


def main() -> int:
    """Make it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, help="the file to write")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--bytecode-for", default=sys.executable, metavar="PYTHON")
    choice.add_argument("--no-bytecode", action="store_true")
    arguments = parser.parse_args()
    members = {
        f"lib/{name}": path.read_bytes()
        for folder in (make_root("run"), CHECKOUT / "src")
        for name, path in importable_files(folder)
    }
    if not arguments.no_bytecode:
        members |= compile_modules(members, arguments.bytecode_for)
    write_archive(arguments.out, members)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")
    return 0


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


def compile_modules(members: dict[str, bytes], python: str) -> dict[str, bytes]:
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
            f"{name}c": path.with_name(f"{path.name}.pyc").read_bytes()
            for name, path in sources.items()
        }


def write_archive(out: Path, members: dict[str, bytes]) -> None:
    """Write the archive with an interpreter line before it, in one rename."""
    part = out.with_name(f"{out.name}.part")
    with part.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(_member("__main__.py"), MAIN, zipfile.ZIP_STORED)
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
