"""Every word that `uv pip COMMAND --help` has: taken by the command as a whole, or refused by a line that says why."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import plain_variables
from support.desk import Desk, Done, make_desk
from support.interpreters import need_uv
from support.sdists import source_files, write_tree
from support.wheel_index import make_wheel, serve_index

HERE = ("--python", sys.executable)
_INDEX = "<index>"

#: What a word says, and what a refusal says ("" where it is taken).
VALUES: dict[str, tuple[str, str]] = {
    "--index": (_INDEX, ""), "--default-index": (_INDEX, ""), "--index-url": (_INDEX, ""), "-i": (_INDEX, ""),
    "--extra-index-url": (_INDEX, ""), "--find-links": ("files", ""), "-f": ("files", ""),
    "--index-strategy": ("unsafe-best-match", ""), "--keyring-provider": ("disabled", ""), "--cert": ("cert.pem", ""),
    "--allow-insecure-host": ("files.test", ""),
    "--requirements": ("more.txt", ""), "-r": ("more.txt", ""), "--editable": ("tree", ""), "-e": ("tree", ""),
    "--constraints": ("more.txt", ""), "-c": ("more.txt", ""), "--overrides": ("more.txt", ""), "--excludes": ("more.txt", ""),
    "--build-constraints": ("more.txt", ""), "-b": ("more.txt", ""), "--extra": ("fast", ""), "--group": ("dev", ""),
    "--no-editable-package": ("tree", ""), "--upgrade-package": ("lib", ""), "-P": ("lib", ""),
    "--upgrade-group": ("dev", "`uv pip` refuses it too"), "--user": ("", "say --target DIR"),
    "--torch-backend": ("cpu", "name the index instead"),
    "--show-sizes": ("", "what is installed does not say how large its wheel was"),
    "--universal": ("", "siteroot resolves for one Python and one platform"),
    "--no-strip-markers": ("", "one Python and one platform needs no markers"),
    "--no-binary": (":none:", ""), "--only-binary": (":none:", ""),
    "--resolution": ("lowest", ""), "--prerelease": ("allow", ""), "--prerelease-package": ("lib=allow", ""),
    "--fork-strategy": ("fewest", ""), "--exclude-newer": ("2026-01-01", ""), "--exclude-newer-package": ("lib=2026-01-01", ""),
    "--no-sources-package": ("lib", ""), "--reinstall-package": ("lib", ""), "--refresh-package": ("lib", ""),
    "--link-mode": ("copy", ""), "--config-setting": ("a=b", ""), "-C": ("a=b", ""),
    "--config-settings-package": ("lib:a=b", ""), "--no-build-isolation-package": ("lib", ""),
    "--python-version": ("3.11", ""), "--python-platform": ("linux", ""), "--output-format": ("json", ""),
    "--output-file": ("out.txt", ""), "-o": ("out.txt", ""), "--format": ("", ""), "--annotation-style": ("line", ""),
    "--custom-compile-command": ("make", ""), "--no-emit-package": ("lib", ""),
    "--exclude": ("lib", ""), "--path": ("root", ""), "--depth": ("1", ""), "-d": ("1", ""), "--prune": ("lib", ""),
    "--package": ("lib", ""), "--target": ("root", ""), "-t": ("root", ""), "--prefix": ("root", ""),
    "--python": (sys.executable, ""), "-p": (sys.executable, ""), "--cache-dir": ("kept", ""), "--color": ("never", ""),
    "--directory": (".", ""), "--project": (".", ""), "--config-file": ("uv.toml", ""),
}  # fmt: skip

_ANY = (
    "--cert --system -n --no-cache --cache-dir -p --python --managed-python --no-managed-python --no-python-downloads"
    " -q --quiet -v --verbose --color --system-certs --offline --allow-insecure-host --no-progress --directory --project"
    " --config-file -h --help"
)
_ROOT = "-t --target --prefix"
_PAGES = (
    "--index --default-index -i --index-url --extra-index-url -f --find-links --no-index --index-strategy"
    " --keyring-provider --exclude-newer --exclude-newer-package"
)
_CHOICE = (
    f"{_PAGES} -c --constraints -b --build-constraints --extra --all-extras --group --torch-backend --no-build --no-binary"
    " --only-binary --python-version --python-platform --no-sources --no-sources-package --refresh --refresh-package"
    " --link-mode -C --config-setting --config-settings-package --no-build-isolation --require-build-hashes"
)
_MORE_CHOICE = (
    f"{_CHOICE} --overrides --excludes --no-deps -U --upgrade -P --upgrade-package --upgrade-group --prerelease"
    " --prerelease-package --resolution --fork-strategy --no-build-isolation-package"
)
_PLACING = (
    f"{_ROOT} --break-system-packages --no-break-system-packages --require-hashes --no-verify-hashes --strict"
    " --dry-run --check --output-format --reinstall --reinstall-package --compile-bytecode"
)

#: The words of each command of uv 0.13.9.
WORDS = {
    "install": f"{_ANY} {_MORE_CHOICE} {_PLACING} --no-config -r --requirements -e --editable --no-editable --no-editable-package"
    " --exact --user",
    "sync": f"{_ANY} {_CHOICE} {_PLACING} --allow-empty-requirements --no-allow-empty-requirements",
    "compile": f"{_ANY} {_MORE_CHOICE} -o --output-file --format --no-strip-extras --no-strip-markers --no-annotate"
    " --no-header --annotation-style --custom-compile-command --generate-hashes --universal --no-emit-package"
    " --emit-index-url --emit-find-links --emit-build-options --emit-index-annotation",
    "uninstall": f"{_ANY} {_ROOT} --no-config -r --requirements --keyring-provider --break-system-packages"
    " --no-break-system-packages --dry-run",
    "list": f"{_ANY} {_ROOT} {_PAGES} --no-config -e --editable --exclude-editable --exclude --format --outdated --strict",
    "freeze": f"{_ANY} {_ROOT} --no-config --exclude-editable --exclude --path --strict",
    "show": f"{_ANY} {_ROOT} --no-config -f --files --strict",
    "check": f"{_ANY} --no-config --python-version --python-platform",
    "tree": f"{_ANY} {_PAGES} --no-config -d --depth --prune --package --no-dedupe --invert --outdated --show-sizes"
    " --show-version-specifiers --strict",
}

#: Words that say something else to one command than to the others.
OWN = {
    ("list", "-e"): ("", ""), ("list", "--editable"): ("", ""), ("show", "-f"): ("", ""),
    ("list", "--format"): ("json", ""), ("compile", "--format"): ("pylock.toml", ""),
    ("install", "--extra"): ("fast -r pyproject.toml", ""), ("install", "--all-extras"): ("-r pyproject.toml", ""),
    ("sync", "--extra"): ("fast pyproject.toml", ""), ("sync", "--all-extras"): ("pyproject.toml", ""),
    ("compile", "--extra"): ("fast pyproject.toml", ""), ("compile", "--all-extras"): ("pyproject.toml", ""),
    ("show", "--prefix"): ("prefixed", ""),
}  # fmt: skip
NEEDS = {
    "install": "-r pins.txt", "sync": "pins.txt", "compile": "pins.txt", "uninstall": "lib", "show": "lib"
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A folder with all that the words name, an index, and a desk that has fetched once what there is."""

    folder: Path
    index: str
    desk: Desk

    def pip(self, command: str, *words: str) -> Done:
        """Run a command of `siteroot pip` in the folder, on the index."""
        variables = {"UV_DEFAULT_INDEX": self.index, "UV_FIND_LINKS": "files"}
        cache = "--no-cache" in words or "-n" in words or "--cache-dir" in words
        own = () if cache else ("--cache-dir", str(self.folder / "cache"))
        return self.desk.run("pip", command, *own, *words, cwd=self.folder, variables=variables)


