"""Each flag of `siteroot sync`, its variable and its setting, through real syncs; beside uv's outcome where uv has it."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.desk import Desk, Done, make_desk
from support.flags import HERE, NAMES, build_flag_wheels, installed, parse_variables, write_project
from support.projects import make_project
from support.trees import snapshot
from support.uv_sync import run_uv
from support.wheels import build_wheel, record_row


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_flag_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path, wheels: dict[str, Path]) -> Path:
    return write_project(tmp_path / "project", wheels)


# -- what is installed: beside uv

Row = tuple[str, str, str, int, set[str]]

#: Words, variables, settings in pyproject.toml; the exit code and the names that are installed.
SELECTING: dict[str, Row] = {
    "nothing said": ("", "", "", 0, NAMES),
    "--extra": ("--extra fast", "", "", 0, {*NAMES, "quick"}),
    "--extra twice": ("--extra fast --extra slow", "", "", 0, {*NAMES, "quick", "slow"}),
    "--extra with a comma": ("--extra fast,slow", "", "", 0, {*NAMES, "quick", "slow"}),
    "--extra unknown": ("--extra none", "", "", 2, set()),
    "--all-extras": ("--all-extras", "", "", 0, {*NAMES, "quick", "slow"}),
    "--no-extra": ("--all-extras --no-extra slow", "", "", 0, {*NAMES, "quick"}),
    "--no-extra unknown": ("--no-extra none", "", "", 2, set()),
    "--group": ("--group lint", "", "", 0, {*NAMES, "linter"}),
    "--group unknown": ("--group none", "", "", 2, set()),
    "--all-groups": ("--all-groups", "", "", 0, {*NAMES, "linter"}),
    "--no-group": ("--all-groups --no-group lint", "", "", 0, NAMES),
    "UV_NO_GROUP": ("--all-groups", "UV_NO_GROUP=lint", "", 0, NAMES),
    "--only-group": ("--only-group lint", "", "", 0, {"linter"}),
    "--no-default-groups": ("--no-default-groups", "", "", 0, {"base", "dep"}),
    "UV_NO_DEFAULT_GROUPS": ("", "UV_NO_DEFAULT_GROUPS=1", "", 0, {"base", "dep"}),
    "default-groups": ("", "", '[tool.uv]\ndefault-groups = ["lint"]', 0, {"base", "dep", "linter"}),
    "default-groups all": ("", "", '[tool.uv]\ndefault-groups = "all"', 0, {*NAMES, "linter"}),
    "--dev": ("--dev", "", "[tool.uv]\ndefault-groups = []", 0, NAMES),
    "UV_DEV": ("", "UV_DEV=1", "[tool.uv]\ndefault-groups = []", 0, NAMES),
    "--no-dev": ("--no-dev", "", "", 0, {"base", "dep"}),
    "UV_NO_DEV": ("", "UV_NO_DEV=1", "", 0, {"base", "dep"}),
    "--only-dev": ("--only-dev", "", "", 0, {"devtool"}),
    "--package": ("--package app", "", "", 0, NAMES),
    "--package unknown": ("--package none", "", "", 2, set()),
    "--all-packages": ("--all-packages", "", "", 0, NAMES),
    "--no-install-project": ("--no-install-project", "", "", 0, NAMES),
    "UV_NO_INSTALL_PROJECT": ("", "UV_NO_INSTALL_PROJECT=1", "", 0, NAMES),
    "--no-install-workspace": ("--no-install-workspace", "", "", 0, NAMES),
    "UV_NO_INSTALL_WORKSPACE": ("", "UV_NO_INSTALL_WORKSPACE=1", "", 0, NAMES),
    "--no-install-local": ("--no-install-local", "", "", 0, NAMES),
    "UV_NO_INSTALL_LOCAL": ("", "UV_NO_INSTALL_LOCAL=1", "", 0, NAMES),
    "--no-install-package": ("--no-install-package base", "", "", 0, {"dep", "devtool"}),
    "--no-install-package unknown": ("--no-install-package none", "", "", 0, NAMES),
    "--only-install-project": ("--only-install-project", "", "", 0, set()),
    "UV_ONLY_INSTALL_PROJECT": ("", "UV_ONLY_INSTALL_PROJECT=1", "", 0, set()),
    "--only-install-workspace": ("--only-install-workspace", "", "", 0, set()),
    "UV_ONLY_INSTALL_WORKSPACE": ("", "UV_ONLY_INSTALL_WORKSPACE=1", "", 0, set()),
    "--only-install-local": ("--only-install-local", "", "", 0, set()),
    "UV_ONLY_INSTALL_LOCAL": ("", "UV_ONLY_INSTALL_LOCAL=1", "", 0, set()),
    "--only-install-package": ("--only-install-package dep", "", "", 0, {"dep"}),
    "--no-editable": ("--no-editable", "", "", 0, NAMES),
    "UV_NO_EDITABLE": ("", "UV_NO_EDITABLE=1", "", 0, NAMES),
    "--no-editable-package": ("--no-editable-package app", "", "", 0, NAMES),
    "--no-build": ("--no-build", "", "", 0, NAMES),
    "UV_NO_BUILD": ("", "UV_NO_BUILD=1", "", 0, NAMES),
    "no-build": ("", "", "[tool.uv]\nno-build = true", 0, NAMES),
    "--no-build-package": ("--no-build-package base", "", "", 0, NAMES),
    "--no-binary": ("--no-binary", "", "", 2, set()),
    "UV_NO_BINARY": ("", "UV_NO_BINARY=1", "", 2, set()),
    "no-binary": ("", "", "[tool.uv]\nno-binary = true", 2, set()),
    "--no-binary-package": ("--no-binary-package dep", "", "", 2, set()),
    "UV_NO_BINARY_PACKAGE": ("", "UV_NO_BINARY_PACKAGE=dep", "", 2, set()),
    "no-binary-package": ("", "", '[tool.uv]\nno-binary-package = ["dep"]', 2, set()),
    "--no-binary-package of another": ("--no-binary-package quick", "", "", 0, NAMES),
    "--python-platform": ("--python-platform windows", "", "", 0, NAMES),
    "--python-platform unknown": ("--python-platform amiga", "", "", 2, set()),
    "--no-config": ("--no-config", "", "[tool.uv]\nno-binary = true", 0, NAMES),
    "UV_NO_CONFIG": ("", "UV_NO_CONFIG=1", "[tool.uv]\nno-binary = true", 0, NAMES),
    "a flag over its setting": ("--binary", "", "[tool.uv]\nno-binary = true", 0, NAMES),
}  # fmt: skip


@pytest.mark.parametrize("name", SELECTING)
def test_what_is_installed(desk: Desk, tmp_path: Path, wheels: dict[str, Path], name: str) -> None:
    words, variables, settings, code, names = SELECTING[name]
    project = write_project(tmp_path / "project", wheels, settings)
    root = tmp_path / "root"
    done = desk.sync(
        *HERE, "--target", root, "--output-format", "json", *words.split(),
        cwd=project, variables=parse_variables(variables),
    )  # fmt: skip
    assert done.code == code, done.err
    if code:
        assert not root.exists()
        return
    assert set(done.changes) == names
    there = {path.name.partition("-")[0] for path in root.glob("*.dist-info")}
    assert there == names


@pytest.mark.uv
@pytest.mark.parametrize("name", SELECTING)
def test_uv_installs_the_same(tmp_path: Path, wheels: dict[str, Path], name: str) -> None:
    """`uv sync --frozen`, dry for its speed."""
    words, variables, settings, code, names = SELECTING[name]
    project = write_project(tmp_path / "project", wheels, settings)
    command = ("sync", "--frozen", "--dry-run", "--output-format", "json", "-q", *words.split())
    done = run_uv(str(project), sys.executable, *command, variables=parse_variables(variables))
    assert done.returncode == code, done.stderr
    if not code:
        changes = json.loads(done.stdout)["sync"]["changes"]
        assert {change["name"] for change in changes} == names


# -- how it is installed


@dataclass(frozen=True, kw_only=True)
class Way:
    """A flag, one of its variables or one of its settings: each has to do the same."""

    words: str = ""
    variables: str = ""
    settings: str = ""

    def __str__(self) -> str:
        return self.words or self.variables or self.settings

    def sync(self, desk: Desk, project: Path, *more: str | Path, cache: bool = True) -> Done:
        """Run a sync into `pkgs` that is told so, and more after it."""
        words = (*HERE, "--target", "pkgs", *self.words.split(), *more)
        variables = parse_variables(self.variables)
        return desk.sync(*words, cwd=project, variables=variables, cache=cache)


def ways(flag: str, variables: Sequence[str], settings: Sequence[str]) -> list[Way]:
    return [
        Way(words=flag),
        *[Way(variables=variable) for variable in variables],
        *[Way(settings=setting) for setting in settings],
    ]


def in_each_way(
    flag: str, variables: Sequence[str], settings: Sequence[str]
) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", ways(flag, variables, settings), ids=str)


Check = Callable[[Path], bool]
LINKS: dict[str, Check] = {
    "copy": lambda path: not path.is_symlink() and path.stat().st_nlink == 1,
    "clone": lambda path: not path.is_symlink(),
    "hardlink": lambda path: not path.is_symlink() and path.stat().st_nlink > 1,
    "symlink": lambda path: path.is_symlink() and path.exists(),
}


def link_ways(mode: str) -> list[Way]:
    return ways(
        f"--link-mode {mode}",
        [f"UV_LINK_MODE={mode}", f"SITEROOT_LINK_MODE={mode}"],
        [f'[tool.uv]\nlink-mode = "{mode}"', f'[tool.siteroot]\nlink-mode = "{mode}"'],
    )


@pytest.mark.fast_calls
@pytest.mark.parametrize(
    ("mode", "way"), [(mode, way) for mode in LINKS for way in link_ways(mode)], ids=str
)
def test_link_modes(
    desk: Desk, tmp_path: Path, wheels: dict[str, Path], mode: str, way: Way
) -> None:
    project = write_project(tmp_path / "project", wheels, way.settings)
    assert way.sync(desk, project).code == 0
    assert LINKS[mode](project / "pkgs" / "base.py")


def test_a_link_mode_that_changes_ends_in_files(desk: Desk, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    desk.synced(*HERE, "--target", root, "--link-mode", "symlink", cwd=project)
    desk.synced(*HERE, "--target", root, "--link-mode", "copy", "--reinstall", cwd=project)
    assert not [path for path in root.rglob("*") if path.is_symlink()]


@in_each_way("--strict", ["SITEROOT_STRICT=1"], ["[tool.siteroot]\nstrict = true"])
def test_strict(desk: Desk, tmp_path: Path, way: Way) -> None:
    pair = [build_wheel(tmp_path, name, "1.0", {"shared.py": name}) for name in ("one", "two")]
    project = make_project(tmp_path / "project", pair, settings=way.settings)
    done = way.sync(desk, project)
    assert done.code == 1
    assert "shared.py" in done.err
    assert not (project / "pkgs").exists()
    assert way.sync(desk, project, "--no-strict").code == 0


@in_each_way("--overwrite", ["SITEROOT_OVERWRITE=1"], ["[tool.siteroot]\noverwrite = true"])
def test_overwrite(desk: Desk, tmp_path: Path, wheels: dict[str, Path], way: Way) -> None:
    project = write_project(tmp_path / "project", wheels, way.settings)
    theirs = project / "pkgs" / "base.py"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    refused = way.sync(desk, project, "--no-overwrite")
    assert (refused.code, "base.py" in refused.err) == (1, True)
    assert way.sync(desk, project).code == 0
    assert "theirs" not in theirs.read_text()


@in_each_way(
    "--tolerate-record base",
    ["SITEROOT_TOLERATE_RECORD=base"],
    ['[tool.siteroot]\ntolerate-record = ["base"]'],
)
def test_tolerate_record(desk: Desk, tmp_path: Path, way: Way) -> None:
    wheel = build_wheel(tmp_path, "base", "1.0", record=record_row("base.py", b"other"))
    project = make_project(tmp_path / "project", [wheel], settings=way.settings)
    assert desk.sync(*HERE, "--target", "pkgs", "--no-config", cwd=project).code == 1
    done = way.sync(desk, project)
    assert (done.code, "warning:" in done.err) == (0, True)
    record = (project / "pkgs" / "base-1.0.dist-info" / "RECORD").read_text()
    assert record_row("base.py", (project / "pkgs" / "base.py").read_bytes()) in record


@in_each_way(
    "--require-hashes", ["UV_REQUIRE_HASHES=1"], ["[tool.siteroot]\nrequire-hashes = true"]
)
def test_require_hashes(desk: Desk, tmp_path: Path, wheels: dict[str, Path], way: Way) -> None:
    project = write_project(tmp_path / "project", wheels, way.settings)
    lock = project / "uv.lock"
    lock.write_text(lock.read_text().replace("hash =", "unknown ="))
    done = way.sync(desk, project)
    assert done.code == 2
    assert "base==1.0" in done.err
    lenient = way.sync(desk, project, "--no-require-hashes")
    assert (lenient.code, "warning:" in lenient.err) == (0, True)


@in_each_way("--pth off", ["SITEROOT_PTH=off"], ['[tool.siteroot]\npth = "off"'])
def test_pth(desk: Desk, tmp_path: Path, way: Way) -> None:
    wheel = build_wheel(tmp_path, "late", "1.0", {"late.pth": "inner\n", "inner/late.py": ""})
    project = make_project(tmp_path / "project", [wheel], settings=way.settings)
    assert way.sync(desk, project).code == 0
    assert not (project / "pkgs" / "sitecustomize.py").exists()
    flag = Way(words="--pth auto", variables=way.variables, settings=way.settings)
    assert flag.sync(desk, project).code == 0  # over a variable and a setting
    assert (project / "pkgs" / "sitecustomize.py").is_file()


def test_exact_and_inexact(desk: Desk, tmp_path: Path, wheels: dict[str, Path]) -> None:
    project, root = tmp_path / "project", tmp_path / "root"
    full = write_project(project, wheels)
    words = (*HERE, "--target", root, "--output-format", "json")
    desk.synced(*words, "--all-extras", cwd=full)
    desk.synced(*words, "--inexact", cwd=full)
    assert (root / "quick.py").exists()
    write_project(project, wheels, "[tool.siteroot]\nexact = false")
    desk.synced(*words, cwd=full)
    assert (root / "quick.py").exists()
    done = desk.synced(*words, "--exact", cwd=full)
    gone = [each["name"] for each in done.document["sync"]["changes"]]
    assert gone == ["quick", "slow"]
    assert not (root / "quick.py").exists()


@pytest.mark.parametrize(
    ("words", "settings", "names"),
    [
        ("--reinstall", "", NAMES),
        ("", "[tool.uv]\nreinstall = true", NAMES),
        ("--reinstall-package dep", "", {"dep"}),
        ("", '[tool.uv]\nreinstall-package = ["dep"]', {"dep"}),
        ("--no-reinstall", "[tool.uv]\nreinstall = true", set()),
    ],
)
def test_reinstall(
    desk: Desk,
    tmp_path: Path,
    wheels: dict[str, Path],
    words: str,
    settings: str,
    names: set[str],
) -> None:
    project = write_project(tmp_path / "project", wheels)
    root = tmp_path / "root"
    plain = (*HERE, "--target", root, "--output-format", "json", "--link-mode", "copy")
    desk.synced(*plain, cwd=project)
    fresh = snapshot(root)
    with (root / "dep.py").open("a") as stream:
        stream.write("# edited in place\n")
    write_project(project, wheels, settings)
    done = desk.synced(*plain, *words.split(), cwd=project)
    assert set(done.changes) == names
    if "dep" in names:
        assert snapshot(root) == fresh


@pytest.mark.parametrize("words", ["--refresh", "--refresh-package dep"])
def test_refresh(desk: Desk, project: Path, tmp_path: Path, words: str) -> None:
    """A stored wheel that the lock knows by a strong hash cannot be another one: nothing is fetched for nothing."""
    desk.synced(*HERE, "--target", tmp_path / "one", cwd=project)
    done = desk.synced(
        *HERE, "--target", tmp_path / "two", "--output-format", "json", *words.split(), cwd=project
    )
    assert installed(done) == NAMES
    assert desk.sync(*HERE, "--offline", *words.split(), cwd=project).code == 2


@in_each_way("--offline", ["UV_OFFLINE=1", "SITEROOT_OFFLINE=1"], ["[tool.uv]\noffline = true"])
def test_offline(desk: Desk, tmp_path: Path, wheels: dict[str, Path], way: Way) -> None:
    """Nothing is asked for; a dry run calls its plan partial; with the wheels in the cache all is well."""
    project = write_project(tmp_path / "project", wheels, way.settings)
    lock = project / "uv.lock"
    there = lock.read_text()
    lock.write_text(there.replace(wheels["dep"].parent.as_uri(), "https://files.test"))
    done = way.sync(desk, project)
    assert done.code == 1
    assert "base==1.0, dep==1.0, devtool==1.0 are not in the cache" in done.err
    assert "--offline" in done.err
    assert not (project / "pkgs").exists()
    dry = way.sync(desk, project, "--dry-run", "--output-format", "json")
    assert dry.code == 0
    assert dry.document["partial"] is True
    assert dry.document["unseen"] == ["base==1.0", "dep==1.0", "devtool==1.0"]
    local = tmp_path / "local"
    desk.synced(*HERE, "--target", local, cwd=write_project(tmp_path / "other", wheels))
    assert installed(way.sync(desk, project, "--output-format", "json")) == NAMES


@in_each_way(
    "--cache-dir kept",
    ["UV_CACHE_DIR=kept", "SITEROOT_CACHE_DIR=kept"],
    ['[tool.uv]\ncache-dir = "kept"'],
)
def test_cache_dir(desk: Desk, tmp_path: Path, wheels: dict[str, Path], way: Way) -> None:
    project = write_project(tmp_path / "project", wheels, way.settings)
    done = way.sync(desk, project, cache=False)
    assert done.code == 0, done.err
    assert any((project / "kept").iterdir())


@in_each_way("--no-cache", ["UV_NO_CACHE=1", "SITEROOT_NO_CACHE=1"], ["[tool.uv]\nno-cache = true"])
def test_no_cache(desk: Desk, tmp_path: Path, wheels: dict[str, Path], way: Way) -> None:
    project = write_project(tmp_path / "project", wheels, way.settings)
    assert way.sync(desk, project).code == 0
    assert list(desk.home.iterdir()) == []
    assert (project / "pkgs" / "base.py").stat().st_nlink == 1


# -- saying what would be done


def test_check_and_dry_run_change_nothing(desk: Desk, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    words = (*HERE, "--target", root)
    dry = desk.synced(*words, "--dry-run", cwd=project)
    assert desk.sync(*words, "--check", cwd=project).code == 1
    assert not root.exists()
    done = desk.synced(*words, cwd=project)
    assert _changes(done) == [" + base==1.0", " + dep==1.0", " + devtool==1.0"]
    assert _changes(dry) == _changes(done)
    before = snapshot(root)
    assert desk.sync(*words, "--check", cwd=project).code == 0
    assert "Would make no changes" in desk.synced(*words, "--dry-run", cwd=project).err
    outdated = desk.sync(*words, "--check", "--group", "lint", cwd=project)
    assert outdated.code == 1
    assert "outdated" in outdated.err
    assert snapshot(root) == before


def test_check_fetches_nothing_where_the_root_alone_tells(
    desk: Desk, project: Path, tmp_path: Path, wheels: dict[str, Path]
) -> None:
    """It has the lines of the dry run, which fetches."""
    root, lock = tmp_path / "root", project / "uv.lock"
    words = (*HERE, "--target", root, "--no-dev")
    near = lock.read_text()
    far = near.replace(wheels["dep"].parent.as_uri(), "https://files.test")
    for more, told in (
        ((), [" + base==1.0", " + dep==1.0"]),
        (("--extra", "fast"), [" ~ base==1.0", " + quick==1.0"]),
    ):
        lock.write_text(far)
        check = desk.sync(*words, *more, "--check", cwd=project)
        assert (check.code, "outdated" in check.err) == (1, True), check.err
        assert list((desk.home / "cache").rglob("*.py")) == []
        lock.write_text(near)
        dry = desk.synced(*words, *more, "--dry-run", cwd=project)
        assert [_changes(check), _changes(dry)] == [told, told]
        desk.synced(*words, cwd=project)
        (root / "base.py").unlink()
        desk.run("cache", "clean", "--cache-dir", desk.home / "cache", cwd=project)


def _changes(done: Done) -> list[str]:
    return [line for line in done.err.splitlines() if line.startswith(" ")]


@pytest.mark.uv
def test_uv_really_installs_the_same(desk: Desk, project: Path, tmp_path: Path) -> None:
    """`uv sync --frozen` into a venv of its own, and ours into a target root: the same distributions."""
    done = run_uv(str(project), sys.executable, "sync", "--frozen", "--all-extras", "-q")
    assert done.returncode == 0, done.stderr
    desk.synced(*HERE, "--target", tmp_path / "root", "--all-extras", cwd=project)
    (library,) = (project / "never-made" / "lib").glob("python*/site-packages")
    uvs = {path.name for path in library.glob("*.dist-info")}
    assert uvs == {path.name for path in (tmp_path / "root").glob("*.dist-info")}
    assert len(uvs) == len(NAMES) + 2


@pytest.mark.uv
def test_the_json_has_what_uvs_has(desk: Desk, project: Path, tmp_path: Path) -> None:
    words = ("sync", "--frozen", "--dry-run", "--output-format", "json", "-q")
    uvs = json.loads(run_uv(str(project), sys.executable, *words).stdout)
    target = (*HERE, "--target", tmp_path / "root", "--output-format", "json")
    ours = desk.synced(*target, "--dry-run", cwd=project).document
    assert _shape(uvs) <= _shape(ours)
    assert uvs["project"] == ours["project"]
    assert uvs["lock"]["path"] == ours["lock"]["path"]
    assert [each["name"] for each in uvs["sync"]["changes"]] == [
        each["name"] for each in ours["sync"]["changes"]
    ]
    assert (uvs["sync"]["action"], uvs["dry_run"]) == (ours["sync"]["action"], ours["dry_run"])


def _shape(value: object, at: str = "") -> set[str]:
    match value:
        case dict():
            return {path for key, each in value.items() for path in _shape(each, f"{at}.{key}")}
        case list():
            return {path for each in value for path in _shape(each, f"{at}[]")}
        case _:
            return {at}


def test_quiet(desk: Desk, project: Path, tmp_path: Path) -> None:
    words = (*HERE, "--target", tmp_path / "root", "--output-format", "json")
    quiet = desk.synced(*words, "-q", cwd=project)
    assert quiet.err == ""
    assert installed(quiet) == NAMES
    silent = desk.sync(*words, "-qq", cwd=project)
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    refused = desk.sync(*words, "-qq", "--extra", "none", cwd=project)
    assert (refused.code, refused.out, refused.err) == (2, "", "")


# -- settings, folders, words


def test_settings_files_in_their_order(desk: Desk, tmp_path: Path, wheels: dict[str, Path]) -> None:
    project = write_project(tmp_path / "project", wheels, "[tool.uv]\nno-binary = true")
    words = (*HERE, "--target", "pkgs", "--dry-run")
    assert desk.sync(*words, cwd=project).code == 2
    (project / "uv.toml").write_text("no-binary = false\n")
    hidden = desk.synced(*words, cwd=project)
    assert "uv.toml" in hidden.err  # it hides the table beside it, with a warning
    given = tmp_path / "given.toml"
    given.write_text("no-binary = true\n")
    assert desk.sync(*words, "--config-file", given, cwd=project).code == 2
    by_variable = {"UV_CONFIG_FILE": str(given)}
    assert desk.sync(*words, cwd=project, variables=by_variable).code == 2
    (project / "uv.toml").unlink()
    write_project(project, wheels)
    user = desk.home / ".config" / "uv" / "uv.toml"
    user.parent.mkdir(parents=True)
    user.write_text("no-binary = true\n")
    assert desk.sync(*words, cwd=project).code == 2
    write_project(project, wheels, "[tool.siteroot]\nno-binary = false")
    assert desk.sync(*words, cwd=project).code == 0


def test_project_and_directory(desk: Desk, project: Path, tmp_path: Path) -> None:
    desk.synced(*HERE, "--project", "project", "--target", "here", cwd=tmp_path)
    assert (tmp_path / "here" / "base.py").is_file()
    desk.synced(*HERE, "--directory", "project", "--target", "there", cwd=tmp_path)
    assert (project / "there" / "base.py").is_file()
    for name in ("UV_PROJECT", "UV_WORKING_DIR"):
        words = (*HERE, "--target", tmp_path / name)
        desk.synced(*words, cwd=tmp_path, variables={name: "project"})
        assert (tmp_path / name / "base.py").is_file()
    below = project / "src" / "deep"
    below.mkdir(parents=True)
    desk.synced(*HERE, cwd=below)
    assert (project / "__pypackages__").is_dir()


@pytest.mark.parametrize(
    "words",
    [
        "--allow-insecure-host 127.0.0.1", "--system-certs", "--no-progress", "--color never", "-v", "-vv",
        "--index https://index.test/simple", "--default-index https://index.test/simple", "--no-build-package base",
        "--keyring-provider disabled", "--no-managed-python",
    ],
)  # fmt: skip
def test_words_that_change_no_outcome(desk: Desk, project: Path, words: str) -> None:
    done = desk.sync(
        *HERE, "--target", "pkgs", "--output-format", "json", *words.split(), cwd=project
    )
    assert installed(done) == NAMES


def test_color(desk: Desk, project: Path) -> None:
    coloured = desk.synced(*HERE, "--target", "a", "--color", "always", cwd=project).err
    assert "\x1b[" in coloured
    assert "\x1b[" not in desk.synced(*HERE, "--target", "b", "--color", "never", cwd=project).err
