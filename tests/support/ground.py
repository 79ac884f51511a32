"""What the tests of tests/rules stand on: the real command, wheels built on the spot, roots and their digests."""

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .command import Place, make_place, plain_variables
from .projects import make_project
from .wheels import build_wheel


@dataclass(frozen=True)
class Ground:
    """A place for the command and a cache; all else is made in `home`."""

    home: Path
    place: Place

    def command(
        self, project: Path, root: Path, *words: str, cache: Path | None = None
    ) -> list[str]:
        """Return the words of a sync; `words` may say `--link-mode` and whatever else."""
        return [
            *(sys.executable, str(self.place.script), "sync", "--frozen"),
            *("--project", str(project), "--target", str(root), "--python", sys.executable),
            *("--cache-dir", str(cache or self.home / "cache"), *words),
        ]

    def try_sync(
        self,
        project: Path,
        root: Path,
        *words: str,
        cache: Path | None = None,
        variables: Mapping[str, str] | None = None,
        umask: int = -1,
        by: tuple[str, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a sync, whatever comes of it. `by` are the words that make it another user's."""
        return subprocess.run(
            [*by, *self.command(project, root, *words, cache=cache)],
            cwd=self.home,
            env=plain_variables(self.home, variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            umask=umask,
        )

    def sync(
        self,
        project: Path,
        root: Path,
        *words: str,
        cache: Path | None = None,
        variables: Mapping[str, str] | None = None,
        umask: int = -1,
        by: tuple[str, ...] = (),
    ) -> str:
        """Run a sync that must come about; return its stderr."""
        done = self.try_sync(
            project, root, *words, cache=cache, variables=variables, umask=umask, by=by
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def project(self, name: str, *wheels: Path) -> Path:
        """Write a project that depends on the wheels."""
        return make_project(self.home / name, wheels)


def make_ground(home: Path) -> Ground:
    """Return a ground in an empty folder."""
    return Ground(home, make_place(home / "command"))


def digest_of(root: Path) -> str:
    """Return the digest of the root's sorted tar, owner 0: what an image's layer holds of it.

    DIR's own mode is left out: an existing DIR keeps its own.
    """
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, dereference=False
    ) as tar:
        for path in [root, *sorted(root.rglob("*"))]:
            member = tar.gettarinfo(path, os.path.relpath(path, root))
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = path.lstat().st_mtime
            if path == root:
                member.mode = 0o755
            if member.islnk():  # of one inode in two roots: a layer holds the file
                member.type, member.size = tarfile.REGTYPE, path.lstat().st_size
            with path.open("rb") if member.isreg() else io.BytesIO() as content:
                tar.addfile(member, content)
    return hashlib.sha256(stream.getvalue()).hexdigest()


def build_versions(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Build wheels by the name of a selection; each changes the one before in another way.

    Files become folders and the reverse, launchers and scripts come and go, a `.pth` file does, a name is shared.
    """
    folder.mkdir()
    script = {"scripts/own": "#!python\nprint('own')\n", "data/share/demo/one.txt": "1"}
    turn = {"turn/x/__init__.py": "x = 1\n", "turn/x/deep/y.py": ""}
    one = build_wheel(
        folder,
        "demo",
        "1.0",
        {"demo/__init__.py": "V = 1\n", "demo/old.py": "", **turn, "top.py": "T = 1\n"},
        entry_points="[console_scripts]\ndemo = demo:main\ngone = demo:gone\n",
        data=script,
        executable=("demo-1.0.data/scripts/own",),
    )
    two = build_wheel(
        folder,
        "demo",
        "2.0",
        {
            "demo/__init__.py": "V = 2\n",
            "demo/new.py": "",
            "turn/x": "a file\n",
            "top.py": "T = 2\n",
        },
        entry_points="[console_scripts]\ndemo = demo:main\n",
    )
    late = {"late.pth": "inner\n", "inner/late.py": "", "ns/a.py": ""}
    paths = build_wheel(folder, "paths", "1.0", late)
    other = build_wheel(folder, "other", "3.0", {"ns/b.py": "", "other/__init__.py": ""})
    return {
        "one": (one, other),
        "two": (two, other),
        "paths": (two, paths),
        "more": (one, paths, other),
        "none": (other,),
    }


def strike_with_journal(
    ground: Ground, project: Path, root: Path, kept: Path, *, by: tuple[str, ...] = ()
) -> None:
    """Kill a sync of `root` (a copy of `kept`) so that an interrupted change is left in it.

    Mounts at and in `root` stay. `by` are the words before the command that make it another user's.
    """
    journal = f"{root}/.siteroot/journal"
    for _ in range(40):
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-aT", kept, root], check=True)
        with subprocess.Popen(
            [*by, *ground.command(project, root)],
            cwd=ground.home,
            env=plain_variables(ground.home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while not os.path.lexists(journal) and process.poll() is None:
                pass
            process.kill()
        if os.path.lexists(journal):
            return
    raise AssertionError("no strike left a journal")


def hold(folder: Path) -> int:
    """Lock a root as another process would; closing the descriptor lets it go."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor
