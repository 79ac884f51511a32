"""A desk to work at: the command in this process, a home of its own, wheels built on the spot."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siteroot.cli.main import main

from .command import plain_variables


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def changes(self) -> dict[str, str]:
        """What the JSON on stdout says was, or would be, installed or installed anew: versions by name."""
        return {
            each["name"]: each["version"]
            for each in self.document["sync"]["changes"]
            if each["action"] != "uninstalled"
        }

    @property
    def built(self) -> list[str]:
        """What it says that it built, in order."""
        lines = [line.split() for line in self.err.splitlines()]
        return [words[1] for words in lines if words[:1] == ["Building"]]

    @property
    def document(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Runs `siteroot sync`. The cache lies in `home`, where no settings are; nothing else of the caller's is seen."""

    home: Path

    def run(
        self, *words: str | Path, cwd: Path, variables: Mapping[str, str] | None = None
    ) -> Done:
        """Run any command of siteroot in a folder, with no more variables than are given."""
        out, err = io.StringIO(), io.StringIO()
        environ = plain_variables(self.home, {"TMPDIR": str(self.home), **(variables or {})})
        code = main([str(word) for word in words], environ, str(cwd), out, err)
        return Done(code=code, out=out.getvalue(), err=err.getvalue())

    def sync(
        self,
        *words: str | Path,
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        cache: bool = True,
        frozen: bool = True,
    ) -> Done:
        """Run a sync in a folder, whatever comes of it."""
        own: list[str | Path] = ["--frozen"] if frozen else []
        if cache:
            own += ["--cache-dir", self.home / "cache"]
        return self.run("sync", *own, *words, cwd=cwd, variables=variables)

    def synced(
        self, *words: str | Path, cwd: Path, variables: Mapping[str, str] | None = None
    ) -> Done:
        """Run a sync that must come about."""
        done = self.sync(*words, cwd=cwd, variables=variables)
        assert done.code == 0, done.err
        return done


def make_desk(home: Path) -> Desk:
    """Return a desk in an empty folder."""
    home.mkdir(parents=True, exist_ok=True)
    return Desk(home=home)
