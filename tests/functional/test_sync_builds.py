"""`siteroot sync` of what has to be built, with backends that stand in the trees that they build."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.command import make_place
from support.desk import Desk, Done, make_desk
from support.repositories import VARIABLES, Repo
from support.sdists import BACKEND, source_files, write_sdist, write_tree
from support.source_projects import (
    Locked,
    inner_project,
    make_source_project,
    sdist_entry,
    wheel_entry,
)
from support.wheels import build_wheel


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


def run_python(code: str, cwd: Path, root: Path) -> str:
    """Return what a plain Python prints that has nothing but the root on PYTHONPATH."""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def places(desk: Desk) -> set[str]:
    """Return the names of what is unfinished in the cache."""
    work = desk.home / "cache" / "tmp-v1"
    return set(os.listdir(work)) if work.exists() else set()


def test_an_sdist_is_built_once_and_found_again(tmp_path: Path, desk: Desk) -> None:
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files())
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    done = desk.synced("--target", "pkgs", cwd=project)
    assert done.built == ["inner-app==1.0"]
    assert "Built inner-app==1.0" in done.err
    assert run_python("import inner; print(inner.X)", tmp_path, project / "pkgs") == "1"
    archive.unlink()
    again = desk.synced("--target", "other", cwd=project)
    assert again.built == []
    assert run_python("import inner; print(inner.X)", tmp_path, project / "other") == "1"
    assert places(desk) == set()


def test_a_root_that_has_it_needs_no_build_and_no_cache(tmp_path: Path, desk: Desk) -> None:
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files())
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    desk.synced("--target", "pkgs", cwd=project)
    archive.unlink()
    done = desk.sync("--target", "pkgs", "--no-cache", cwd=project, cache=False)
    assert done.code == 0, done.err
    assert done.built == []


def test_a_zip_and_a_subdirectory_of_a_url_are_built(tmp_path: Path, desk: Desk) -> None:
    files = {f"deep/{path}": text for path, text in source_files().items()}
    archive = write_sdist(tmp_path / "x.zip", files, top="whatever")
    entry = sdist_entry("inner-app", archive)
    entry = Locked(
        name=entry.name,
        source=f'url = "{archive.as_uri()}", subdirectory = "deep"',
        files=entry.files.replace(f'url = "{archive.as_uri()}", ', ""),
    )
    project = make_source_project(tmp_path / "app", [entry])
    desk.synced("--target", "pkgs", cwd=project)
    info = project / "pkgs" / "inner_app-1.0.dist-info" / "direct_url.json"
    assert json.loads(info.read_text())["subdirectory"] == "deep"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (source_files("other"), "PKG-INFO is of other 1.0, and inner-app 1.0 was asked for"),
        (source_files(version="2.0"), "PKG-INFO is of inner-app 2.0"),
        (
            source_files(version="2.0") | {"PKG-INFO": source_files()["PKG-INFO"]},
            "what its build backend made is another distribution's, inner_app-2.0-py3-none-any.whl",
        ),
        (
            source_files(backend=BACKEND.replace('wheel = f"{name}-', 'wheel = f"other-')),
            "inner-app==1.0: what its build backend made is another distribution's, other-1.0-py3-none-any.whl",
        ),
        ({"README": "nothing"}, "neither pyproject.toml nor setup.py"),
        (source_files(backend="raise SystemExit('no')"), "failed in `get_requires_for_build_wheel`"),
        (
            source_files() | {"pyproject.toml": "[build-system]\nrequires = ['maker>=2']\n"},
            " and the build of inner-app==1.0 asks for maker>=2, what is asked for cannot be had",
        ),
    ],
)  # fmt: skip
def test_a_build_that_fails_leaves_no_trace(
    tmp_path: Path, desk: Desk, files: Mapping[str, str], words: str
) -> None:
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", files)
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    variables = {"UV_DEFAULT_INDEX": tmp_path.as_uri()}  # an index without projects
    done = desk.sync("--target", "pkgs", cwd=project, variables=variables)
    assert done.code == 1
    assert words in done.err
    assert not (project / "pkgs").exists()
    assert not (desk.home / "cache" / "wheels-v1").exists()
    assert not (desk.home / "cache" / "built-v1").exists()
    assert places(desk) == set()


def test_a_hash_that_is_not_the_locks_is_refused_before_anything_runs(
    tmp_path: Path, desk: Desk
) -> None:
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files())
    entry = sdist_entry("inner-app", archive)
    write_sdist(archive, source_files(backend=f"open({str(tmp_path / 'ran')!r}, 'w')"))
    project = make_source_project(tmp_path / "app", [entry])
    assert desk.sync("--target", "pkgs", cwd=project).code == 1
    assert not (tmp_path / "ran").exists()


def test_the_commit_of_the_lock_is_built_with_its_subdirectory(tmp_path: Path, desk: Desk) -> None:
    repo = Repo(tmp_path / "upstream")
    commit = repo.commit({f"sub/{path}": text for path, text in source_files().items()})
    repo.commit({"sub/src/inner.py": "X = 2\n"})
    url = f"{repo.url}?subdirectory=sub&rev=main#{commit}"
    project = make_source_project(
        tmp_path / "app", [Locked(name="inner-app", source=f'git = "{url}"')]
    )
    variables = {name: value for name, value in VARIABLES.items() if name.startswith("GIT_")}
    done = desk.sync("--target", "pkgs", cwd=project, variables=variables)
    assert done.code == 0, done.err
    assert run_python("import inner; print(inner.X)", tmp_path, project / "pkgs") == "1"
    info = project / "pkgs" / "inner_app-1.0.dist-info" / "direct_url.json"
    assert json.loads(info.read_text()) == {
        "url": repo.url,
        "subdirectory": "sub",
        "vcs_info": {"vcs": "git", "commit_id": commit, "requested_revision": "main"},
    }
    repo.folder.rename(tmp_path / "gone")
    again = desk.synced("--target", "other", cwd=project)
    assert again.built == []


def test_a_wheel_and_an_archive_that_lie_in_a_repository(tmp_path: Path, desk: Desk) -> None:
    repo = Repo(tmp_path / "upstream")
    archive = write_sdist(repo.folder / "inner_app-1.0.tar.gz", source_files())
    wheel = build_wheel(repo.folder, "made", "1.0", {"made.py": "M = 1\n"})
    right = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (archive, wheel)]
    commit = repo.commit({})
    variables = {name: value for name, value in VARIABLES.items() if name.startswith("GIT_")}

    def synced(target: str, digests: list[str]) -> Done:
        rows = (
            ("inner-app", archive, 'sdist = {{ hash = "sha256:{}" }}\n'),
            ("made", wheel, 'wheels = [{{ filename = "made-1.0-py3-none-any.whl", hash = "sha256:{}" }}]\n'),
        )  # fmt: skip
        entries = [
            Locked(
                name=name,
                source=f'git = "{repo.url}?path={path.name}#{commit}"',
                files=files.format(digest),
            )
            for (name, path, files), digest in zip(rows, digests, strict=True)
        ]
        project = make_source_project(tmp_path / "app", entries)
        return desk.sync("--target", target, cwd=project, variables=variables)

    refused = synced("pkgs", ["0" * 64, right[1]])
    assert "inner_app-1.0.tar.gz has none of the sha256 digests that are allowed" in refused.err
    assert not (tmp_path / "app" / "pkgs").exists()
    assert synced("pkgs", right).code == 0
    run_python("import inner, made", tmp_path, tmp_path / "app" / "pkgs")
    info = tmp_path / "app" / "pkgs" / "made-1.0.dist-info" / "direct_url.json"
    assert json.loads(info.read_text())["path"] == "made-1.0-py3-none-any.whl"
    asked = f"git+{repo.url}#path={archive.name}"
    words = ("--target", "by-pip", "--cache-dir", desk.home / "cache", asked)
    assert desk.run("pip", "install", *words, cwd=tmp_path, variables=variables).code == 0
    run_python("import inner", tmp_path, tmp_path / "by-pip")
    repo.folder.rename(tmp_path / "gone")
    assert synced("other", right).built == []


def test_the_project_itself_is_an_editable_that_imports_from_pythonpath_alone(
    tmp_path: Path, desk: Desk
) -> None:
    project = inner_project(tmp_path / "app")
    done = desk.synced("--target", "pkgs", cwd=project)
    assert done.built == ["app==1.0"]
    code = "import inner; print(inner.X, inner.__file__)"
    assert run_python(code, tmp_path, project / "pkgs") == f"1 {project}/src/inner.py"
    write_tree(
        project, {"src/inner.py": "X = 22\n"}
    )  # of another size: its bytecode is of the same second
    assert run_python(code, tmp_path, project / "pkgs").startswith("22 ")
    info = project / "pkgs" / "app-1.0.dist-info" / "direct_url.json"
    assert json.loads(info.read_text()) == {
        "url": project.as_uri(),
        "dir_info": {"editable": True},
    }
    again = desk.synced("--target", "pkgs", cwd=project)
    assert again.built == []
    assert "installed" not in again.err.lower()


@pytest.mark.parametrize("words", [("--no-editable",), ("--no-editable-package", "app")])
def test_a_copy_of_the_project_follows_its_sources(
    tmp_path: Path, desk: Desk, words: tuple[str, ...]
) -> None:
    project = inner_project(tmp_path / "app")
    desk.synced("--target", "pkgs", *words, cwd=project)
    code = "import inner; print(inner.X, inner.__file__)"
    assert run_python(code, tmp_path, project / "pkgs") == f"1 {project}/pkgs/inner.py"
    assert not (project / "pkgs" / "app-1.0.dist-info" / "direct_url.json").exists()
    assert desk.synced("--target", "pkgs", *words, cwd=project).built == []
    write_tree(project, {"src/inner.py": "X = 2\n"})
    desk.synced("--target", "pkgs", *words, cwd=project)
    assert run_python(code, tmp_path, project / "pkgs").startswith("2 ")
    desk.synced("--target", "pkgs", cwd=project)  # and back to an editable
    assert run_python(code, tmp_path, project / "pkgs") == f"2 {project}/src/inner.py"


def test_reinstalling_builds_anew(tmp_path: Path, desk: Desk) -> None:
    project = inner_project(tmp_path / "app")
    desk.synced("--target", "pkgs", cwd=project)
    done = desk.synced("--target", "pkgs", "--reinstall-package", "app", cwd=project)
    assert done.built == ["app==1.0"]


def test_a_dynamic_version_is_what_the_build_says(tmp_path: Path, desk: Desk) -> None:
    project = make_source_project(
        tmp_path / "app",
        [Locked(name="inner-app", source='directory = "lib"', version=None)],
        files={f"lib/{path}": text for path, text in source_files(version="3.4").items()},
    )
    desk.synced("--target", "pkgs", cwd=project)
    assert (project / "pkgs" / "inner_app-3.4.dist-info").is_dir()


def is_dead(pid: str) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid.strip()}/stat").read_text()
    except OSError:
        return True


def test_an_interrupted_build_ends_its_processes_and_leaves_no_trace(tmp_path: Path) -> None:
    backend = BACKEND.replace(
        "    files = {}\n    for folder",
        "    import subprocess\n"
        f"    subprocess.run(['sh', '-c', f'echo $$ > {tmp_path}/pid; kill -INT {{os.getppid()}}; sleep 60'])\n"
        "    files = {}\n    for folder",
    )  # fmt: skip
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=backend))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    ran = make_place(tmp_path / "place").run(
        *("sync", "--frozen", "--target", "pkgs", "--cache-dir", str(tmp_path / "cache")),
        cwd=project,
    )
    assert ran.returncode == 130, ran.stderr
    assert is_dead((tmp_path / "pid").read_text())
    assert not (project / "pkgs").exists()
    assert os.listdir(tmp_path / "cache" / "tmp-v1") == []
    assert not (tmp_path / "cache" / "wheels-v1").exists()


#: A backend whose wheel says how it was called.
TELLING = BACKEND.replace(
    "    return _write(wheel_directory, files)\n",
    "    import json\n"
    "    said = [config_settings, os.environ.get('FLAG'), 'needed' in sys.modules]\n"
    "    files['inner.py'] = f'SAID = {json.dumps(json.dumps(said))}'.encode()\n"
    "    return _write(wheel_directory, files)\n",
)


def told(project: Path) -> object:
    """Return how the backend says that it was called."""
    return json.loads(run_python("import inner; print(inner.SAID)", project, project / "pkgs"))


def test_settings_and_variables_reach_the_backend_and_make_another_build(
    tmp_path: Path, desk: Desk
) -> None:
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=TELLING))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    desk.synced("--target", "pkgs", cwd=project)
    assert told(project) == [{}, None, False]
    words = ("-C", "a=1", "--config-settings-package", "inner-app:b=2", "--reinstall")
    desk.synced("--target", "pkgs", *words, cwd=project)
    assert told(project) == [{"a": "1", "b": "2"}, None, False]
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.uv.extra-build-variables]\ninner_app = { FLAG = "on" }\n')
    desk.synced("--target", "pkgs", "--reinstall", cwd=project)
    assert told(project) == [{}, "on", False]


def test_without_isolation_the_backend_sees_what_is_selected_and_not_what_it_asks_for(
    tmp_path: Path, desk: Desk
) -> None:
    needed = build_wheel(tmp_path, "needed", "1.0", {"needed.py": "N = 1\n"})
    backend = "import needed\n" + TELLING
    files = source_files(backend=backend)
    files["pyproject.toml"] = files["pyproject.toml"].replace(
        "requires = []", 'requires = ["absent"]'
    )
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", files)
    project = make_source_project(
        tmp_path / "app", [sdist_entry("inner-app", archive), wheel_entry(needed)]
    )
    assert desk.sync("--target", "pkgs", "--offline", cwd=project).code == 1
    desk.synced("--target", "pkgs", "--no-build-isolation-package", "Inner_App", cwd=project)
    assert told(project) == [{}, None, True]


def test_a_hook_that_takes_too_long_ends(tmp_path: Path, desk: Desk) -> None:
    backend = "import time\ntime.sleep(60)\n"
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=backend))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    done = desk.sync("--target", "pkgs", cwd=project, variables={"SITEROOT_BUILD_TIMEOUT": "1"})
    assert done.code == 1
    assert "did not end in time" in done.err


def test_a_build_leaves_the_systems_temporary_folder_as_it_is(tmp_path: Path) -> None:
    """In the build of an image it would become part of the layer: of the one where something is built, and no other."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    os.utime(temporary, (1, 1))
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files())
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    words = ("sync", "--frozen", "--target", "pkgs", "--cache-dir", str(tmp_path / "cache"))
    place = make_place(tmp_path / "place")
    done = place.run(*words, cwd=project, variables={"TMPDIR": str(temporary)})
    assert "Building inner-app==1.0" in done.stderr
    assert temporary.stat().st_mtime == 1


