"""ROOT.md 7, through the real command: a cache that was edited, copied, chowned, or that cannot be written."""

import errno
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import support.without_fast_calls
from siteroot import fs
from support.command import plain_variables
from support.ground import Ground, digest_of, make_ground
from support.http_server import serve_folder
from support.trees import snapshot
from support.wheels import build_wheel


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    files = {"demo/__init__.py": "V = 1\n", **{f"demo/m{n}.py": f"{n}\n" for n in range(30)}}
    return build_wheel(tmp_path / "wheels", "demo", "1.0", files)


@pytest.fixture
def project(ground: Ground, wheel: Path, tmp_path: Path) -> Path:
    return ground.project(tmp_path.name, wheel)


def hide(wheel: Path) -> None:
    """Take the wheel away, so that nothing can be fetched again."""
    wheel.rename(wheel.with_suffix(".hidden"))


def unhide(wheel: Path) -> None:
    wheel.with_suffix(".hidden").rename(wheel)


def edit(path: Path) -> None:
    """Edit in place, through whatever shares the inode."""
    with path.open("r+") as stream:
        stream.write("X")


@pytest.mark.fast_calls
def test_7_an_edit_through_a_hardlinked_root_does_not_reach_the_next_root(
    ground: Ground, project: Path, wheel: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    one, two, fresh = (tmp_path / name for name in ("one", "two", "fresh"))
    ground.sync(project, fresh, "--link-mode", "copy", cache=cache)
    ground.sync(project, one, "--link-mode", "hardlink", cache=cache)
    assert (one / "demo" / "m3.py").stat().st_nlink > 1
    edit(one / "demo" / "m3.py")
    edited = snapshot(one)
    hide(wheel)
    refused = ground.try_sync(project, two, "--link-mode", "hardlink", cache=cache)
    assert refused.returncode == 1, refused.stderr
    assert "m3.py" in refused.stderr
    assert "demo" in refused.stderr
    assert not two.exists()
    unhide(wheel)
    ground.sync(project, two, "--link-mode", "hardlink", cache=cache)
    assert digest_of(two) == digest_of(fresh)
    edit(two / "demo" / "m4.py")
    said = ground.sync(project, tmp_path / "three", "--link-mode", "hardlink", cache=cache)
    assert "fetching demo==1.0 anew" in said
    assert digest_of(tmp_path / "three") == digest_of(fresh)
    assert snapshot(one) == edited  # never mended in place


@pytest.mark.parametrize(
    ("how", "mode"),
    [
        ("cp -r", "hardlink"),
        ("cp -r", "copy"),
        ("cp -a", "hardlink"),
        ("chmod", "hardlink"),
        ("chmod", "copy"),
        ("touch", "clone"),
    ],
)
def test_7_a_cache_that_was_copied_is_read_offline_and_nothing_is_fetched(
    ground: Ground, project: Path, wheel: Path, tmp_path: Path, how: str, mode: str
) -> None:
    cache, copy = tmp_path / "cache", tmp_path / "copy"
    fresh, root = tmp_path / "fresh", tmp_path / "root"
    ground.sync(project, fresh, cache=cache)
    option = "-r" if how == "cp -r" else "-a"
    subprocess.run(["cp", option, cache, copy], check=True)
    for path in copy.rglob("*.py"):
        if how == "chmod":
            path.chmod(0o600)
        elif how == "touch":
            os.utime(path)
    stored = {path: path.stat().st_ino for path in copy.rglob("*.py")}
    hide(wheel)
    ground.sync(project, root, "--link-mode", mode, "--offline", cache=copy)
    assert digest_of(root) == digest_of(fresh)
    assert {path: path.stat().st_ino for path in copy.rglob("*.py")} == stored
    if how != "cp -a":
        assert (root / "demo" / "m3.py").stat().st_ino not in stored.values()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_7_a_cache_that_was_given_away_is_read_offline_and_nothing_is_fetched(
    ground: Ground, project: Path, wheel: Path, tmp_path: Path
) -> None:
    """All of it, and some files of it: what is linked belongs to the store's owner, what does not is copied."""
    cache, fresh = tmp_path / "cache", tmp_path / "fresh"
    ground.sync(project, fresh, cache=cache)
    hide(wheel)
    for path in [cache, *cache.rglob("*")]:
        os.chown(path, 12345, 12345)
    theirs = sorted(cache.rglob("*"))
    ground.sync(project, tmp_path / "all", "--link-mode", "hardlink", "--offline", cache=cache)
    assert digest_of(tmp_path / "all") == digest_of(fresh)
    assert sorted(cache.rglob("*")) == theirs  # nothing of ours is put among it
    (odd,) = cache.rglob("m3.py")
    os.chown(odd, 54321, 54321)
    ground.sync(project, tmp_path / "some", "--link-mode", "hardlink", "--offline", cache=cache)
    assert digest_of(tmp_path / "some") == digest_of(fresh)
    placed = (tmp_path / "some" / "demo" / "m3.py").stat()
    assert (placed.st_uid, placed.st_ino == odd.stat().st_ino) == (os.geteuid(), False)


def test_7_a_wheel_is_fetched_once_for_all_roots(
    ground: Ground, wheel: Path, project: Path, tmp_path: Path
) -> None:
    lock = project / "uv.lock"
    with serve_folder(wheel.parent) as server:
        lock.write_text(lock.read_text().replace(wheel.as_uri(), f"{server.url}/{wheel.name}"))
        cache = tmp_path / "cache"
        for name in ("one", "two", "three"):
            ground.sync(project, tmp_path / name, "--link-mode", "hardlink", cache=cache)
        assert len(server.asked(f"/{wheel.name}")) == 1
        copied = tmp_path / "copy"
        subprocess.run(["cp", "-r", cache, copied], check=True)
        ground.sync(project, tmp_path / "four", "--link-mode", "hardlink", cache=copied)
        assert len(server.asked(f"/{wheel.name}")) == 1


def need_reader(*paths: Path) -> list[str]:
    """Return the words before a command that make it one who may read all this and write none of it."""
    if os.geteuid():
        for top in paths:
            for path in [top, *top.rglob("*")]:
                path.chmod(path.stat().st_mode & ~0o222)
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to become another user")
    for top in paths:
        for path in [top, *top.parents][:-2]:
            path.chmod(path.stat().st_mode | 0o055)
    words = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    look = "import os, sys, siteroot; os.stat(sys.executable)"
    variables = {"PYTHONPATH": str(Path(fs.__file__).parents[1])}
    if subprocess.run([*words, sys.executable, "-c", look], env=variables, check=False).returncode:
        pytest.skip("another user may not read this interpreter or this checkout")
    return words


def test_7_a_store_that_cannot_be_written_is_read_and_what_is_missing_is_warned_of(
    ground: Ground, project: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    ground.sync(project, tmp_path / "fresh", cache=cache)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o777)
    later = build_wheel(tmp_path / "wheels", "later", "1.0")
    both = ground.project(f"{tmp_path.name}-both", later, *(tmp_path / "wheels").glob("demo*.whl"))
    words = need_reader(cache, ground.home)
    before = snapshot(cache)
    done = subprocess.run(
        [*words, *ground.command(both, theirs / "root", "--link-mode", "copy", cache=cache)],
        cwd=theirs,
        env=plain_variables(theirs, {"TMPDIR": str(theirs)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warning: " in done.stderr
    assert os.listdir(theirs) == ["root"]  # the temporary store is gone
    assert snapshot(cache) == before


@pytest.mark.parametrize("mode", ["copy", "hardlink", "clone"])
@pytest.mark.parametrize("closed", ["a file", "a folder"])
def test_7_what_may_not_be_read_of_a_store_is_lacking(
    ground: Ground, project: Path, wheel: Path, tmp_path: Path, closed: str, mode: str
) -> None:
    """A `chmod` in a root that shares the file does not end everybody else's syncs."""
    cache, theirs = tmp_path / "cache", tmp_path / "theirs"
    ground.sync(project, tmp_path / "fresh", "--link-mode", "copy", cache=cache)
    theirs.mkdir()
    theirs.chmod(0o777)
    words = need_reader(cache, ground.home, wheel.parent)
    (stored,) = cache.rglob("m3.py")
    (stored if closed == "a file" else stored.parent).chmod(0o000)
    try:
        command = ground.command(project, theirs / "root", "--link-mode", mode, cache=cache)
        done = subprocess.run(
            [*words, *command],
            cwd=theirs,
            env=plain_variables(theirs, {"TMPDIR": str(theirs)}),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        stored.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "closed to readers" in " ".join(done.stderr.split())
    assert "fetching demo==1.0 anew" in done.stderr
    assert digest_of(theirs / "root") == digest_of(tmp_path / "fresh")


NUMBERS = ("ENOSYS", "EXDEV", "EINVAL", "EPERM", "EOPNOTSUPP", "EMLINK")
LINK_MODES = ("copy", "hardlink", "clone", None)
#: Tries each fast call and prints with what it failed; what is no fast call works.
TRY = """\
import errno, fcntl, os, subprocess, sys
sys.path.insert(0, sys.argv[1])
from siteroot import fs
open("one", "x").close()
one, two, here = os.open("one", os.O_RDWR), os.open("two", os.O_RDWR | os.O_CREAT), os.open(".", os.O_RDONLY)
for call in (
    lambda: os.link("one", "three"), lambda: fs.DISK.clone(two, one), lambda: os.copy_file_range(one, two, 1),
    lambda: fs.DISK.rename_noreplace("one", "four"), lambda: fcntl.flock(here, fcntl.LOCK_EX), os.fork,
):
    try:
        call()
    except OSError as error:
        print(errno.errorcode[error.errno])
fcntl.flock(one, fcntl.LOCK_EX)
os.rename("one", "five")
assert subprocess.run(["sh", "-c", "(exit 3)"]).returncode == 3
"""


def without_fast_calls(number: str, *command: str) -> list[str]:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("seccomp's filter is written for Linux on x86-64 and aarch64")
    return [sys.executable, support.without_fast_calls.__file__, number, *command]


@pytest.mark.fast_calls
@pytest.mark.parametrize("number", NUMBERS)
def test_7_fast_calls_can_be_refused(tmp_path: Path, number: str) -> None:
    """What the next test, and a whole run of the suite, stand on."""
    source = str(Path(fs.__file__).parents[1])
    done = subprocess.run(
        without_fast_calls(number, sys.executable, "-I", "-c", TRY, source),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [getattr(errno, number)] * 6
    if number == "ENOSYS":
        expected[3] = errno.EINVAL  # so glibc tells of a renameat2 that the kernel does not have
    assert [getattr(errno, word) for word in done.stdout.split()] == expected


@pytest.mark.fast_calls
@pytest.mark.parametrize(
    ("number", "mode"),
    [
        pytest.param(number, mode, marks=() if mode in ("hardlink", None) else pytest.mark.slow)
        for number in NUMBERS
        for mode in LINK_MODES
    ],
)
def test_7_without_fast_calls_the_same_root_is_made(
    ground: Ground, project: Path, tmp_path: Path, number: str, mode: str | None
) -> None:
    """The kernel itself refuses them, each with this number: in a root that is there, and in one that is not."""
    cache, fresh = tmp_path / "cache", tmp_path / "fresh"
    ground.sync(project, fresh, cache=cache)
    words = () if mode is None else ("--link-mode", mode)
    (tmp_path / "existing").mkdir()
    for root in (tmp_path / "existing", tmp_path / "absent"):
        done = subprocess.run(
            without_fast_calls(number, *ground.command(project, root, *words, cache=cache)),
            cwd=ground.home,
            env=plain_variables(ground.home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert digest_of(root) == digest_of(fresh)
        assert {path.stat().st_nlink for path in root.rglob("*.py")} == {1}


def test_7_links_into_the_store_are_refused_without_one_and_become_files_again(
    ground: Ground, project: Path, tmp_path: Path
) -> None:
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    refused = ground.try_sync(project, root, "--link-mode", "symlink", "--no-cache")
    assert refused.returncode == 2
    assert not root.exists()
    ground.sync(project, root, "--link-mode", "symlink")
    link = root / "demo" / "m3.py"
    assert link.is_symlink()
    assert os.path.isabs(os.readlink(link))
    time.sleep(0.05)  # from here on the cache remembers the root as it is
    ground.sync(project, root, "--link-mode", "symlink")
    assert link.is_symlink()
    ground.sync(project, root, "--link-mode", "copy")
    ground.sync(project, fresh)
    assert digest_of(root) == digest_of(fresh)
