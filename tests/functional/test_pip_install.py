"""`siteroot pip install` and `pip sync` beside uv's: the same versions, lines and exit codes, command after command."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.http_server import Server
from support.installed import install_wheel, make_environment
from support.interpreters import need_uv
from support.sdists import source_files, write_sdist, write_tree
from support.trees import describe_difference, snapshot
from support.wheel_index import describe_files, make_wheel, metadata_of, serve_index
from support.wheels import build_wheel

HERE = ("--python", sys.executable)

#: What a run says that the next one says otherwise: times, sizes, which Python; and what only one of the two fetches.
_TIMES = re.compile(r" in [\d.]+m?s(?: \([\d.]+[KM]?i?B\))?")
_ASIDE = re.compile(
    r"(Using|Prepared|Would download|warning: Failed to hardlink).*\n(?:.*hardlink.*\n)*|(?: \([\d.]+[KM]?i?B\))"
)


@dataclass(frozen=True)
class Shop:
    """An index of a few projects, and a desk to install from it."""

    folder: Path
    server: Server
    desk: Desk

    @property
    def index(self) -> tuple[str, str]:
        return ("--default-index", f"{self.server.url}/simple")

    def pip(self, *words: str | Path, cwd: Path | None = None) -> Done:
        """Run a command of `siteroot pip` on this index."""
        verb, *rest = words
        return self.desk.run(
            "pip", verb, *self.index, "--cache-dir", self.desk.home / "cache", *rest, cwd=cwd or self.folder
        )  # fmt: skip

    def install(self, *words: str | Path) -> Done:
        """Install into the target `root`."""
        return self.pip("install", *HERE, "--target", self.root, *words)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    files = tmp_path / "files"
    files.mkdir()
    make_wheel(
        files, "app", "1.0", "lib", 'extra-lib>=1; extra == "more"', more="Provides-Extra: more\n"
    )
    make_wheel(
        files,
        "app",
        "2.0",
        "lib>=1",
        'extra-lib>=1; extra == "more"',
        more="Provides-Extra: more\n",
    )
    for version in ("1.0", "2.0", "3.0b1"):
        make_wheel(files, "lib", version)
    make_wheel(files, "extra-lib", "1.0")
    make_wheel(files, "alone", "1.0")
    make_wheel(files, "picky", "1.0", "lib<2")
    with serve_index(files) as server:
        yield Shop(tmp_path, server, make_desk(tmp_path / "home"))


def held(library: Path) -> dict[str, str]:
    """Return the distributions that a folder holds, as its dist-infos name them."""
    stems = (path.name.removesuffix(".dist-info") for path in library.glob("*.dist-info"))
    return dict(sorted(stem.split("-")[:2] for stem in stems))


def plain(text: str) -> str:
    """Return what is said without what differs from run to run."""
    return _ASIDE.sub("", _TIMES.sub("", text))


#: A project that is asked for what its app requires.
AMENDED = """\
[project]
name = "amended"
version = "1.0"
[tool.uv]
override-dependencies = [{ package = { name = "app", version = "2.0" }, dependencies = ["lib<2", "alone"] }]
"""

#: Series of commands; after each, the lines, the code and what is installed are uv's. {file} holds `app<2`.
SERIES = {
    "a second time": ("install app", "install app", "install app lib>1"),
    "another version": ("install app==1.0 lib==1.0", "install lib==2.0", "install app>1"),
    "newest on demand": ("install lib==1.0", "install lib", "install -U lib", "install app -P lib"),
    "an upgrade bounded": ("install lib==1.0", "install lib -P lib<2", "install lib -P lib>1"),
    "anew": ("install app", "install --reinstall app", "install --reinstall-package lib app"),
    "nothing but looks": ("install --dry-run app", "install app", "install --dry-run app", "install --dry-run lib==1.0"),
    "no dependencies": ("install --no-deps app", "install app"),
    "extras": ("install app", "install app[more]", "install app[more]"),
    "exactly": ("install app alone", "install --exact alone", "install --exact alone"),
    "prereleases": ("install lib --prerelease allow", "install lib", "install lib==3.0b1"),
    "a newer pre-release there": ("install lib==3.0b1", "install -U lib", "install -U --prerelease disallow app", "install -U lib<3"),
    "lowest below what is there": ("install lib==2.0", "install -U --resolution lowest lib>=1"),
    "a wheel there that none may be": ("install alone", "install --no-binary :all: -U alone", "install --no-binary alone app alone"),
    "prereleases of one": ("install lib --prerelease-package lib=allow", "install --pre -U lib"),
    "a file": ("install -r {file}", "install -c {file} app alone", "install --overrides {override} app"),
    "one distribution's requirements amended": ("install --project {amended} app", "install app", "install --project {amended} app"),
    "a sync": ("install app alone", "sync {file}", "sync {file}", "sync {empty}", "sync --allow-empty-requirements {empty}"),
    "lowest": ("install --resolution lowest-direct app>=1 lib>=1",),
    "what fits together": ("install picky", "install app lib"),
}  # fmt: skip


@pytest.mark.uv
@pytest.mark.parametrize("name", SERIES)
def test_every_command_of_a_series_ends_as_uvs(shop: Shop, name: str) -> None:
    texts = {"file": "app<2  # old\n", "override": "lib<2\n", "empty": ""}
    files = {name: shop.write(f"{name}.txt", text).name for name, text in texts.items()}
    files["amended"] = "amended"
    (shop.folder / "amended").mkdir()
    shop.write("amended/pyproject.toml", AMENDED)
    ours = make_environment(shop.folder / "ours")
    theirs = make_environment(shop.folder / "theirs")
    for command in SERIES[name]:
        words = command.format(**files).split()
        done = shop.pip(words[0], "--python", shop.folder / "ours", *words[1:])
        ran = uv(shop, words[0], "--python", str(shop.folder / "theirs"), *words[1:])
        assert (done.code, plain(done.err)) == (ran.returncode, plain(ran.stderr)), command
        assert held(ours) == held(theirs), command


def uv(shop: Shop, verb: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [need_uv(), "pip", verb, *shop.index, "--cache-dir", str(shop.folder / "uv-cache"), *words],
        cwd=shop.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(shop.folder), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_target_upgrades_cleanly_and_is_what_a_fresh_one_is(shop: Shop) -> None:
    assert shop.install("app==1.0", "alone").code == 0
    done = shop.install("app==2.0")
    assert (done.code, plain(done.err)) == (
        0,
        "Resolved 2 packages\nUninstalled 1 package\nInstalled 1 package\n - app==1.0\n + app==2.0\n",
    )
    assert (shop.root / "app.py").read_text() == "V = '2.0'\n"
    fresh = shop.folder / "fresh"
    assert shop.pip("install", *HERE, "--target", fresh, "app==2.0", "alone").code == 0
    assert not describe_difference(snapshot(shop.root), snapshot(fresh))


def test_the_command_that_all_this_began_with(shop: Shop) -> None:
    environment = shop.folder / "python"
    make_environment(environment)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from siteroot.cli.main import run; run()", "pip", "install", "-v",
         "--link-mode=copy", f"--cache-dir={shop.folder / 'cache'}", "--system", "--target", "pkgs", "-r", "/dev/stdin"],
        input=f"--index-url {shop.server.url}/simple\napp ; python_version > '3'\nlib==1.0\n",
        cwd=shop.folder,
        env={"PATH": str(environment / "bin"), "HOME": str(shop.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert held(shop.folder / "pkgs") == {"app": "2.0", "lib": "1.0"}
    assert not held(environment / "lib")


def test_what_another_installer_put_there_stays_in_its_version(shop: Shop) -> None:
    library = make_environment(shop.folder / "env")
    install_wheel(library, "lib", "1.0")
    before = snapshot(library)
    done = shop.pip("install", "--python", shop.folder / "env", "app")
    assert done.code == 0, done.err
    assert held(library) == {"app": "2.0", "lib": "1.0"}
    now = snapshot(library)
    assert all(now[path] == seen for path, seen in before.items() if path.startswith("lib"))
    assert shop.pip("install", "--python", shop.folder / "env", "--reinstall", "lib==1.0").code == 0
    assert (library / "lib-1.0.dist-info" / "INSTALLER").read_text().strip() == "siteroot"


@pytest.mark.uv
def test_what_an_index_has_the_source_of_is_not_built_where_it_is_installed(shop: Shop) -> None:
    ours, theirs = make_environment(shop.folder / "ours"), make_environment(shop.folder / "theirs")
    for library in (ours, theirs):
        install_wheel(library, "inner-app", "1.0", ["lib<2"])
    texts = source_files(backend="no")
    texts["pyproject.toml"] += 'dynamic = ["dependencies"]\n'
    write_sdist(shop.folder / "files" / "inner_app-1.0.tar.gz", texts)
    make_wheel(shop.folder / "files", "plugin", "1.0", "inner-app")
    describe_files(shop.server, shop.folder / "files")
    for command in (
        "inner-app alone",
        "--only-binary :all: plugin app",
        "plugin",
        "-U plugin",
        "--only-binary :all: plugin",
        "--exact inner-app app",
    ):
        words = command.split()
        done = shop.pip("install", "--python", shop.folder / "ours", *words)
        ran = uv(shop, "install", "--python", str(shop.folder / "theirs"), *words)
        assert (done.code, held(ours)) == (ran.returncode, held(theirs)), (command, done.err)
        assert done.code == 0


def test_what_has_no_list_of_its_files_stays_and_is_named(shop: Shop) -> None:
    (shop.root / "old-1.0.dist-info").mkdir(parents=True)
    (shop.root / "old-1.0.dist-info" / "METADATA").write_text("Name: old\nVersion: 1.0\n")
    assert "old" not in shop.install("alone").err
    words = shop.write("all.txt", "alone\n")
    for _ in range(2):  # whatever the cache remembers of the root
        done = shop.pip("sync", *HERE, "--target", shop.root, words)
        assert (done.code, held(shop.root)) == (0, {"alone": "1.0", "old": "1.0"})
        assert "no list says which files are those of old 1.0 (no RECORD), so it stays" in done.err


@pytest.mark.uv
def test_what_is_on_no_index_counts_where_it_is_installed(shop: Shop) -> None:
    ours, theirs = make_environment(shop.folder / "ours"), make_environment(shop.folder / "theirs")
    for library in (ours, theirs):
        install_wheel(library, "lib", "1.5")
        install_wheel(library, "mine", "1.0", ["deep"])
        install_wheel(library, "deep", "1.0")
    make_wheel(shop.folder / "files", "plugin", "1.0", "mine>=1")
    describe_files(shop.server, shop.folder / "files")
    pins = shop.write("pins.txt", "mine==1.0\nlib==1.5\n").name
    for command in (
        "install app plugin",
        "install -U plugin",
        "install -P mine plugin",
        "install -U lib",
        "install --no-binary mine -U plugin",
        f"sync {pins}",
    ):
        verb, *words = command.split()
        done = shop.pip(verb, "--python", shop.folder / "ours", *words)
        ran = uv(shop, verb, "--python", str(shop.folder / "theirs"), *words)
        assert (done.code, held(ours)) == (ran.returncode, held(theirs)), (command, done.err)


def test_what_is_on_no_index_cannot_be_placed_for_another_python(shop: Shop) -> None:
    wheel = make_wheel(shop.folder, "mine", "1.0")
    assert shop.install(wheel).code == 0
    make_wheel(shop.folder / "files", "plugin", "1.0", "mine>=1")
    describe_files(shop.server, shop.folder / "files")
    assert shop.install("plugin").code == 0
    before = snapshot(shop.root)
    done = shop.install("-U", "plugin", "--python-version", "3.9")
    assert done.code == 1
    assert "mine 1.0 has to be placed anew, and no index has that version" in done.err
    assert snapshot(shop.root) == before
    assert shop.install("-U", "plugin", wheel, "--python-version", "3.9").code == 0


def test_nothing_is_asked_of_the_index_where_all_is_there(shop: Shop) -> None:
    assert shop.install("app[more]").code == 0
    shop.server.requests.clear()
    done = shop.install("app[more]", "lib<3")
    assert plain(done.err) == "Checked 2 packages\n"
    assert not shop.server.requests


def test_a_wheel_that_asks_for_more_than_its_index_told_is_named_once(shop: Shop) -> None:
    wheel = make_wheel(shop.folder / "files", "plugin", "1.0", "alone")
    describe_files(shop.server, shop.folder / "files")
    told = metadata_of("plugin", "1.0", "lib<2")
    wheel.with_name(f"{wheel.name}.metadata").write_text(told)
    done = shop.install("plugin")
    assert done.code == 0
    assert f"{wheel.name} asks for something else than {shop.server.url}/simple told" in done.err
    assert held(shop.root) == {"lib": "1.0", "plugin": "1.0"}
    again = shop.install("plugin")
    assert (again.code, "told" in again.err) == (0, False)
    assert "alone" in held(shop.root)


def test_what_an_index_told_rightly_is_no_matter(shop: Shop) -> None:
    assert "told" not in shop.install("app[more]").err


# -- hashes -----------------------------------------------------------------------------------------------------------


def sha256(shop: Shop, filename: str) -> str:
    return "sha256:" + hashlib.sha256((shop.folder / "files" / filename).read_bytes()).hexdigest()


def test_hashes_are_compared_and_can_be_required(shop: Shop) -> None:
    good, bad = sha256(shop, "alone-1.0-py3-none-any.whl"), f"sha256:{'0' * 64}"
    for text, words, code, said in (
        (f"alone==1.0 --hash={bad}", (), 1, "has none of the hashes that were asked for"),
        (f"alone==1.0 --hash={bad} --hash={good}", (), 0, " alone==1.0"),
        (f"alone==1.0 --hash={bad}", ("--no-verify-hashes",), 0, " alone==1.0"),
        ("alone==1.0", ("--require-hashes",), 2, "must have a hash, but none were provided for: alone==1.0"),
        (f"alone --hash={good}", ("--require-hashes",), 2, "must have their versions pinned with `==`, but found: alone"),
        (f"--require-hashes\nalone==1.0 --hash={good}", (), 0, " alone==1.0"),
        (f"app==2.0 --hash={sha256(shop, 'app-2.0-py3-none-any.whl')}", ("--require-hashes",), 1, "no trusted hash was provided for: `lib`"),
    ):  # fmt: skip
        done = shop.install("--reinstall", *words, "-r", shop.write("h.txt", f"{text}\n"))
        assert (done.code, said in done.err) == (code, True), (text, done.err)


@pytest.mark.uv
@pytest.mark.parametrize(
    "asked", ["alone-1.0-py3-none-any.whl", "alone-1.0-py30-none-any.whl", "alone-1.0.tar.gz"]
)
def test_of_several_files_the_one_with_the_hash_is_taken(shop: Shop, asked: str) -> None:
    files = shop.folder / "files"
    build_wheel(files, "alone", "1.0", {"alone.py": "V = 'for older'\n"}, tag="py30-none-any")
    write_sdist(
        files / "alone-1.0.tar.gz", source_files("alone", "1.0", {"alone.py": "V = 'built'\n"})
    )
    describe_files(shop.server, files)
    shop.write("h.txt", f"alone==1.0 --hash={sha256(shop, asked)}\n")
    ours, theirs = make_environment(shop.folder / "ours"), make_environment(shop.folder / "theirs")
    done = shop.pip("install", "--python", shop.folder / "ours", "-r", "h.txt")
    ran = uv(shop, "install", "--python", str(shop.folder / "theirs"), "-r", "h.txt")
    assert (done.code, ran.returncode) == (0, 0), (done.err, ran.stderr)
    assert (ours / "alone.py").read_text() == (theirs / "alone.py").read_text()


@pytest.mark.parametrize("several", [False, True])
def test_a_file_that_its_index_gives_no_hash_of_has_to_be_the_one(
    shop: Shop, *, several: bool
) -> None:
    good, bad = sha256(shop, "alone-1.0-py3-none-any.whl"), f"sha256:{'0' * 64}"
    links = ("--no-index", "--find-links", shop.folder / "files")
    wanted = f"alone==1.0 --hash={bad}" + (f" --hash={good}" if several else "")
    done = shop.install(*links, "-r", shop.write("h.txt", wanted))
    assert done.code == (0 if several else 1), done.err
    assert held(shop.root) == ({"alone": "1.0"} if several else {})


# -- sources ----------------------------------------------------------------------------------------------------------


def test_wheels_and_archives_by_url_and_path(shop: Shop) -> None:
    wheel = shop.folder / "files" / "alone-1.0-py3-none-any.whl"
    sdist = write_sdist(shop.folder / "files" / "inner-1.0.tar.gz", source_files("inner", "1.0"))
    for place in (str(wheel), f"alone @ {wheel.as_uri()}", f"{shop.server.url}/{wheel.name}"):
        done = shop.pip("install", *HERE, "--target", shop.folder / "one", "--reinstall", place)
        assert done.code == 0, done.err
        assert held(shop.folder / "one") == {"alone": "1.0"}
    url = json.loads((shop.folder / "one" / "alone-1.0.dist-info" / "direct_url.json").read_bytes())
    assert url["url"] == f"{shop.server.url}/{wheel.name}"
    for place in (
        str(sdist),
        f"{shop.server.url}/{sdist.name}#sha256={sha256(shop, sdist.name)[7:]}",
    ):
        done = shop.pip("install", *HERE, "--target", shop.folder / "two", "--reinstall", place)
        assert done.code == 0, done.err
        assert (shop.folder / "two" / "inner.py").read_text() == "X = 1\n"
    wrong = f"{shop.server.url}/{wheel.name}#sha256={'0' * 64}"
    done = shop.install(wrong)
    assert (
        done.code,
        "alone-1.0-py3-none-any.whl has another sha256 than is asked for: " in plain(done.err),
    ) == (1, True)
    done = shop.install(f"{shop.server.url}/none-1.0-py3-none-any.whl")
    assert (done.code, "none-1.0-py3-none-any.whl is not there: " in plain(done.err)) == (1, True)


def test_a_wheel_for_other_targets_is_refused_with_hints_that_pip_commands_obey(shop: Shop) -> None:
    wheel = shop.folder / "files" / "alone-1.0-py3-none-any.whl"
    other = wheel.rename(wheel.with_name("alone-1.0-cp27-cp27m-win32.whl"))
    done = shop.install(other)
    assert (done.code, "the target is CPython" in plain(done.err)) == (2, True), done.err
    assert "--no-install-package" not in done.err


def test_trees_are_built_or_linked(shop: Shop) -> None:
    tree = write_tree(shop.folder / "tree", source_files("inner", "1.0"))
    pyproject = tree / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'dependencies = ["lib<2"]\n')
    done = shop.install("./tree")
    assert done.code == 0, done.err
    assert held(shop.root) == {"inner": "1.0", "lib": "1.0"}
    assert plain(shop.install("./tree").err).endswith("Checked 2 packages\n")
    (tree / "src" / "inner.py").write_text("X = 2\n")
    assert " ~ inner==1.0" in shop.install("./tree").err
    assert (shop.root / "inner.py").read_text() == "X = 2\n"


def test_a_tree_says_where_what_it_requires_is(shop: Shop) -> None:
    write_tree(shop.folder / "tree", source_files("inner", "1.0"))
    other = write_tree(shop.folder / "other", source_files("lib", "9", {"lib.py": "V = 9\n"}))
    pyproject = shop.folder / "tree" / "pyproject.toml"
    text = pyproject.read_text() + 'dependencies = ["lib"]\n'
    pyproject.write_text(text + '[tool.uv.sources]\nlib = { path = "../other" }\n')
    done = shop.install("./tree")
    assert done.code == 0, done.err
    assert f" + lib==9 (from {other.as_uri()})" in done.err
    assert shop.install("--no-sources", "./tree", "lib<3").code == 0
    assert held(shop.root) == {"inner": "1.0", "lib": "2.0"}


def test_an_editable_is_a_link_that_works_by_pythonpath_alone(shop: Shop) -> None:
    write_tree(shop.folder / "tree", source_files("inner", "1.0"))
    words = [sys.executable, "-c", "import inner; print(inner.__file__)"]
    for more, place in (((), shop.folder / "tree" / "src"), (("--no-editable",), shop.root)):
        done = shop.install(*more, "-e", "./tree")
        assert done.code == 0, done.err
        ran = subprocess.run(
            words, env={"PYTHONPATH": str(shop.root)}, capture_output=True, text=True, check=False
        )
        assert ran.stdout.strip() == str(place / "inner.py"), ran.stderr


def test_a_build_that_is_not_isolated_sees_what_the_interpreter_has(shop: Shop) -> None:
    library = make_environment(shop.folder / "env")
    files = source_files("inner", "1.0")
    backend = "import only_there\n" + files["back/inner_backend.py"]
    write_tree(shop.folder / "tree", {**files, "back/inner_backend.py": backend})
    words = ("install", "--python", shop.folder / "env", "./tree")
    failed = shop.pip(*words)
    assert failed.code == 1
    assert (
        f"siteroot pip install --dry-run --no-deps --target new-folder {shop.folder}/tree"
        in failed.err
    )
    (library / "only_there.py").touch()
    assert shop.pip(*words).code == 1
    done = shop.pip(*words, "--no-build-isolation")
    assert done.code == 0, done.err
    assert held(library) == {"inner": "1.0"}


def test_a_name_that_only_a_build_can_tell(shop: Shop) -> None:
    files = source_files("inner", "1.0")
    text = files["pyproject.toml"].partition("[project]")[0]
    back = files["back/inner_backend.py"].replace(
        '    with open("pyproject.toml", "rb") as file:\n        return tomllib.load(file)["project"]\n',
        '    return {"name": "late", "version": "7"}\n',
    )
    write_tree(
        shop.folder / "tree", {**files, "pyproject.toml": text, "back/inner_backend.py": back}
    )
    (shop.folder / "tree" / "PKG-INFO").unlink()
    done = shop.install("./tree")
    assert done.code == 0, done.err
    assert held(shop.root) == {"late": "7"}


def test_a_repository_is_taken_at_the_commit_that_a_branch_is_now(shop: Shop) -> None:
    tree = write_tree(shop.folder / "repo", source_files("inner", "1.0"))
    commit = _commit(tree)
    place = f"inner @ git+{tree.as_uri()}"
    done = shop.install(place)
    assert done.code == 0, done.err
    told = json.loads((shop.root / "inner-1.0.dist-info" / "direct_url.json").read_bytes())
    assert told["vcs_info"]["commit_id"] == commit
    (tree / "src" / "inner.py").write_text("X = 2\n")
    _commit(tree)
    assert " ~ inner==1.0" in shop.install(place).err
    assert (shop.root / "inner.py").read_text() == "X = 2\n"


def _commit(tree: Path) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("init", "-q"), ("add", "."), (*name, "commit", "-qm", "one")):
        subprocess.run(["git", *words], cwd=tree, check=True)
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


# -- files ------------------------------------------------------------------------------------------------------------


def test_projects_groups_and_locks(shop: Shop) -> None:
    shop.write(
        "pyproject.toml",
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["alone"]\n'
        '[project.optional-dependencies]\nmore = ["extra-lib"]\n'
        '[dependency-groups]\ndev = ["lib<2"]\n'
        '[tool.uv]\nconstraint-dependencies = ["app<2"]\n',
    )
    done = shop.install("-r", "pyproject.toml", "--extra", "more", "--group", "dev", "app")
    assert done.code == 0, done.err
    assert held(shop.root) == {"alone": "1.0", "app": "1.0", "extra_lib": "1.0", "lib": "1.0"}
    wheel = "alone-1.0-py3-none-any.whl"
    shop.write(
        "pylock.toml",
        'lock-version = "1.0"\ncreated-by = "t"\n[[packages]]\nname = "alone"\nversion = "1.0"\n'
        f'wheels = [{{url = "{shop.server.url}/{wheel}", hashes = {{sha256 = "{sha256(shop, wheel)[7:]}"}}}}]\n',
    )
    done = shop.pip("sync", *HERE, "--target", shop.root, "pylock.toml")
    assert done.code == 0, done.err
    assert held(shop.root) == {"alone": "1.0"}
    assert shop.install("-r", "pylock.toml", "app").code == 2


def test_options_in_files_hold_for_the_command(shop: Shop, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    make_wheel(links, "linked", "1.0")
    shop.write("more.txt", "--find-links links\n--no-index\n--no-binary other\nlinked\n")
    done = shop.desk.run(
        "pip", "install", *HERE, "--target", shop.root, "-r", "more.txt", "--cache-dir", tmp_path / "c", cwd=tmp_path
    )  # fmt: skip
    assert done.code == 0, done.err
    assert held(shop.root) == {"linked": "1.0"}
    shop.write("never.txt", "--no-binary alone\nalone\n")
    done = shop.install("-r", "never.txt")
    assert done.code == 1
    assert "alone" in done.err


def test_only_binary_of_all_but_one_builds_that_one(shop: Shop) -> None:
    write_sdist(shop.folder / "files" / "inner-1.0.tar.gz", source_files("inner", "1.0"))
    describe_files(shop.server, shop.folder / "files")
    refused = shop.install("--only-binary", ":all:", "inner")
    assert refused.code == 1
    done = shop.install("--only-binary", ":all:", "--no-binary", "inner", "inner", "alone")
    assert done.code == 0, done.err
    assert held(shop.root) == {"alone": "1.0", "inner": "1.0"}


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("absent", 1, "absent"),
        ("app>9", 1, "app"),
        ("picky lib>1", 1, "picky"),
        ("-r absent.txt", 2, "absent.txt"),
        ("not/a/tree", 1, "not/a/tree"),
        ("-e alone", 1, "there is no such folder"),
        ("lib --no-binary ?", 2, "`?` cannot be the name of a distribution"),
        ("lib -P >1", 2, "`--upgrade-package >1`"),
        ("-r {file} --check", 1, "does not hold what is asked for"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    shop: Shop, words: str, code: int, said: str
) -> None:
    file = shop.write("r.txt", "app\n")
    done = shop.install(*words.format(file=file).split())
    assert (done.code, said in done.err) == (code, True), done.err
    assert not shop.root.exists()


@pytest.mark.parametrize(
    "words", ["lib --extra more", "-r pins.txt --all-extras", "./ --extra more"]
)
def test_extras_are_those_of_a_file_that_has_them(shop: Shop, words: str) -> None:
    shop.write("pins.txt", "lib\n")
    done = shop.install(*words.split())
    assert done.code == 2
    assert "extras are those of a pyproject.toml" in done.err
    assert not shop.root.exists()


def test_the_json_says_what_changed(shop: Shop) -> None:
    document = shop.install("--output-format", "json", "alone").document
    assert document["changes"] == [{"name": "alone", "version": "1.0", "action": "installed"}]
    assert document["dry_run"] is False


@pytest.mark.uv
@pytest.mark.index
def test_the_real_index_gives_what_it_gives_uv(tmp_path: Path) -> None:
    words = ("flask[async]", "httpx<1", "--exclude-newer", "2026-06-01")
    desk = make_desk(tmp_path / "home")
    certificates = {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
    done = desk.run(
        "pip", "install", *HERE, "--target", "ours", "--cache-dir", tmp_path / "c", *words, cwd=tmp_path, variables=certificates
    )  # fmt: skip
    assert done.code == 0, done.err
    subprocess.run(
        [
            need_uv(),
            "pip",
            "install",
            "-q",
            *HERE,
            "--target",
            "theirs",
            "--cache-dir",
            "u",
            *words,
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **certificates},
        check=True,
    )
    assert held(tmp_path / "ours") == held(tmp_path / "theirs")
    assert len(held(tmp_path / "ours")) > 10


@pytest.mark.parametrize("words", ["install -r /dev/null", "sync /dev/null"])
def test_the_null_device_asks_for_nothing(shop: Shop, words: str) -> None:
    done = shop.pip(*words.split(), *HERE, "--target", "none")
    assert done.code == 0, done.err
    assert "does not contain any dependencies" in done.err
    assert not (shop.folder / "none").exists()
