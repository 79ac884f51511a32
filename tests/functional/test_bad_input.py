"""Bad input of each kind, through the real command: the exit code, words that name the fault, nothing made or lost.

One table; every row starts from the same small folder and must leave it as it was.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import make_place, plain_variables
from support.desk import Desk, make_desk
from support.projects import append, change, make_project
from support.trees import Seen, describe_difference, snapshot
from support.wheels import build_wheel

HERE = ("--python", sys.executable)
TARGET = (*HERE, "--target", "pkgs")

#: A part of a lock that is right but for what a row breaks.
_SDIST_ONLY = """
[[package]]
name = "needy"
version = "3.0"
source = { registry = "https://index.test/simple" }
sdist = { url = "https://files.test/needy-3.0.tar.gz", hash = "sha256:%s", size = 5 }
""" % ("0" * 64)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one wheel with an extra and two groups, and `old`, a root that it once made."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    return make_project(
        tmp_path / "project",
        [build_wheel(wheels, "demo", "1.0")],
        groups={"dev": [], "lint": []},
    )


def no_project(project: Path) -> None:
    (project / "pyproject.toml").unlink()


def closed_port(project: Path) -> None:
    """The wheel lies on a server that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    text = (project / "uv.lock").read_text()
    folder = (project.parent / "wheels").as_uri()
    (project / "uv.lock").write_text(text.replace(folder, f"http://127.0.0.1:{port}"))


def far_away(project: Path) -> None:
    text = (project / "uv.lock").read_text()
    folder = (project.parent / "wheels").as_uri()
    (project / "uv.lock").write_text(text.replace(folder, "https://files.test"))


def broken_wheel(project: Path) -> None:
    (wheel,) = (project.parent / "wheels").iterdir()
    wheel.write_bytes(wheel.read_bytes()[:-30])


def other_wheel(project: Path) -> None:
    """The lock's hash and size are those of this file; the archive in it is nonsense."""
    folder = project.parent / "wheels"
    build_wheel(folder, "demo", "1.0", record="demo.py,sha256=AAAA,1\n")
    make_project(project, list(folder.iterdir()))


def needs_build(project: Path) -> None:
    append(project, "uv.lock", _SDIST_ONLY)
    change(
        project,
        "uv.lock",
        '{ name = "demo" },\n]',
        '{ name = "demo" },\n    { name = "needy" },\n]',
    )


def venv(project: Path) -> None:
    (project / "env").mkdir()
    (project / "env" / "pyvenv.cfg").touch()


def whole_venv(project: Path) -> None:
    """A virtual environment and a link to its site-packages."""
    venv(project)
    library = project / "env" / "lib" / "python3.9" / "site-packages"
    library.mkdir(parents=True)
    (project / "link").symlink_to(library)


def fake(project: Path) -> None:
    (project / "fake").write_text("#!/bin/sh\nexit 3\n")
    (project / "fake").chmod(0o755)


def programs(project: Path) -> None:
    """Things that were to be Pythons."""
    for name, text in (
        ("garbage", "#!/bin/sh\necho hello\n"),
        ("python3.7", """#!/bin/sh\necho '{"too_old": "3.7.17"}'\n"""),
        ("python2.7", "#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n"),
        ("binary", "\x00\x01"),
        ("script", "#!/absent/python\n"),
    ):
        (project / name).write_text(text)
        (project / name).chmod(0o755)
    (project / "plain").write_text("")
    (project / "dangling").symlink_to("nowhere")
    (project / "empty").mkdir()


def other_bytes(project: Path) -> None:
    """The wheel is another one than the lock says, of the same size."""
    (wheel,) = (project.parent / "wheels").iterdir()
    content = wheel.read_bytes()
    wheel.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def many_faults(project: Path) -> None:
    (project / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\nversion = "one"\n'
        'wheels = [{ url = "https://me:hidden@h.test/a-1-py3-none-any.whl", hashes = {} }]\n'
    )


