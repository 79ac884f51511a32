"""Changes that are stopped at one operation (`stop_driver`), on the grounds that people's roots lie on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from siteroot.model.rows import Change, Staging

from . import stop_driver
from .mounts import need_mount
from .roots import Case, write_tree
from .stop_driver import Kind

_STRANGER = 4321


def spread(staging: Staging) -> Staging:
    """Return the staging with its stored files in jobs of two, so that several workers have some."""
    outside, folders, jobs = staging
    parts = []
    for source, label, stored, rendered in jobs:
        parts.append((source, label, stored[:2], rendered))
        parts += [(source, label, stored[at : at + 2], ()) for at in range(2, len(stored), 2)]
    return outside, folders, tuple(parts)


def spread_change(change: Change) -> Change:
    """Return the change with its staging spread."""
    return (spread(change[0]), *change[1:])


class Driver:
    """A running `stop_driver`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, stop_driver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def make(
        self,
        root: str,
        rows: str = "",
        kind: Kind = Kind.NOTHING,
        at: int = 0,
        *,
        mode: str = "copy",
        user: int = 0,
    ) -> tuple[int, bool, int]:
        """Return how the change, or with no rows the recovery alone, ended (`stop_driver`)."""
        request = {
            "root": root,
            "rows": rows,
            "kind": kind,
            "at": at,
            "mode": mode,
            "user": user,
            "workers": 2 if kind.of_worker else 1,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code, struck, count = json.loads(self._process.stdout.readline())
        return code, struck, count

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=60)


class Ground(ABC):
    """Where a root lies. `reset` puts the old tree back, none where the case is a fresh root."""

    user = 0

    def __init__(self, place: Path, case: Case | None) -> None:
        self.place = place
        self.root = str(place / "here" / "root")
        self.store = str(place / "store")
        self.old_tree: str | None = None
        (place / "here").mkdir()
        (place / "store").mkdir()  # a removal stores nothing
        if case is not None:
            self.old_tree = str(place / "old")
            write_tree(self.old_tree, {**case.old, **case.foreign})
            os.chmod(self.old_tree, 0o755)

    @abstractmethod
    def reset(self) -> None:
        """Begin anew, at `root`."""

    @abstractmethod
    def move(self) -> None:
        """Have the root at another path, which is `root` from then on."""

    @abstractmethod
    def close(self) -> None:
        """Take away what keeps the folders from being removed."""

    def _fill(self) -> None:
        if self.old_tree is not None:
            shutil.copytree(self.old_tree, self.root, dirs_exist_ok=True)


class PlainDisk(Ground):
    """A folder among others."""

    def reset(self) -> None:
        for name in ("here", "there"):
            shutil.rmtree(self.place / name, ignore_errors=True)
        (self.place / "here").mkdir()
        self.root = str(self.place / "here" / "root")
        self._fill()

    def move(self) -> None:
        os.rename(self.place / "here", self.place / "there")
        self.root = str(self.place / "there" / "root")

    def close(self) -> None:
        pass


class ReadOnlyParent(PlainDisk):
    """A folder of a user who may not write to the one that it is in."""

    user = _STRANGER

    def reset(self) -> None:
        super().reset()
        for top in (self.root, self.store):
            for folder, _, names in os.walk(top):
                for path in (folder, *(os.path.join(folder, name) for name in names)):
                    os.chown(path, self.user, self.user)


class Mounts(Ground):
    """A ground that mounts something anew each time."""

    def __init__(self, place: Path, case: Case | None) -> None:
        need_mount()
        super().__init__(place, case)
        self._count = 0
        self._mounted: Path | None = None

    def _mount(self, folder: Path, *words: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", *words, str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"this cannot be mounted here: {done.stderr.strip()}")
        self._mounted = folder

    def close(self) -> None:
        if self._mounted is not None:
            subprocess.run(["umount", str(self._mounted)], check=True)
            self._mounted = None


class OwnMount(Mounts):
    """DIR is a mount point: nothing can be staged beside it and renamed."""

    def reset(self) -> None:
        self.close()
        self.root = str(self.place / "here" / "root")
        self._mount(Path(self.root), "-t", "tmpfs", "-o", "mode=0755", "tmpfs")
        self._fill()

    def move(self) -> None:
        before, after = Path(self.root), self.place / "there" / "root"
        self._mount(after, "--bind", str(before))
        subprocess.run(["umount", str(before)], check=True)
        self.root = str(after)


class Overlay(Mounts):
    """The old root lies in a lower layer, as in the second RUN of a Dockerfile; it moves as a new container does."""

    def __init__(self, place: Path, case: Case | None) -> None:
        super().__init__(place, case)
        self._lower = place / "lower"
        (self._lower / "top").mkdir(parents=True)
        if self.old_tree is not None:
            shutil.copytree(self.old_tree, self._lower / "top" / "root")

    def reset(self) -> None:
        self.close()
        shutil.rmtree(self._layer("upper"), ignore_errors=True)
        shutil.rmtree(self._layer("work"), ignore_errors=True)
        self._count += 1
        self._layer("upper").mkdir()
        self._layer("work").mkdir()
        self._show("here")

    def move(self) -> None:
        self.close()
        self._show("there")

    def _show(self, name: str) -> None:
        options = (
            f"lowerdir={self._lower},upperdir={self._layer('upper')},workdir={self._layer('work')}"
        )
        self._mount(self.place / name, "-t", "overlay", "-o", options, "overlay")
        self.root = str(self.place / name / "top" / "root")

    def _layer(self, name: str) -> Path:
        return self.place / f"{name}{self._count}"


GROUNDS: dict[str, type[Ground]] = {
    "plain disk": PlainDisk,
    "overlay": Overlay,
    "own mount": OwnMount,
    "read-only parent": ReadOnlyParent,
}


@contextmanager
def made_ground(name: str, case: Case | None) -> Iterator[Ground]:
    """Make a ground in a folder that other users may look into, which pytest's are not."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="siteroot-stops-") as folder:
        os.chmod(folder, 0o755)
        ground = GROUNDS[name](Path(folder), case)
        if ground.user and os.geteuid():
            pytest.skip("only root can be two users")
        try:
            yield ground
        finally:
            ground.close()
