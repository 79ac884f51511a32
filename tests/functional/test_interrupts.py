"""Signals at any moment of a change: undone, or done, and said; and streams that nobody hears."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import siteroot
from support.command import plain_variables
from support.ground import Ground, make_ground
from support.http_server import Answer, serve_folder
from support.pages import HTML
from support.trees import describe_difference, snapshot
from support.wheels import build_wheel

FILES = 900


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def projects(ground: Ground) -> tuple[Path, Path]:
    folder = ground.home / "wheels"
    folder.mkdir()
    wheels = [
        build_wheel(
            folder,
            "demo",
            version,
            {f"demo/{count % 30}/m{count}.py": f"V = {version!r}\n" * 20 for count in range(FILES)},
        )
        for version in ("1.0", "2.0")
    ]
    one, two = (ground.project(wheel.stem, wheel) for wheel in wheels)
    return one, two


def start(ground: Ground, project: Path, root: Path, *options: str) -> subprocess.Popen[str]:
    python, *words = ground.command(project, root, "--link-mode", "copy")
    return subprocess.Popen(
        [python, *options, *words],
        cwd=ground.home,
        env=plain_variables(ground.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


SIGNALS = {
    "Ctrl-C twice": ((signal.SIGINT, signal.SIGINT), 130),
    "Ctrl-C many times": ((signal.SIGINT,) * 6, 130),
    "SIGTERM": ((signal.SIGTERM,), 143),
    "SIGHUP and SIGTERM": ((signal.SIGHUP, signal.SIGTERM), 129),
}
#: Seconds after the first sign of work on the disk.
MOMENTS = (0.0, 0.02, 0.06)


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("existing", [True, False], ids=["upgrade", "fresh"])
def test_3_interrupted_it_is_undone_or_done_and_says_which(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path, name: str, *, existing: bool
) -> None:
    numbers, code = SIGNALS[name]
    one, two = projects
    root, other = tmp_path / "root", tmp_path / "other"
    ground.sync(two, other)
    new = snapshot(other)
    if existing:
        ground.sync(one, root)
    sign = root / ".siteroot" if existing else tmp_path / ".root.siteroot"
    old = snapshot(root) if existing else {}
    hits = waits = 0
    for moment in MOMENTS:
        with start(ground, two, root) as process:
            while not sign.exists() and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(moment)
            for number in numbers:
                os.killpg(process.pid, number)
                time.sleep(0.004)
            _, err = process.communicate(timeout=60)
        found = snapshot(root) if root.exists() else {}
        assert describe_difference(old, found) == [] or describe_difference(new, found) == [], (
            moment,
            err,
            sorted(found)[:5],
        )
        assert [each.name for each in tmp_path.iterdir() if "siteroot" in each.name] == []
        assert "Traceback" not in err
        if process.returncode == code:
            hits += 1
            said = [line for line in err.splitlines() if line.startswith("Interrupted: ")]
            assert len(said) == 1, err
            assert err.count("Ending as soon as the root is whole") <= 1, err
            waits += "Ending as soon" in err
            is_new = describe_difference(new, found) == []
            for line in said:
                assert ("shall be" in line or "is whole" in line) is is_new, err
        else:
            assert process.returncode in (0, -numbers[0]), err  # over by then, or not begun
        if describe_difference(new, found) == []:
            ground.sync(one, root) if existing else subprocess.run(["rm", "-r", root], check=True)
    assert hits >= waits >= 1


def test_interrupted_at_any_moment_it_says_what_became_of_the_root(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    """From its first module to its last line: whoever is heard gets one sentence, and it is true."""
    root = tmp_path / "root"
    ground.sync(projects[0], root)
    ground.sync(projects[1], root)
    began = time.monotonic()
    with start(ground, projects[0], root, "-I", "-S") as process:
        process.communicate(timeout=60)
    longest = time.monotonic() - began
    heard = 0
    for moment in range(1, 17):
        # without site, whose .pth files may import anything before our first line
        with start(ground, projects[moment % 2], root, "-I", "-S") as process:
            time.sleep(longest * moment / 17)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        if process.returncode != 130:  # over by then, or not begun
            assert process.returncode in (0, -signal.SIGINT), err
            continue
        (said,) = (line for line in err.splitlines() if line.startswith("Interrupted: "))
        version = ("1.0", "2.0")[moment % 2]
        is_new = (root / f"demo-{version}.dist-info" / "RECORD").exists()
        assert is_new or "shall be" not in said, (moment, err)
        heard += 1
    assert heard > 3


@pytest.mark.parametrize(
    ("way", "module"),
    [
        ("the command", "siteroot"),
        ("the command", "siteroot.cli.main"),
        ("the command", "siteroot.cli.streams"),
        ("-m", "siteroot.cli.main"),
    ],
)
def test_before_signals_are_heard_it_ends_in_silence(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path, way: str, module: str
) -> None:
    """Ctrl-C while the first modules are imported."""
    python, script, *words = ground.command(projects[0], tmp_path / "root")
    strike = (
        "import os, runpy, signal, sys\n"
        f"strikes = [{module!r}]\n"
        "def hook(event, arguments):\n"
        "    if event == 'import' and arguments[0] in strikes:\n"
        "        os.kill(os.getpid(), signal.SIGINT) if strikes.pop() else None\n"
        "script = sys.argv.pop(1)\n"
    )
    run = "runpy.run_path(script, run_name='__main__')\n"
    if way == "-m":
        run = "runpy.run_module('siteroot', run_name='__main__', alter_sys=True)\n"
        strike += f"sys.path.insert(0, {str(Path(siteroot.__file__).parents[1])!r})\n"
    done = subprocess.run(
        [python, "-I", "-c", f"{strike}sys.addaudithook(hook)\n{run}", script, *words],
        cwd=ground.home,
        env=plain_variables(ground.home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
    assert not (tmp_path / "root").exists()


def test_where_a_memo_does_not_hold_after_all_it_is_heard_too(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    """What was begun from the memo is left to the whole sync, which hears the signals that the beginning heard."""
    root = tmp_path / "root"
    ground.sync(projects[0], root, "--link-mode", "copy")
    subprocess.run(["rm", "-r", root], check=True)
    edited = next((ground.home / "cache").rglob("purelib/demo/7/m7.py"))
    edited.write_text("V = 3\n")
    with start(ground, projects[0], root) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "anew" in first
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.count("Interrupted: ")) == (130, 1), err


def test_3_a_terminal_that_is_gone_leaves_a_whole_root(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path
) -> None:
    """The window is closed: SIGHUP comes, and whatever is drawn or said from then on fails."""
    if shutil.which("setsid") is None:
        pytest.skip("there is no setsid to give the command a terminal of its own")
    root, codes = tmp_path / "root", []
    ground.sync(projects[1], root)
    trees = {1: snapshot(root)}
    ground.sync(projects[0], root)
    trees[0] = snapshot(root)
    for moment in (0.0, 0.04):
        terminal, screen = pty.openpty()
        with subprocess.Popen(
            ["setsid", "--ctty", *ground.command(projects[1], root, "--link-mode", "copy")],
            env={**plain_variables(ground.home), "TERM": "xterm"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
        ) as process:
            os.close(screen)
            while not (root / ".siteroot").exists():
                assert process.poll() is None
                time.sleep(0.0005)
            time.sleep(moment)
            os.close(terminal)
            codes.append(process.wait(timeout=60))
        now = snapshot(root)
        assert [] in [describe_difference(tree, now) for tree in trees.values()], codes
        ground.sync(projects[0], root)
    assert 129 in codes
    assert set(codes) <= {0, 129}


NOBODY = {
    "full stderr": ("2>/dev/full", 0),
    "closed stderr": ("2>&-", 0),
    "closed stderr and stdin": ("2>&- <&-", 0),
    "a reader of stderr that is gone": ("2>&1 >/dev/null | :", None),
    "full stdout, which nothing is written to": (">/dev/full", 0),
    "full stdout": ("--output-format json >/dev/full", 1),
    "closed stdout": ("--output-format json >&-", 0),
}


@pytest.mark.parametrize("name", NOBODY)
def test_streams_that_nobody_hears_do_not_stop_the_work(
    ground: Ground, projects: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    words, code = NOBODY[name]
    root = tmp_path / "root"
    command = subprocess.list2cmdline(ground.command(projects[0], root))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} {words}"],
        cwd=tmp_path,
        env=plain_variables(ground.home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert code in (None, done.returncode), done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.endswith("error: stdout cannot be written: No space left on device\n")
    for _ in range(50):  # a pipeline's last word ends first
        if (root / ".siteroot.json").exists():
            break
        time.sleep(0.1)
    assert (root / "demo-1.0.dist-info" / "RECORD").is_file()
    assert sys.executable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_huge_page_is_no_reason_not_to_end(ground: Ground, tmp_path: Path, number: int) -> None:
    """While an index's page is worked through no root is at work: the first signal ends the command."""
    tag = b"<a %s>" % (b"x " * 30_000)
    page = Answer(body=tag * 900, headers={"Content-Type": HTML})
    with serve_folder(tmp_path) as server:
        server.always["/simple/huge/"] = page
        python, script, *_ = ground.command(tmp_path, tmp_path / "root")
        words = ["pip", "compile", "-", "--default-index", f"{server.url}/simple", "--no-cache"]
        with subprocess.Popen(
            [python, script, *words],
            cwd=tmp_path,
            env=plain_variables(ground.home),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            process.stdin.write("huge\n")
            process.stdin.close()
            process.stdin = None
            while not server.asked("/simple/huge/"):
                assert process.poll() is None
                time.sleep(0.01)
            time.sleep(2)  # it has come, and keeps a thread busy for half a minute and more
            began = time.monotonic()
            process.send_signal(number)
            time.sleep(0.5)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert (process.returncode, err.count("root")) == (128 + number, 0), err


def test_a_connection_that_does_not_come_about_is_waited_for_no_longer(
    ground: Ground, tmp_path: Path
) -> None:
    """A server whose queue is full answers no knock, as a name is not found whose answer is lost."""
    wheel = build_wheel(tmp_path, "far", "1.0")
    project = ground.project("far", wheel)
    with socket.socket() as server, ExitStack() as knocking:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        for _ in range(4):
            waiting = knocking.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        lock = project / "uv.lock"
        lock.write_text(
            lock.read_text().replace(wheel.as_uri(), f"http://127.0.0.1:{port}/{wheel.name}")
        )
        before = knocks(port)
        process = start(ground, project, tmp_path / "root")
        for _ in range(1000):
            if knocks(port) > before:
                break
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, "Interrupted" in told) == (130, True), told
    assert time.monotonic() - began < 4  # a connection may take ten seconds
    assert not list((ground.home / "cache/tmp-v1").iterdir())


def knocks(port: int) -> int:
    """Return how many connections to a port have not come about."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)