def good_pylock(project: Path) -> None:
    (project / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')


def nested(project: Path) -> None:
    (project / "uv.lock").write_text("x = " + "[" * 20_000 + "]" * 20_000)


def pipe(name: str) -> Callable[[Path], object]:
    """A pipe that nobody writes to, where a file was."""

    def prepare(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        os.mkfifo(project / name)

    return prepare


def device(name: str) -> Callable[[Path], object]:
    """A file without end."""

    def prepare(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        (project / name).symlink_to("/dev/zero")

    return prepare


def located(url: str) -> Callable[[Path], object]:
    """The wheel's URL in the lock is that one, up to the file's name."""

    def prepare(project: Path) -> None:
        change(project, "uv.lock", (project.parent / "wheels").as_uri(), url)

    return prepare


Row = tuple[Callable[[Path], object] | None, tuple[str, ...], int, str]

#: What is done to the project, the words, the exit code, and words that the error must have.
ROWS: dict[str, Row] = {
    # -- project and lock
    "no project": (no_project, TARGET, 2, "pyproject.toml"),
    "no lock": (lambda p: (p / "uv.lock").unlink(), TARGET, 1, "uv.lock: there is no lock"),
    "no lock of that name": (None, (*TARGET, "--lock", "pylock.absent.toml"), 1, "pylock.absent.toml: there is no lock"),
    "a folder as the lock": (lambda p: (p / "d.lock").mkdir(), (*TARGET, "--lock", "d.lock"), 1, "d.lock: is a folder"),
    "broken project": (lambda p: append(p, "pyproject.toml", "]["), TARGET, 2, "pyproject.toml"),
    "project that is no text": (lambda p: (p / "pyproject.toml").write_bytes(b"\xff\xfe\0"), TARGET, 2, "pyproject.toml"),
    "broken lock": (lambda p: append(p, "uv.lock", "[[package"), TARGET, 2, "uv.lock"),
    "lock that is no text": (lambda p: (p / "uv.lock").write_bytes(b"\x80\x81"), TARGET, 2, "uv.lock"),
    "empty lock": (lambda p: (p / "uv.lock").write_bytes(b""), TARGET, 2, "uv.lock.*version"),
    "lock nested without end": (nested, TARGET, 2, "uv.lock"),
    "lock of another version": (lambda p: change(p, "uv.lock", "version = 1\n", "version = 2\n"), TARGET, 2, "version"),
    "lock without the project": (lambda p: change(p, "uv.lock", 'name = "app"', 'name = "other"'), TARGET, 2, "app"),
    "broken pylock": (lambda p: (p / "pylock.toml").write_text('lock-version = "1.0"\n'), (*TARGET, "--lock", "pylock.toml"), 2, "pylock.toml"),
    "pylock of another version": (lambda p: (p / "pylock.toml").write_text('lock-version = "9.0"\ncreated-by = "x"\npackages = []\n'), (*TARGET, "--lock", "pylock.toml"), 2, "9.0"),
    "unknown own setting": (lambda p: append(p, "pyproject.toml", '[tool.siteroot]\ntraget = "x"\n'), TARGET, 2, "traget.*target"),
    "own setting of another type": (lambda p: append(p, "pyproject.toml", "[tool.siteroot]\nstrict = 3\n"), TARGET, 2, "strict"),
    "unknown key in uv.toml": (lambda p: (p / "uv.toml").write_text("nonsense = 1\n"), TARGET, 2, "nonsense"),
    "no such config file": (None, (*TARGET, "--config-file", "absent.toml"), 2, "absent.toml"),
    "no such project folder": (None, (*TARGET, "--project", "absent"), 2, "absent"),
    "needs a build": (needs_build, TARGET, 1, "needy==3.0"),
    "needs a build, builds forbidden": (needs_build, (*TARGET, "--no-build"), 2, "needy"),
    "wheels forbidden": (None, (*TARGET, "--no-binary"), 2, "demo"),
    "several faults of a pylock": (many_faults, (*TARGET, "--lock", "pylock.toml"), 2, r"3 faults:.*wheels\[0\]\.url \(a\): has a user name or password.*version \(a\).*hashes \(a\)"),
    "several faults of a lock": (lambda p: change(p, "uv.lock", 'name = "demo"\nversion = "1.0"', 'name = "-"\nversion = "one"'), TARGET, 2, "2 faults:.*name.*version"),
    "a password in the lock": (lambda p: change(p, "uv.lock", "file://", "https://me:hidden@h.test"), TARGET, 2, "user name or password"),
    "unknown extra of a pylock": (good_pylock, (*TARGET, "--lock", "pylock.toml", "--extra", "fast"), 2, "`fast`"),
    "unknown group of a pylock": (good_pylock, (*TARGET, "--lock", "pylock.toml", "--group", "lnt"), 2, "`lnt`"),
    "a member of a pylock": (good_pylock, (*TARGET, "--lock", "pylock.toml", "--package", "app"), 2, "workspace"),
    "a cut-off that is no time": (lambda p: (p / "my.toml").write_text("exclude-newer = 'soon'"), (*TARGET, "--config-file", "my.toml"), 2, "`exclude-newer` is `soon`, which is no date"),
    "broken config file": (lambda p: (p / "my.toml").write_text("]["), (*TARGET, "--config-file", "my.toml"), 2, "my.toml"),
    "broken uv.toml": (lambda p: (p / "uv.toml").write_text("]["), TARGET, 2, "uv.toml"),
    "a file as the project's folder": (None, (*TARGET, "--project", "uv.lock"), 2, "--project uv.lock"),
    "no such folder to work in": (None, (*TARGET, "--directory", "absent"), 2, "absent"),
    "a pipe as the lock": (pipe("uv.lock"), TARGET, 2, "uv.lock: cannot be read: it is a pipe"),
    "a device as the lock": (device("uv.lock"), TARGET, 2, "uv.lock: cannot be read: it is a device"),
    "a pipe as a named lock": (pipe("my.lock"), (*TARGET, "--lock", "my.lock"), 2, "my.lock: cannot be read: it is a pipe"),
    "a pipe as the project": (pipe("pyproject.toml"), TARGET, 2, "pyproject.toml: cannot be read: it is a pipe"),
    "a device as the project": (device("pyproject.toml"), TARGET, 2, "pyproject.toml: cannot be read: it is a device"),
    "a pipe as uv.toml": (pipe("uv.toml"), TARGET, 2, "uv.toml: cannot be read: it is a pipe"),
    "a pipe as .python-version": (pipe(".python-version"), ("--target", "pkgs"), 2, ".python-version: cannot be read: it is a pipe"),
    "a marker nested without end": (lambda p: change(p, "uv.lock", '{ name = "demo" }', '{ name = "demo", marker = "' + "(" * 5000 + "os_name == 'x'" + ")" * 5000 + '" }'), TARGET, 2, "marker.*nested too deeply"),
    "a URL whose host is cut off": (located("http://[::1"), TARGET, 1, "IPv6"),
    "a URL whose port is no number": (located("http://h:x"), TARGET, 2, "port is not a number"),
    "a URL whose port is too large": (located("http://h:99999"), TARGET, 1, "port is no number from 0 to 65535"),
    "a URL that is not fetched by": (located("ftp://h.test"), TARGET, 1, "`ftp` is not a scheme"),
    # -- words
    "frozen and locked": (None, (*TARGET, "--locked"), 2, "`--frozen` and `--locked`"),
    "an extra and all": (None, (*TARGET, "--extra", "x", "--all-extras"), 2, "`--extra` and `--all-extras`"),
    "only a group and another": (None, (*TARGET, "--only-group", "lint", "--group", "dev"), 2, "`--only-group` and `--group`"),
    "a member and all": (None, (*TARGET, "--package", "app", "--all-packages"), 2, "`--package` and `--all-packages`"),
    "offline and refresh": (None, (*TARGET, "--offline", "--refresh"), 2, "`--offline` and `--refresh`"),
    "quiet and verbose": (None, (*TARGET, "-q", "-v"), 2, "`-q` and `-v`"),
    "a word of uv's that is not honoured": (None, (*TARGET, "--upgrade"), 2, "uv lock"),
    "a link mode that is none": (None, (*TARGET, "--link-mode", "teleport"), 2, "teleport.*clone, copy"),
    "a stray word": (None, (*TARGET, "demo"), 2, "`demo`"),
    "unknown option": (None, (*TARGET, "--froze"), 2, "--froze"),
    "unknown extra": (None, (*TARGET, "--extra", "fast"), 2, "fast"),
    "unknown group": (None, (*TARGET, "--group", "lnt"), 2, "lnt"),
    "unknown member": (None, (*TARGET, "--package", "nobody"), 2, "nobody"),
    "a name that is none": (None, (*TARGET, "--extra", "-x-"), 2, "--extra"),
    "two places": (None, (*TARGET, "--prefix", "x"), 2, "`--target` and `--prefix`"),
    "system and active": (None, ("--system", "--active"), 2, "exclude each other"),
    "symlinks into no store": (None, (*TARGET, "--link-mode", "symlink", "--no-cache"), 2, "--link-mode"),
    "no active environment": (None, (*HERE, "--active"), 2, "VIRTUAL_ENV"),
    "a system that is only named": (None, ("--python-version", "3.12", "--python-platform", "windows", "--system"), 2, "--system"),
    # -- places
    "the whole disk": (None, (*HERE, "--target", "/"), 2, "file system"),
    "home": (None, (*HERE, "--target", "../home"), 2, "home folder"),
    "a prefix at home": (None, (*HERE, "--prefix", "../home"), 2, "home folder"),
    "a file": (None, (*HERE, "--target", "pyproject.toml"), 2, "is a file"),
    "below a file": (None, (*HERE, "--target", "pyproject.toml/pkgs"), 2, "pyproject.toml: is a file"),
    "no name": (None, (*HERE, "--target", ""), 2, "--target"),
    "a venv": (venv, (*HERE, "--target", "env"), 2, "virtual environment"),
    "a venv's site-packages": (whole_venv, (*HERE, "--target", "env/lib/python3.9/site-packages"), 2, "packages of the virtual environment .*/env.*--active fills it"),
    "a link to a venv's site-packages": (whole_venv, (*HERE, "--target", "link"), 2, "packages of the virtual environment .*/env"),
    "below a broken link to a file": (lambda p: (p / "away").symlink_to(p / "uv.lock" / "x"), (*HERE, "--target", "away/pkgs"), 2, "uv.lock: is a file"),
    "a system as the active environment": (None, (*HERE, "--active"), 2, "no virtual environment"),
    "the standard library": (None, (*HERE, "--target", sysconfig.get_path("stdlib")), 2, "interpreter's own"),
    "site-packages": (None, (*HERE, "--target", sysconfig.get_path("purelib")), 2, "interpreter's own"),
    "an interpreter's prefix": (None, (*HERE, "--prefix", sys.base_prefix), 2, "say --system"),
    # -- Pythons
    "no such Python": (None, ("--python", "3.99", "--target", "pkgs"), 2, "3.99"),
    "no such executable": (None, ("--python", "./absent/python3", "--target", "pkgs"), 2, "absent/python3"),
    "a Python that is none": (fake, ("--python", "./fake", "--target", "pkgs"), 2, "fake"),
    "a Python that is not executable": (programs, ("--python", "./plain", "--target", "pkgs"), 2, "plain: .*not executable"),
    "a Python that leads nowhere": (programs, ("--python", "./dangling", "--target", "pkgs"), 2, "dangling: .*link to nowhere"),
    "a Python of another machine": (programs, ("--python", "./binary", "--target", "pkgs"), 2, "binary: .*no program of this machine"),
    "a Python without its interpreter": (programs, ("--python", "./script", "--target", "pkgs"), 2, "script: .*is not there"),
    "a Python that prints garbage": (programs, ("--python", "./garbage", "--target", "pkgs"), 2, "garbage: .*hello"),
    "a Python 3.7": (programs, ("--python", "./python3.7", "--target", "pkgs"), 2, r"3\.7\.17.*3\.8 and later"),
    "a Python 2.7": (programs, ("--python", "./python2.7", "--target", "pkgs"), 2, r"older than Python 3\.4"),
    "a folder without a Python": (programs, ("--python", "./empty", "--target", "pkgs"), 2, "no Python in this folder"),
    "a Python that is too old to ask for": (None, ("--python", "2.7", "--target", "pkgs"), 2, r"from 3\.8 on"),
    "a Python that is not to come yet": (None, ("--python", "python9", "--target", "pkgs"), 2, "python9"),
    "no Python of uv's": (None, ("--managed-python", "--target", "pkgs"), 2, "among the Pythons that uv installed"),
    "a Python that the project refuses": (lambda p: change(p, "pyproject.toml", '">=3.8"', '">=3.99"'), TARGET, 2, "requires-python"),
    "a version that the project refuses": (lambda p: change(p, "pyproject.toml", '">=3.8"', '">=3.11"'), ("--python-version", "3.9", "--target", "pkgs"), 2, r"requires-python.*>=3\.11.*`--python-version` chooses another"),
    "no such platform": (None, (*TARGET, "--python-platform", "amiga"), 2, "amiga"),
    "a version that is none": (None, ("--python-version", "three", "--target", "pkgs"), 2, "three"),
    "a broken .python-version": (lambda p: (p / ".python-version").write_text("9.99\n"), ("--target", "pkgs"), 2, "9.99"),
    # -- files
    "no network": (far_away, (*TARGET, "--offline"), 1, "demo==1.0.*offline"),
    "unreachable server": (closed_port, TARGET, 1, r"127\.0\.0\.1.*demo==1\.0.*refused"),
    "wheel that is not there": (lambda p: shutil.rmtree(p.parent / "wheels"), TARGET, 1, "demo"),
    "broken wheel": (broken_wheel, TARGET, 1, "demo"),
    "other bytes": (other_bytes, TARGET, 1, "demo==1.0 has another sha256"),
    "wheel whose RECORD lies": (other_wheel, TARGET, 1, "RECORD"),
    "no hash where all are required": (lambda p: change(p, "uv.lock", "hash =", "mash ="), (*TARGET, "--require-hashes"), 2, "demo==1.0"),
}  # fmt: skip


#: Rows that name real places of this machine: only dry runs, lest a defect of ours spoil it.
REAL = {
    "the whole disk",
    "the standard library",
    "site-packages",
    "an interpreter's prefix",
    "a system as the active environment",
}


@pytest.mark.parametrize(
    ("name", "dry"),
    [
        (name, dry)
        for name in ROWS
        for dry in ((), ("--dry-run",))
        if (name, dry) != ("no network", ("--dry-run",))  # a partial plan, no fault
        if dry or name not in REAL
    ],
    ids=lambda value: "dry" if value == ("--dry-run",) else value or "sync",
)
def test_bad_input_is_named_and_leaves_nothing(
    desk: Desk, project: Path, tmp_path: Path, name: str, dry: tuple[str, ...]
) -> None:
    prepare, words, code, said = ROWS[name]
    if prepare is not None:
        prepare(project)
    places = [word for word in words if os.path.isabs(word) and word != "/"]
    before = {place: os.stat(place).st_mtime_ns for place in places}
    seen = _visible(tmp_path)
    variables = {"UV_HTTP_RETRIES": "0", "PATH": os.path.dirname(sys.executable)}
    if name == "a system as the active environment":
        variables["VIRTUAL_ENV"] = sys.base_prefix
    done = desk.sync(*words, *dry, cwd=project, variables=variables)
    told = " ".join(done.err.split())
    assert done.code == code, told
    assert _has(said, told), told
    assert "error: " in done.err
    assert "Traceback" not in done.err
    assert "hidden" not in done.err
    assert done.out == ""
    assert describe_difference(seen, _visible(tmp_path)) == []
    assert {place: os.stat(place).st_mtime_ns for place in places} == before


@pytest.mark.parametrize("name", ["broken wheel", "no network", "needs a build", "unknown extra"])
def test_bad_input_leaves_a_root_as_it_was(
    desk: Desk, project: Path, tmp_path: Path, name: str
) -> None:
    other = build_wheel(tmp_path, "other", "2.0")
    desk.synced(*HERE, "--target", project / "pkgs", cwd=make_project(tmp_path / "once", [other]))
    prepare, words, code, _ = ROWS[name]
    if prepare is not None:
        prepare(project)
    seen = snapshot(project)
    done = desk.sync(*words, cwd=project)
    assert done.code == code, done.err
    assert describe_difference(seen, snapshot(project)) == []


def test_a_lock_of_senseless_size_is_refused_unread(desk: Desk, project: Path) -> None:
    os.truncate(project / "uv.lock", 600 << 20)
    done = desk.sync(*TARGET, cwd=project)
    assert (done.code, "larger than 512 MiB" in done.err) == (2, True), done.err


def test_a_lock_from_a_pipe_that_was_handed_over_is_read(desk: Desk, project: Path) -> None:
    """As bash's `--lock <(...)` does; the writer may be slower than the reader."""
    writer = subprocess.Popen(
        ["/bin/sh", "-c", 'sleep 0.2; cat "$1"', "sh", project / "uv.lock"], stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout is not None
        path = f"/dev/fd/{writer.stdout.fileno()}"
        done = desk.sync(*TARGET, "--lock", path, cwd=project)
    assert "cannot be read" not in done.err
    assert done.code == 0, done.err
    assert (project / "pkgs" / "demo.py").is_file()


@pytest.mark.parametrize("fault", ["edited", "gone", "folder", "pipe"])
def test_a_stored_script_that_is_not_what_was_checked_is_fetched_anew(
    desk: Desk, tmp_path: Path, fault: str
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    files = {"tool-1.0.data/scripts/hello": b"#!python\nprint('hello')\n"}
    project = make_project(tmp_path / "project", [build_wheel(wheels, "tool", "1.0", files)])
    desk.synced(*HERE, "--target", "right", cwd=project)
    (stored,) = (desk.home / "cache").glob("wheels-v1/*/*/scripts/hello")
    content = stored.read_bytes()
    stored.unlink()
    if fault == "edited":
        stored.write_bytes(content.replace(b"hello", b"HELLO"))
    elif fault == "folder":
        stored.mkdir()
    elif fault == "pipe":
        os.mkfifo(stored)
    done = desk.synced(*TARGET, cwd=project)
    assert "scripts/hello of tool==1.0 is not what was stored" in " ".join(done.err.split())
    assert describe_difference(snapshot(project / "right"), snapshot(project / "pkgs")) == []


def test_a_tmpdir_that_is_a_file_is_no_fault_where_none_is_needed(
    desk: Desk, project: Path
) -> None:
    desk.synced(*TARGET, cwd=project, variables={"TMPDIR": str(project / "uv.lock")})
    assert (project / "pkgs" / "demo.py").is_file()


def test_variables_that_name_senseless_places(desk: Desk, project: Path, tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    (dead / "pyvenv.cfg").touch()
    seen = _visible(tmp_path)
    for name, value, said in (
        ("UV_PROJECT_ENVIRONMENT", str(dead), "no interpreter in it that runs"),
        ("UV_PROJECT_ENVIRONMENT", sys.base_prefix, "say --system"),
        ("UV_PROJECT_ENVIRONMENT", "/", "file system|say --system"),
        ("SITEROOT_TARGET", str(desk.home), "home folder"),
        ("SITEROOT_PREFIX", sys.base_prefix, "say --system"),
        ("UV_PYTHON", "3.99", "3.99"),
        ("UV_LINK_MODE", "", "UV_LINK_MODE"),
        ("UV_FROZEN", "perhaps", "UV_FROZEN"),
        ("UV_HTTP_TIMEOUT", "9" * 400, "UV_HTTP_TIMEOUT"),
        ("UV_HTTP_RETRIES", "9" * 5000, "UV_HTTP_RETRIES"),
        ("UV_CONCURRENT_DOWNLOADS", "9" * 5000, "UV_CONCURRENT_DOWNLOADS"),
    ):
        words = () if name == "UV_PYTHON" else HERE
        done = desk.sync(*words, "--dry-run", cwd=project, variables={name: value})
        assert done.code == 2, (name, done.err)
        assert _has(said, done.err), done.err
        assert describe_difference(seen, _visible(tmp_path)) == []


@pytest.mark.parametrize("closed", ["parent", "root"])
def test_a_folder_without_permission(
    desk: Desk, project: Path, tmp_path: Path, closed: str
) -> None:
    area = tmp_path / "area"
    root = area / "pkgs"
    (root if closed == "root" else area).mkdir(parents=True)
    seen = snapshot(area)
    script = str(make_place(tmp_path / "place").script)
    command = [sys.executable, script, "sync", "--frozen", "--target", str(root), *HERE]
    command += ["--cache-dir", str(desk.home / "cache")]
    if os.geteuid() == 0:  # whom no mode stops, unless that right is taken away
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv, as root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    (root if closed == "root" else area).chmod(0o555)
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=plain_variables(desk.home),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (root if closed == "root" else area).chmod(0o755)
    assert done.returncode == 1, done.stderr
    assert "ermission denied" in done.stderr
    assert str(area) in done.stderr
    assert "Traceback" not in done.stderr
    assert describe_difference(seen, snapshot(area)) == []


def _visible(folder: Path) -> dict[str, Seen]:
    """Return all but the cache, which may keep what it learned, and the times: a staging folder comes and goes."""
    return {
        path: seen
        for path, seen in snapshot(folder, times=False).items()
        if not path.startswith("home/cache") and path != "home"
    }


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.DOTALL) is not None
