"""Roots made by the real command, and processes started from them with nothing but what a test gives."""

import functools
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .command import Place, make_place
from .projects import make_project
from .wheels import build_wheel

#: Prints what it is and sees, as JSON; with words, runs them and prints what they print.
TOOL = """\
import json, multiprocessing, os, subprocess, sys
def see():
    return {
        "executable": sys.executable, "argv": sys.argv, "path": sys.path, "name": __name__,
        "version": list(sys.version_info[:2]), "effect": os.environ.get("EFFECT"),
        "home": getattr(sys, "_tool_home", None), "effects": getattr(sys, "_effects", 0),
    }
def in_child(queue):
    queue.put([len(sys.path), getattr(sys, "_effects", 0)])
def main():
    words = sys.argv[1:]
    if words[:1] == ["run"]:
        sys.exit(subprocess.call([sys.executable if w == "PYTHON" else w for w in words[1:]]))
    if words[:1] == ["spawn"]:
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=in_child, args=(queue,))
        process.start()
        print(json.dumps(queue.get(timeout=30)))
        process.join()
        sys.exit(process.exitcode)
    print(json.dumps(see()))
if __name__ == "__main__":
    main()
"""

#: What a `.pth` line does: leaves a mark for each time that it ran.
EFFECT = "import sys; sys._effects = getattr(sys, '_effects', 0) + 1\n"


@dataclass(frozen=True)
class Lab:
    """A place for the command, a cache, and wheels; roots are made in `folder`."""

    folder: Path
    place: Place

    def wheels(self, *, pth: bool) -> list[Path]:
        """Build the wheels: a tool with a launcher and a script of its own, and one with `.pth` files."""
        folder = self.folder / "wheels"
        folder.mkdir(exist_ok=True)
        script = "#!python\nimport tool\ntool.main()\n"
        wheels = [
            build_wheel(
                folder,
                "tool",
                "1.0",
                {"tool.py": TOOL},
                entry_points="[console_scripts]\ntool = tool:main\n",
                data={"scripts/own": script, "scripts/plain": "#!/bin/sh\necho plain\n"},
                executable=("tool-1.0.data/scripts/own", "tool-1.0.data/scripts/plain"),
            )
        ]
        if pth:
            files = {"late/inner.py": "", "later.pth": "late\n", "effect.pth": EFFECT}
            wheels.append(build_wheel(folder, "effects", "1.0", files))
        return wheels

    def make_root(
        self, name: str, python: str, wheels: Sequence[Path], *words: str, place: str = "--target"
    ) -> Path:
        """Sync the wheels into a root of that name."""
        project = make_project(self.folder / f"project-{len(os.listdir(self.folder))}", wheels)
        root = self.folder / name
        done = self.place.run(
            *("sync", "--frozen", "--python", python, place, str(root), *words),
            *("--cache-dir", str(self.folder / "cache"), "--link-mode", "copy", "--quiet"),
            cwd=project,
        )
        assert done.returncode == 0, done.stderr
        return root


def make_lab(folder: Path) -> Lab:
    """Return a lab in an empty folder."""
    return Lab(folder, make_place(folder / "command"))


def run(
    words: Sequence[str | Path], path: Sequence[str | Path] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command with these folders on PATH and these variables, and no others."""
    environment = {"PATH": os.pathsep.join(map(str, path)), **variables}
    return subprocess.run(
        [str(word) for word in words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answer(words: Sequence[str | Path], path: Sequence[str | Path] = (), **variables: str) -> Any:
    """Run a command and return what it printed, which is JSON; its stderr is empty."""
    done = run(words, path, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done
    return json.loads(done.stdout)


def offer(folder: Path, pythons: Mapping[str, str]) -> Path:
    """Make a folder for PATH in which names are links to Pythons (or scripts, where the text begins with #!)."""
    folder.mkdir(parents=True)
    for name, target in pythons.items():
        if target.startswith("#!"):
            (folder / name).write_text(target)
            (folder / name).chmod(0o755)
        else:
            (folder / name).symlink_to(target)
    return folder


@functools.cache
def minor_of(python: str) -> str:
    """Return the version of a Python, as "3.12"."""
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [python, "-I", "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()
