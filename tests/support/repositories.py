"""Git repositories for tests, made on the spot."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .git import need_git
from .sdists import write_tree

#: What git is told, so that no setting of the machine counts; file: is for submodules.
VARIABLES = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
}


class Repo:
    """A repository with a work tree."""

    def __init__(self, folder: Path) -> None:
        self._git = need_git()
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        """Where it lies."""
        return self.folder.as_uri()

    def git(self, *words: str) -> str:
        """Run git in it."""
        ran = subprocess.run(
            [self._git, *words],
            cwd=self.folder,
            env=VARIABLES,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit files, and return the commit."""
        write_tree(self.folder, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")