@pytest.mark.fast_calls  # it takes a process more to see that siteroot is gone
def test_what_a_killed_command_leaves_is_dead_and_in_nobodys_way(tmp_path: Path) -> None:
    backend = BACKEND.replace(
        "    files = {}\n    for folder",
        f"    if not os.path.exists({str(tmp_path / 'killed')!r}):\n"
        f"        open({str(tmp_path / 'killed')!r}, 'w').close()\n"
        "        import subprocess\n"
        "        inner = subprocess.Popen(['sleep', '60'])\n"
        f"        open({str(tmp_path / 'pid')!r}, 'w').write(str(inner.pid))\n"
        "        os.kill(os.getppid(), 9)\n"
        "        inner.wait()\n"
        "    files = {}\n    for folder",
    )
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=backend))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    place, cache = make_place(tmp_path / "place"), tmp_path / "cache"
    words = ("sync", "--frozen", "--target", "pkgs", "--cache-dir", str(cache))
    assert place.run(*words, cwd=project).returncode == -9
    until = time.monotonic() + 20
    while not is_dead((tmp_path / "pid").read_text()):  # the next build works in the same folder
        assert time.monotonic() < until, "what the killed command had started lives on"
        time.sleep(0.02)
    assert not (project / "pkgs").exists()
    assert not (cache / "wheels-v1").exists()
    assert place.run(*words, cwd=project).returncode == 0
    assert place.run("cache", "prune", "--cache-dir", str(cache), cwd=project).returncode == 0
    assert os.listdir(cache / "tmp-v1") == []
    assert run_python("import inner; print(inner.X)", tmp_path, project / "pkgs") == "1"


