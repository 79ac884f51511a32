"""Hashes of what builds need: those of `-b FILE` are compared, and `--require-build-hashes` wants one of everything."""

import hashlib
import sys
from pathlib import Path

import pytest

from support.desk import make_desk
from support.sdists import BACKEND, source_files, write_tree
from support.wheels import build_wheel

_RIGHT, _WRONG = "{right}", "0" * 64

#: The file of constraints, the words, and what is said where the build is refused.
CASES = {
    "no file": ("", "", ""),
    "no file, and a hash is wanted": ("", "--require-build-hashes", "no trusted hash was provided for: `maker`"),
    "a hash": (f"maker==1.0 --hash=sha256:{_RIGHT}", "-b b.txt", ""),
    "a hash that is wanted": (f"maker==1.0 --hash=sha256:{_RIGHT}", "-b b.txt --require-build-hashes", ""),
    "no hash where one is wanted": ("maker==1.0", "-b b.txt --require-build-hashes", "no trusted hash was provided for: `maker`"),
    "another hash": (f"maker==1.0 --hash=sha256:{_WRONG}", "-b b.txt", "has none of the sha256 digests that are allowed"),
    "another hash, not compared": (f"maker==1.0 --hash=sha256:{_WRONG}", "-b b.txt --no-verify-hashes", ""),
    "a version that is not there": ("maker==2.0", "-b b.txt", "b.txt:1 asks for maker==2.0"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_build_needs_has_the_hash_that_is_asked_for(tmp_path: Path, case: str) -> None:
    content, words, refusal = CASES[case]
    files = tmp_path / "files"
    files.mkdir()
    wheel = build_wheel(files, "maker", "1.0", {"maker.py": "V = 1\n"})
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "b.txt").write_text(content.replace(_RIGHT, right) + "\n")
    texts = source_files("inner", "1.0", backend="import maker\n" + BACKEND)
    texts["pyproject.toml"] = texts["pyproject.toml"].replace(
        "requires = []", 'requires = ["maker"]'
    )
    write_tree(tmp_path / "tree", texts)
    desk = make_desk(tmp_path / "home")
    said = ("--no-index", "-f", "files", "--python", sys.executable, "--cache-dir", "kept")
    plain = desk.run("pip", "install", "./tree", *said, "--target", "plain", cwd=tmp_path)
    assert plain.code == 0, plain.err
    anew = (
        () if "--require-build-hashes" in words else ("--reinstall",)
    )  # else the wheel of before would do
    done = desk.run(
        "pip", "install", "./tree", *said, *anew, "--target", "pkgs", *words.split(), cwd=tmp_path
    )
    assert (done.code, (tmp_path / "pkgs").exists()) == (int(bool(refusal)), not refusal), done.err
    assert refusal in done.err
