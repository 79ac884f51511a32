"""Makes siteroot.pyz: one executable file that any CPython from 3.11 on runs, with nothing installed.

    python3 tools/make_pyz.py OUT [--bytecode-for PYTHON ...]

It holds this checkout's siteroot and its pure dependencies, from the same lock as everything else. zipimport keeps no
bytecode of its own, so that each start would compile every module: the bytecode of the interpreter that runs this tool,
and of those named with --bytecode-for, goes in beside the sources. The same checkout gives the same bytes.

    __main__.py     puts the place that suits the interpreter on sys.path, and starts siteroot
    lib/            sources, for every interpreter
    cpython-3XX/    bytecode alone, for one
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from checkout import CHECKOUT, make_root

MAIN = '''\
"""Start siteroot from this archive; see tools/make_pyz.py."""
import sys

here = sys.path[0]
paths = [entry for entry in sys.path[1:] if entry.startswith((sys.base_prefix, sys.base_exec_prefix))]
paths = [entry for entry in paths if not entry.endswith(("site-packages", "dist-packages"))]
names = sorted({name.split("/", 1)[0] for name in __loader__._files})
tag = sys.implementation.cache_tag
sys.path[:] = [here + "/" + tag] * (tag in names) + [here + "/lib"] + paths
from siteroot.cli.main import run

run()
'''

#: Compiles one folder of sources into bytecode that names no folder, is valid without its source, and lies where
#: zipimport looks for it.
COMPILE = """\
import importlib._bootstrap_external as external, os, sys
sources, output = sys.argv[1:]
print(sys.implementation.cache_tag)
for folder, _, names in os.walk(sources):
    for name in names:
        if not name.endswith(".py"):
            continue
        path = os.path.join(folder, name)
        relative = os.path.relpath(path, sources)
        with open(path, "rb") as file:
            content = file.read()
        code = compile(content, "siteroot.pyz/" + relative, "exec", dont_inherit=True)
        import importlib.util
        packed = external._code_to_hash_pyc(code, importlib.util.source_hash(content), False)
        target = os.path.join(output, relative + "c")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(packed)
"""


def main() -> int:
    """Make it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--bytecode-for", action="append", default=[], metavar="PYTHON")
    arguments = parser.parse_args()
    libraries = make_root("run")
    with tempfile.TemporaryDirectory() as scratch:
        sources = Path(scratch, "lib")
        copy_modules(CHECKOUT / "src", sources)
        copy_modules(libraries, sources)
        members = {f"lib/{name}": path for name, path in files_below(sources)}
        for python in [sys.executable, *arguments.bytecode_for]:
            output = Path(scratch, f"bytecode-{len(members)}")
            command = [python, "-I", "-S", "-c", COMPILE, str(sources), str(output)]
            tag = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            members |= {f"{tag}/{name}": path for name, path in files_below(output)}
        write_archive(arguments.out, members)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")
    return 0


def copy_modules(source: Path, target: Path) -> None:
    """Copy what can be imported, without bytecode, metadata, scripts and what only an interpreter's own site reads."""
    for name, path in files_below(source):
        top = name.split("/", 1)[0]
        if "__pycache__" in name or top.endswith(".dist-info") or top == "bin":
            continue
        if "/" not in name and not name.endswith(".py"):
            continue
        if top in ("sitecustomize.py", ".siteroot-start"):
            continue
        if name.endswith(".so"):
            raise SystemExit(f"{name} is compiled: the archive holds pure modules only")
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def files_below(folder: Path) -> list[tuple[str, Path]]:
    """Return the folder's files with their relative names, sorted."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return sorted((path.relative_to(folder).as_posix(), path) for path in paths)


def write_archive(out: Path, members: dict[str, Path]) -> None:
    """Write the archive with an interpreter line before it, in one rename."""
    part = out.with_name(f"{out.name}.part")
    with part.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in [
                ("__main__.py", MAIN.encode()),
                *[(name, path.read_bytes()) for name, path in sorted(members.items())],
            ]:
                member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, content)
    part.chmod(0o755)
    os.replace(part, out)


if __name__ == "__main__":
    sys.exit(main())