def test_a_pylock_builds_an_archive_a_folder_and_a_commit_that_have_no_version(
    tmp_path: Path, desk: Desk
) -> None:
    archive = write_sdist(tmp_path / "one-1.0.tar.gz", source_files("one", modules={"one.py": ""}))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    folder = write_tree(tmp_path / "alone" / "two", source_files("two", modules={"two.py": ""}))
    repo = Repo(tmp_path / "upstream")
    commit = repo.commit(source_files("three", modules={"three.py": ""}))
    lock = f"""
lock-version = "1.0"
created-by = "hand"
[[packages]]
name = "one"
archive = {{ url = "{archive.as_uri()}", hashes = {{ sha256 = "{digest}" }} }}
[[packages]]
name = "two"
directory = {{ path = "two", editable = true }}
[[packages]]
name = "three"
vcs = {{ type = "git", url = "{repo.url}", commit-id = "{commit}" }}
"""
    (folder.parent / "pylock.toml").write_text(lock)
    variables = {name: value for name, value in VARIABLES.items() if name.startswith("GIT_")}
    for _ in range(2):
        done = desk.sync("--target", "pkgs", cwd=folder.parent, variables=variables)
        assert done.code == 0, done.err
    root = folder.parent / "pkgs"
    run_python("import one, two, three", tmp_path, root)
    told_urls = {
        path.parent.name.partition("-")[0]: json.loads(path.read_text())
        for path in root.glob("*/direct_url.json")
    }
    assert told_urls["one"] == {
        "url": archive.as_uri(),
        "archive_info": {"hashes": {"sha256": digest}},
    }
    assert told_urls["two"]["dir_info"] == {"editable": True}
    assert told_urls["three"]["vcs_info"]["commit_id"] == commit


