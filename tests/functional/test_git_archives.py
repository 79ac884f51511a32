"""Wheels and sdists that lie inside a repository: `git+URL#path=…`, and uv.lock's `?path=…`."""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.desk import Desk, make_desk
from support.repositories import Repo
from support.sdists import source_files, write_sdist
from support.source_projects import Locked, make_source_project
from support.wheel_index import make_wheel

HERE = ("--python", sys.executable)


@dataclass(frozen=True)
class Place:
    """A repository with a wheel and an sdist below `dist`, at one commit."""

    folder: Path
    repo: Repo
    commit: str
    sha256: str
    desk: Desk

    def pip(self, *words: str) -> tuple[int, str, str]:
        """Run a command of `siteroot pip` on the root `pkgs`; return its code and what it wrote."""
        said = (*words, "--target", "pkgs", "--cache-dir", str(self.desk.home / "cache"))
        done = self.desk.run("pip", *said, *HERE, cwd=self.folder)
        return done.code, done.out, done.err


@pytest.fixture
def place(tmp_path: Path) -> Place:
    repo = Repo(tmp_path / "repo")
    dist = repo.folder / "dist"
    dist.mkdir()
    wheel = make_wheel(dist, "lib", "1.0")
    write_sdist(dist / "inner-2.0.tar.gz", source_files("inner", "2.0"))
    commit = repo.commit({"readme.txt": "no project here\n"})
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Place(tmp_path, repo, commit, sha256, make_desk(tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "path", "named"),
    [
        ("lib==1.0", "dist/lib-1.0-py3-none-any.whl", "lib @ "),
        ("lib==1.0", "dist/lib-1.0-py3-none-any.whl", ""),
        ("inner==2.0", "dist/inner-2.0.tar.gz", "inner @ "),
    ],
)
def test_an_archive_in_a_repository_is_installed_and_known_again(
    place: Place, name: str, path: str, named: str
) -> None:
    asked = f"{named}git+{place.repo.url}#path={path}"
    whole = f"git+{place.repo.url}@{place.commit}#path={path}"
    code, _, err = place.pip("install", asked)
    assert code == 0, err
    assert err.splitlines()[-1] == f" + {name} (from {whole})"
    assert place.pip("install", asked)[2].splitlines()[-1].startswith("Checked 1 package")
    assert place.pip("freeze")[1] == f"{name.partition('=')[0]} @ {whole}\n"
    info = place.folder / "pkgs" / f"{name.replace('==', '-')}.dist-info" / "direct_url.json"
    told = json.loads(info.read_bytes())
    assert (told["path"], told["vcs_info"]["commit_id"]) == (path, place.commit)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("dist/none-1.0.tar.gz", "has no file 'dist/none-1.0.tar.gz'"),
        ("../repo/dist/lib-1.0-py3-none-any.whl", "has no file '../repo/dist/"),
        ("dist", "`path=dist` ends as no wheel or archive does"),
    ],
)
def test_what_is_no_archive_of_the_repository_is_refused(
    place: Place, path: str, message: str
) -> None:
    code, _, err = place.pip("install", f"git+{place.repo.url}#path={path}")
    assert code in (1, 2)
    assert message in err
    assert not (place.folder / "pkgs").exists()


def test_it_is_compiled_to_requirements_and_to_no_pylock(place: Place) -> None:
    asked = f"git+{place.repo.url}#path=dist/lib-1.0-py3-none-any.whl"
    (place.folder / "r.in").write_text(f"lib @ {asked}\n")
    words = ("pip", "compile", "r.in", "--no-header", "--no-annotate", *HERE)
    whole = asked.replace("#", f"@{place.commit}#")
    assert place.desk.run(*words, cwd=place.folder).out == f"lib @ {whole}\n"
    done = place.desk.run(*words, "--format", "pylock.toml", cwd=place.folder)
    assert (done.code, done.out) == (2, "")
    assert "has no words for an archive inside a repository, which lib is" in done.err


def test_a_lock_names_one_by_its_hash(place: Place) -> None:
    path = "dist/lib-1.0-py3-none-any.whl"
    source = f'git = "{place.repo.url}?path={path}#{place.commit}"'

    def lock(sha256: str) -> Path:
        wheel = f'wheels = [{{ filename = "lib-1.0-py3-none-any.whl", hash = "sha256:{sha256}" }}]'
        folder = place.folder / sha256[:8]
        return make_source_project(folder, [Locked(name="lib", source=source, files=f"{wheel}\n")])

    right, wrong = lock(place.sha256), lock("0" * 64)
    done = place.desk.sync("--target", "pkgs", "--no-install-project", *HERE, cwd=right)
    assert done.code == 0, done.err
    assert (right / "pkgs" / "lib.py").exists()
    done = place.desk.sync("--target", "pkgs", "--no-install-project", *HERE, cwd=wrong)
    assert done.code == 1
    assert "lib-1.0-py3-none-any.whl has none of the sha256 digests that are allowed" in done.err
    assert not (wrong / "pkgs").exists()