@pytest.mark.uv
@pytest.mark.parametrize("command", WORDS)
def test_the_list_is_that_of_uvs_help(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [need_uv(), "pip", command, "--help"],
        env=plain_variables(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = re.findall(r"^ +((?:-\w, )?--[a-z-]+)", done.stdout, re.MULTILINE)
    assert {word for line in lines for word in line.split(", ")} == set(WORDS[command].split())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder with all that the words name."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "files").mkdir()
    wheel = make_wheel(folder / "files", "lib", "1.0")
    make_wheel(folder / "files", "other", "1.0")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "pins.txt").write_text(f"lib==1.0 --hash=sha256:{digest}\n")
    (folder / "more.txt").write_text("other\n")
    for name in ("uv.toml", "cert.pem"):
        (folder / name).write_text("")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\noptional-dependencies.fast = ["lib"]\n'
        '[dependency-groups]\ndev = ["lib"]\n'
    )
    write_tree(folder / "tree", source_files("tree", "1.0"))
    with serve_index(folder / "files") as server:
        made = Place(folder, f"{server.url}/simple", make_desk(folder / "home"))
        for root in (("--target", "first"), ("--prefix", "prefixed")):
            assert made.pip("install", "lib", "other", *HERE, *root).code == 0
        yield made


CASES = [(command, word) for command, words in WORDS.items() for word in words.split()]


@pytest.mark.parametrize(("command", "word"), CASES)
def test_each_word_is_taken_or_refused_with_its_reason(
    place: Place, command: str, word: str
) -> None:
    value, reason = OWN.get((command, word)) or VALUES.get(word, ("", ""))
    said = [word, *value.replace("<index>", place.index).split()]
    if "-p" not in said and "--python" not in said:
        said += HERE
    if command != "compile" and not {"--target", "-t", "--prefix"} & set(said):
        said += ["--target", "root"]
    shutil.rmtree(place.folder / "root", ignore_errors=True)
    if command not in ("install", "sync", "compile"):
        shutil.copytree(place.folder / "first", place.folder / "root", symlinks=True)
    done = place.pip(command, *NEEDS.get(command, "").split(), *said)
    if reason:
        assert done.code == 2, done.err
        assert reason in done.err.splitlines()[0], done.err
        assert "did you mean" not in done.err
    else:
        assert done.code == (word == "--check"), done.err