def test_what_says_where_it_was_built_says_the_same_each_time(tmp_path: Path, desk: Desk) -> None:
    backend = BACKEND.replace(
        "    return _write(wheel_directory, files)\n",
        "    files['where.py'] = f'{os.getcwd()} {sys.executable}'.encode()\n"
        "    return _write(wheel_directory, files)\n",
    )
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=backend))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    made = []
    for _ in range(2):
        desk.synced("--target", "pkgs", cwd=project)
        made.append((project / "pkgs" / "where.py").read_bytes())
        shutil.rmtree(desk.home / "cache")
        shutil.rmtree(project / "pkgs")
    assert made[0] == made[1]


def test_what_a_build_needs_is_resolved_within_the_projects_constraints(
    tmp_path: Path, desk: Desk
) -> None:
    index = tmp_path / "index"
    index.mkdir()
    for version in ("1.0", "2.0"):
        backend = BACKEND.replace(
            "    return _write(wheel_directory, files)\n",
            f"    files['by.py'] = b'V = {version}'\n    return _write(wheel_directory, files)\n",
        )
        build_wheel(index, "my-backend", version, {"my_backend.py": backend})
    files = source_files()
    files["pyproject.toml"] = (
        '[build-system]\nrequires = ["my-backend"]\nbuild-backend = "my_backend"\n'
        '[project]\nname = "inner-app"\nversion = "1.0"\n'
    )
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", files)
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    flat_index(project, index)
    desk.synced("--target", "pkgs", cwd=project)
    assert run_python("import by; print(by.V)", tmp_path, project / "pkgs") == "2.0"
    with (project / "pyproject.toml").open("a") as file:
        file.write("[tool.uv]\nbuild-constraint-dependencies = ['my-backend<2']\n")
    desk.synced("--target", "pkgs", "--reinstall", cwd=project)
    assert run_python("import by; print(by.V)", tmp_path, project / "pkgs") == "1.0"


