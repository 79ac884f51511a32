"""ROOT.md 6, through the real command: what is refused is named, and neither a root nor the store holds any of it."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import plain_variables
from support.ground import Ground, make_ground
from support.trees import snapshot
from support.wheels import Member, build_wheel, record_of, record_row, render_archive, wheel_members

INFO = "demo-1.0.dist-info"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return make_ground(tmp_path_factory.mktemp("ground"))


def with_member(member: Member) -> bytes:
    """A wheel with one member more, and a RECORD that is right about it."""
    members = [m for m in wheel_members("demo", "1.0") if m.name != f"{INFO}/RECORD"]
    members.append(member)
    record = Member(name=f"{INFO}/RECORD", content=record_of(members, f"{INFO}/RECORD"))
    return render_archive([*members, record])


def unlisted() -> bytes:
    extra = [Member(name="unlisted.py", content=b"x")]
    return render_archive(wheel_members("demo", "1.0", extra_members=extra))


def data_of(entry_points: str = "", **data: str) -> bytes:
    named = {name.replace("__", "/"): text for name, text in data.items()}
    return render_archive(wheel_members("demo", "1.0", entry_points=entry_points, data=named))


#: One of each family; test_store_hostile has every kind.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "parent path": (lambda: with_member(Member(name="../evil.txt")), r"\.\./evil\.txt"),
    "symlink": (
        lambda: with_member(Member(name="link", content=b"/etc/passwd", mode=0o120777)),
        "'link' is a symbolic link",
    ),
    "twice": (lambda: with_member(Member(name="demo.py", content=b"x")), "'demo.py'.* twice"),
    "bytes after": (lambda: with_member(Member(name="a.py")) + b"\0", "after the archive"),
    "unlisted": (unlisted, "'unlisted.py' is not listed"),
    "second dist-info": (
        lambda: with_member(Member(name="other-1.0.dist-info/METADATA")),
        "it has several",
    ),
    "another name": (lambda: render_archive(wheel_members("other", "1.0")), "is asked for"),
    "another version": (lambda: render_archive(wheel_members("demo", "2")), "is asked for"),
    "Wheel-Version 2": (
        lambda: render_archive(
            wheel_members("demo", "1.0", wheel="Wheel-Version: 2.0\nRoot-Is-Purelib: true\n")
        ),
        "Wheel-Version is 2.0",
    ),
    "unknown scheme": (lambda: data_of(evil__x=""), "'evil' is no scheme"),
    "interpreter": (lambda: data_of(scripts__python3=""), "interpreter's name"),
    "code": (lambda: data_of("[console_scripts]\nx = m:a;import os\n"), "object reference"),
    "reserved": (lambda: with_member(Member(name="demo/.SITEROOT/begin")), "keeps for itself"),
    "reserved, dated": (lambda: with_member(Member(name=".siteroot-5/x")), "keeps for itself"),
    "another spelling": (
        lambda: render_archive(wheel_members("demo", "1.0", dist_info="demo-1.0.DIST-INFO")),
        "NAME-VERSION.dist-info",
    ),
    "egg-info": (
        lambda: with_member(Member(name="other-1.0.egg-info/PKG-INFO")),
        "another distribution's metadata",
    ),
    "venv mark": (lambda: with_member(Member(name="pyvenv.cfg")), "virtual environment"),
    "interpreter in bin": (lambda: with_member(Member(name="bin/python3")), "interpreter's name"),
    "on a launcher": (
        lambda: data_of("[console_scripts]\nx = m:a\n", scripts__x=""),
        "on the launcher",
    ),
}


def lock_of(ground: Ground, folder: Path, content: bytes) -> Path:
    """A project that locks a good wheel and this one, with the right hash and size."""
    folder.mkdir(exist_ok=True)
    good = build_wheel(folder, "good", "1.0", {"good.py": ""})
    bad = build_wheel(folder, "demo", "1.0")
    project = ground.project(f"project-{folder.name}", good, bad)
    right = bad.read_bytes()
    bad.write_bytes(content)
    lock = project / "uv.lock"
    text = lock.read_text().replace(
        hashlib.sha256(right).hexdigest(), hashlib.sha256(content).hexdigest()
    )
    lock.write_text(text.replace(f"size = {len(right)} ", f"size = {len(content)} "))
    return project


@pytest.mark.parametrize("kind", HOSTILE)
def test_6_a_hostile_wheel_is_refused_by_name_and_leaves_nothing(
    ground: Ground, tmp_path: Path, kind: str
) -> None:
    make, words = HOSTILE[kind]
    project = lock_of(ground, tmp_path / "wheels", make())
    root, cache = tmp_path / "root", tmp_path / "cache"
    done = ground.try_sync(project, root, cache=cache)
    assert done.returncode == 1, done.stderr
    assert "demo" in done.stderr
    assert re.search(words, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["cache", "wheels"]
    assert not [
        path
        for path in cache.rglob("*")
        if path.name in ("evil.txt", "link", "demo.py", "unlisted.py")
    ]


LIBRARY = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"

#: Members of .data/data below LIBRARY, or beside it, that lie in the place of something else; and the words.
LANDING = {
    "own RECORD": (f"{LIBRARY}/{INFO}/RECORD", "distribution's metadata"),
    "own METADATA": (f"{LIBRARY}/{INFO}/METADATA", "distribution's metadata"),
    "another's RECORD": (f"{LIBRARY}/good-1.0.dist-info/RECORD", "distribution's metadata"),
    "a third": (f"{LIBRARY}/Third-1.0.Dist-Info/METADATA", "distribution's metadata"),
    "egg-info": (f"{LIBRARY}/third.egg-info", "distribution's metadata"),
    "a module": (f"{LIBRARY}/demo.py", "two files of the wheel"),
    "a library": (f"{LIBRARY}", "is a folder of this layout"),
    "an interpreter": ("bin/python3", "interpreter's name"),
    "a venv's mark": ("pyvenv.cfg", "virtual environment"),
    "the work folder": (f"{LIBRARY}/.siteroot/begin", "keeps for itself"),
}


@pytest.mark.parametrize(
    ("layout", "kind"),
    [
        *(("environment", kind) for kind in LANDING),
        *(("prefix", kind) for kind in ("own RECORD", "a third", "a module")),
    ],
)
def test_6_what_counts_is_where_a_file_lands(
    ground: Ground, tmp_path: Path, layout: str, kind: str
) -> None:
    """data is the folder that the library lies below, so whatever lies in a library can come from there."""
    path, words = LANDING[kind]
    wheel = render_archive(wheel_members("demo", "1.0", data={f"data/{path}": "evil"}))
    project = lock_of(ground, tmp_path / "wheels", wheel)
    root = tmp_path / "root"
    if layout == "environment":
        made = [sys.executable, "-I", "-m", "venv", "--without-pip", str(root)]
        subprocess.run(made, check=True)
    else:
        root.mkdir()
    before = snapshot(root)
    into = ("--prefix", str(root)) if layout == "prefix" else ("--active",)
    done = ground.place.run(
        *("sync", "--frozen", *into, "--cache-dir", str(tmp_path / "cache")),
        cwd=project,
        variables={"VIRTUAL_ENV": str(root)} if layout == "environment" else {},
    )
    assert done.returncode == 1, done.stderr
    assert re.search(f"demo.*{words}", done.stderr, re.DOTALL), done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(root) == before


def test_6_an_existing_root_stays_as_it_was(ground: Ground, tmp_path: Path) -> None:
    root = tmp_path / "root"
    ground.sync(ground.project("old", build_wheel(tmp_path, "old", "1.0")), root)
    before = snapshot(root)
    project = lock_of(ground, tmp_path / "wheels", unlisted())
    assert ground.try_sync(project, root).returncode == 1
    assert snapshot(root) == before


def test_6_one_wrong_record_may_be_let_in_and_gets_a_right_one(
    ground: Ground, tmp_path: Path
) -> None:
    project = lock_of(ground, tmp_path / "wheels", unlisted())
    root = tmp_path / "root"
    said = ground.sync(project, root, "--tolerate-record", "demo")
    assert "warning: " in said
    assert "unlisted.py" in said
    assert record_row("unlisted.py", b"x") in (root / INFO / "RECORD").read_text()
    again = ground.try_sync(
        project, tmp_path / "again", variables={"SITEROOT_TOLERATE_RECORD": "good"}
    )
    assert again.returncode == 1, again.stderr


@pytest.mark.parametrize("lie", ["size", "bytes", "second algorithm"])
def test_6_what_the_lock_says_of_a_file_is_checked(
    ground: Ground, tmp_path: Path, lie: str
) -> None:
    wheel = build_wheel(tmp_path, "demo", "1.0")
    project = ground.project(f"lie-{lie}", wheel)
    lock = project / "uv.lock"
    text = lock.read_text()
    size = wheel.stat().st_size
    match lie:
        case "size":
            text = text.replace(f"size = {size}", f"size = {size + 1}")
        case "bytes":
            wheel.write_bytes(wheel.read_bytes().replace(b"demo.py", b"dema.py"))
        case _:
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            pylock = tmp_path / "pylock.toml"
            pylock.write_text(
                'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "demo"\nversion = "1.0"\n'
                f'[[packages.wheels]]\nurl = "{wheel.as_uri()}"\n'
                f'hashes = {{ sha256 = "{digest}", sha512 = "{"0" * 128}" }}\n'
            )
    lock.write_text(text)
    root = tmp_path / "root"
    words = ("--lock", str(tmp_path / "pylock.toml")) if lie == "second algorithm" else ()
    done = ground.try_sync(project, root, *words, cache=tmp_path / "cache")
    assert done.returncode == 1, done.stderr
    assert "demo" in done.stderr
    assert not root.exists()


@pytest.mark.parametrize("weak", ["none", "md5"])
def test_6_a_file_without_a_strong_hash_is_warned_of_or_refused(
    ground: Ground, tmp_path: Path, weak: str
) -> None:
    wheel = build_wheel(tmp_path, "demo", "1.0")
    md5 = hashlib.md5(wheel.read_bytes(), usedforsecurity=False).hexdigest()
    project = ground.project(f"weak-{weak}", wheel)
    lock = project / "uv.lock"
    said = f' hash = "md5:{md5}",' if weak == "md5" else ""
    lock.write_text(re.sub(r' hash = "[^"]*",', said, lock.read_text()))
    refused = ground.try_sync(project, tmp_path / "root", "--require-hashes")
    assert refused.returncode == 2, refused.stderr
    assert "demo==1.0" in refused.stderr
    assert not (tmp_path / "root").exists()
    warned = ground.sync(project, tmp_path / "root")
    assert re.search("warning: .*demo==1.0", warned)


def test_6_siteroot_imports_nothing_from_the_root_that_it_syncs(
    ground: Ground, tmp_path: Path
) -> None:
    """Modules that would shadow siteroot's own and the standard library's, on PYTHONPATH and in the current folder."""
    trap = "import os\nos._exit(77)\n"
    names = ("json", "packaging", "urllib3", "rich", "siteroot", "installer")
    wheel = build_wheel(tmp_path, "trap", "1.0", {f"{name}.py": trap for name in names})
    project = ground.project("trap", wheel)
    root = tmp_path / "root"
    ground.sync(project, root)
    for words in ((), ("--reinstall",)):
        done = subprocess.run(
            ground.command(project, root, *words),
            cwd=root,
            env=plain_variables(ground.home, {"PYTHONPATH": str(root)}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_6_siteroot_does_not_take_away_what_it_runs_from(ground: Ground, tmp_path: Path) -> None:
    """Its own place is the root: a change of what it loaded is refused before anything is touched."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    root = tmp_path / "root"
    feet = build_wheel(wheels, "feet", "1.0", {"siteroot/feet.py": ""})
    other = build_wheel(wheels, "other", "1.0")
    with_feet, without = ground.project("feet", feet, other), ground.project("no-feet", other)
    ground.sync(with_feet, root)
    # the checkout's own modules, owned by that distribution, and the libraries that they need
    source = ground.place.folder
    rows = []
    for path in sorted((source / "siteroot").resolve().rglob("*.py")):
        inner = path.relative_to((source / "siteroot").resolve())
        target = root / "siteroot" / inner
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(path.read_bytes())
        rows.append(f"siteroot/{inner},,\n")
    record = root / "feet-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "".join(rows))
    for path in source.iterdir():
        if path.name not in ("siteroot", "bin"):
            (root / path.name).symlink_to(path.resolve())
    (root / "bin").mkdir(exist_ok=True)
    script = root / "bin" / "siteroot"
    script.write_bytes(ground.place.script.read_bytes())
    before = snapshot(root)
    words = ground.command(without, root, "--exact")
    words[1] = str(script)
    done = subprocess.run(
        [sys.executable, "-B", *words[1:]],
        cwd=ground.home,
        env=plain_variables(ground.home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode not in (0, 70), done.stderr
    assert "siteroot itself runs from this root" in done.stderr
    assert "pyz" in done.stderr
    assert snapshot(root) == before
