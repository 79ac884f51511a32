"""Every word that `uv sync --help` has: taken through a whole sync, or refused by a line that says why."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import plain_variables
from support.desk import make_desk
from support.flags import build_flag_wheels, write_project
from support.interpreters import need_uv

_NO_LOCKING = "siteroot does not lock: run `uv lock` with it"
_PYTHON = f"--python {sys.executable}"

#: The words of `uv sync` 0.13.9 with a value that makes sense, and what a refusal says ("" where they are taken).
WORDS: dict[str, tuple[str, str]] = {
    "--extra": ("fast", ""), "--all-extras": ("", ""), "--no-extra": ("fast", ""), "--no-dev": ("", ""),
    "--only-dev": ("", ""), "--group": ("lint", ""), "--no-group": ("lint", ""), "--no-default-groups": ("", ""),
    "--only-group": ("lint", ""), "--all-groups": ("", ""), "--no-editable": ("", ""),
    "--no-editable-package": ("app", ""), "--inexact": ("", ""), "--no-install-project": ("", ""),
    "--no-install-workspace": ("", ""), "--no-install-local": ("", ""), "--no-install-package": ("dep", ""),
    "--active": ("", "no environment is active"),  # as in a shell without one
    "--locked": ("", ""), "--frozen": ("", ""), "--dry-run": ("", ""), "--all-packages": ("", ""),
    "--package": ("app", ""), "--script": ("x.py", "siteroot does not read scripts"),
    "--python-platform": ("linux", ""), "--check": ("", ""), "--output-format": ("text", ""),
    "--index": ("https://index.test/simple", ""), "--default-index": ("https://index.test/simple", ""),
    "--index-url": ("https://index.test/simple", ""), "-i": ("https://index.test/simple", ""),
    "--extra-index-url": ("https://index.test/simple", ""), "--find-links": (".", ""), "-f": (".", ""),
    "--no-index": ("", ""), "--index-strategy": ("first-index", _NO_LOCKING),
    "--keyring-provider": ("disabled", ""),
    "--upgrade": ("", _NO_LOCKING), "-U": ("", _NO_LOCKING), "--upgrade-package": ("dep", _NO_LOCKING),
    "-P": ("dep", _NO_LOCKING), "--upgrade-group": ("dev", _NO_LOCKING), "--resolution": ("lowest", _NO_LOCKING),
    "--prerelease": ("allow", _NO_LOCKING), "--prerelease-package": ("dep=allow", _NO_LOCKING),
    "--fork-strategy": ("fewest", _NO_LOCKING), "--exclude-newer": ("2026-01-01", _NO_LOCKING),
    "--exclude-newer-package": ("dep=2026-01-01", _NO_LOCKING), "--no-sources": ("", _NO_LOCKING),
    "--no-sources-package": ("dep", _NO_LOCKING),
    "--reinstall": ("", ""), "--reinstall-package": ("dep", ""), "--link-mode": ("copy", ""),
    "--compile-bytecode": ("", ""),
    "--config-setting": ("a=b", ""), "-C": ("a=b", ""),
    "--config-settings-package": ("dep:a=b", ""), "--no-build-isolation": ("", ""),
    "--no-build-isolation-package": ("dep", ""), "--no-build": ("", ""), "--no-build-package": ("dep", ""),
    "--no-binary": ("", "--no-binary"), "--no-binary-package": ("quick", ""),
    "--require-build-hashes": ("", ""), "--no-require-build-hashes": ("", ""),
    "--no-cache": ("", ""), "-n": ("", ""), "--cache-dir": ("kept", ""), "--refresh": ("", ""),
    "--refresh-package": ("dep", ""), "--python": (sys.executable, ""), "-p": (sys.executable, ""),
    "--managed-python": (_PYTHON, ""), "--no-managed-python": (_PYTHON, ""), "--no-python-downloads": ("", ""),
    "--quiet": ("", ""), "-q": ("", ""), "--verbose": ("", ""), "-v": ("", ""), "--color": ("never", ""),
    "--system-certs": ("", ""), "--offline": ("", ""), "--allow-insecure-host": ("files.test", ""),
    "--no-progress": ("", ""), "--directory": (".", ""), "--project": (".", ""), "--config-file": ("uv.toml", ""),
    "--no-config": ("", ""), "--help": ("", ""), "-h": ("", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_flag_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.mark.uv
def test_the_list_is_that_of_uvs_help(tmp_path: Path) -> None:
    done = subprocess.run(
        [need_uv(), "sync", "--help"],
        env=plain_variables(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = re.findall(r"^ +((?:-\w, )?--[a-z-]+)", done.stdout, re.MULTILINE)
    assert {word for line in lines for word in line.split(", ")} == WORDS.keys()


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_taken_or_refused_with_its_reason(
    tmp_path: Path, wheels: dict[str, Path], word: str
) -> None:
    value, reason = WORDS[word]
    project = write_project(tmp_path / "project", wheels)
    (project / "uv.toml").write_text("")
    said = [word, *value.split()]
    if "--python" not in said and "-p" not in said:
        said += _PYTHON.split()
    if word != "--active":
        said += ["--target", "pkgs"]
    desk = make_desk(tmp_path / "home")
    own = word in ("--cache-dir", "--no-cache", "-n")
    frozen = word not in ("--frozen", "--locked")
    done = desk.sync(*said, cwd=project, frozen=frozen, cache=not own)
    root = project / "pkgs"
    if reason:
        assert done.code == 2, done.err
        assert re.search(reason, done.err.splitlines()[0]), done.err
        assert "did you mean" not in done.err
        assert not root.exists()
        return
    if word == "--check":
        assert (done.code, root.exists()) == (1, False)
        return
    assert done.code == 0, done.err
    assert root.exists() is (word not in ("--dry-run", "--help", "-h"))