def flat_index(project: Path, folder: Path) -> None:
    """Let a project have this folder for its only index."""
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[[tool.uv.index]]\nurl = "{folder}"\nformat = "flat"\ndefault = true\n')


def test_what_takes_itself_to_be_built_is_refused(tmp_path: Path, desk: Desk) -> None:
    for name, needs in (("one", "two"), ("two", "one")):
        files = source_files(name, modules={f"{name}.py": ""})
        files["pyproject.toml"] = files["pyproject.toml"].replace(
            "requires = []", f'requires = ["{needs}"]'
        )
        write_sdist(tmp_path / f"{name}-1.0.tar.gz", files)
    entry = sdist_entry("one", tmp_path / "one-1.0.tar.gz")
    project = make_source_project(tmp_path / "app", [entry])
    flat_index(project, tmp_path)
    done = desk.sync("--target", "pkgs", cwd=project)
    assert done.code == 1
    assert "takes one itself: one needs two needs one" in done.err
    assert places(desk) == set()


def test_what_a_build_needs_may_have_to_be_built_itself(tmp_path: Path, desk: Desk) -> None:
    inner = write_sdist(
        tmp_path / "needed-1.0.tar.gz", source_files("needed", modules={"needed.py": "N = 1\n"})
    )
    assert inner.exists()
    files = source_files(backend="import needed\n" + BACKEND)
    files["pyproject.toml"] = files["pyproject.toml"].replace(
        "requires = []", 'requires = ["needed"]'
    )
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", files)
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    flat_index(project, tmp_path)
    done = desk.synced("--target", "pkgs", cwd=project)
    assert set(done.built) == {"inner-app==1.0", "needed==1.0"}
    assert not (project / "pkgs" / "needed.py").exists()


def test_a_wheel_that_does_not_fit_the_target_is_not_installed(tmp_path: Path, desk: Desk) -> None:
    backend = BACKEND.replace("py3-none-any", "cp27-none-win32")
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files(backend=backend))
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    done = desk.sync("--target", "pkgs", cwd=project)
    assert done.code == 1
    assert "inner_app-1.0-cp27-none-win32.whl, does not fit the target" in done.err
    assert not (desk.home / "cache" / "wheels-v1").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--python-platform x86_64-manylinux2014", "platform"),
        ("--python-version 3.99", "Python"),
    ],
)
def test_why_no_wheel_fits_a_target_that_is_not_here_is_told_before_its_source(
    tmp_path: Path, desk: Desk, words: str, why: str
) -> None:
    """What has wheels for systems would be built for this one; what has none may be pure, and is built."""
    archive = write_sdist(tmp_path / "inner_app-1.0.tar.gz", source_files())
    project = make_source_project(tmp_path / "app", [sdist_entry("inner-app", archive)])
    minor = f"3{sys.version_info.minor}"
    wheel = f"inner_app-1.0-cp{minor}-cp{minor}-manylinux_2_30_x86_64.whl"
    lock = project / "uv.lock"
    plain = lock.read_text()
    entry = f'wheels = [{{ url = "https://files.test/{wheel}", hash = "sha256:{"0" * 64}" }}]'
    lock.write_text(plain.replace("sdist = ", f"{entry}\nsdist = "))
    done = desk.sync("--target", "pkgs", *words.split(), cwd=project)
    assert (done.code, done.built) == (1, [])
    assert f"{wheel}: it is for another {why}" in done.err
    if why == "platform":
        assert "--python-platform x86_64-manylinux_2_31" in done.err
        wanted = ("--target", "pkgs", *words.split())
        desk.synced(*wanted, "--no-binary-package", "inner-app", cwd=project)
        lock.write_text(plain)
        desk.synced(*wanted, cwd=project)
