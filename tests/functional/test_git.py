"""Commits out of real repositories: what is fetched when, what comes out, and what is refused."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from siteroot.vcs.git import Git, GitAbsentError, GitFailedError
from siteroot.vcs.repository import (
    CommitAbsentError,
    LfsAbsentError,
    MirrorDamagedError,
    MirrorOfflineError,
    Repository,
)
from support.repositories import VARIABLES, Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "upstream")


def repository(tmp_path: Path, url: str, *, offline: bool = False) -> Repository:
    return Repository(Git(url, VARIABLES), f"{tmp_path}/mirror", offline=offline)


def checked_out(there: Repository, commit: str, folder: Path) -> Path:
    there.bring(commit, None)
    there.check_out(commit, str(folder), lfs=False)
    return folder


def test_branches_tags_and_commits_are_found_and_checked_out(tmp_path: Path, repo: Repo) -> None:
    first = repo.commit({"a": "1"})
    repo.git("tag", "--annotate", "--message", "x", "v1")
    second = repo.commit({"a": "2"})
    repo.git("branch", "side")
    third = repo.commit({"a": "3"})
    there = repository(tmp_path, repo.url)
    assert [there.resolve(word) for word in ("v1", "side", "main", first[:9], None)] == [
        first, second, third, first, third,
    ]  # fmt: skip
    folder = checked_out(there, first, tmp_path / "out")
    assert (folder / "a").read_text() == "1"
    assert (folder / "a").stat().st_mode & 0o777 == 0o644
    with pytest.raises(CommitAbsentError, match="has no branch, tag or commit 'v2'"):
        there.resolve("v2")


@pytest.mark.parametrize("word", ["HEAD", "@", None])
def test_the_default_branch_is_the_repositorys_not_the_mirrors(
    tmp_path: Path, repo: Repo, word: str | None
) -> None:
    repo.commit({"a": "1"})
    repo.git("branch", "master")
    newest = repo.commit({"a": "2"})
    assert repository(tmp_path, repo.url).resolve(word) == newest


def test_branches_and_tags_that_are_gone_are_gone(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1"})
    repo.git("branch", "feature")
    repo.git("tag", "v1")
    there = repository(tmp_path, repo.url)
    assert [there.resolve("feature"), there.resolve("v1")] == [commit, commit]
    repo.git("branch", "--delete", "feature")
    repo.git("tag", "--delete", "v1")
    repo.git("branch", "feature/one")  # its file would lie below that of the other
    assert there.resolve("feature/one") == commit
    for word in ("feature", "v1"):
        with pytest.raises(CommitAbsentError, match=f"has no branch, tag or commit '{word}'"):
            there.resolve(word)


def _without_empty_folders(mirror: Path) -> None:
    """Lose what caches that keep files alone lose."""
    Git("", VARIABLES).run("pack-refs", "--all", cwd=str(mirror))
    shutil.rmtree(mirror / "refs")


def _empty_head(mirror: Path) -> None:
    (mirror / "HEAD").write_bytes(b"")


def _lost_objects(mirror: Path) -> None:
    shutil.rmtree(mirror / "objects")
    (mirror / "objects").mkdir()


def _empty_objects(mirror: Path) -> None:
    for path in (mirror / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"")


def _broken_ref(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main").write_bytes(b"")


def _locked(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main.lock").write_bytes(b"")
    (mirror / "packed-refs.lock").write_bytes(b"")


DAMAGES = [
    _without_empty_folders,
    _empty_head,
    _lost_objects,
    _empty_objects,
    _broken_ref,
    _locked,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_mirror_is_made_anew_and_no_repository_above_it_is_touched(
    tmp_path: Path, repo: Repo, damage: Callable[[Path], None]
) -> None:
    own = Repo(tmp_path / "own")
    own.commit({"work": "of years"})
    own.git("checkout", "--quiet", "-b", "other")
    before = own.git("for-each-ref"), own.git("config", "--list", "--local")
    first = repo.commit({"a": "1"})
    there = Repository(Git(repo.url, VARIABLES), f"{own.folder}/cache/mirror", offline=False)
    assert there.resolve("main") == first
    damage(own.folder / "cache" / "mirror")
    second = repo.commit({"a": "2"})
    assert there.resolve("main") == second
    damage(own.folder / "cache" / "mirror")
    assert (checked_out(there, second, tmp_path / "out") / "a").read_text() == "2"
    assert (own.git("for-each-ref"), own.git("config", "--list", "--local")) == before


def test_a_damaged_mirror_is_told_where_nothing_may_be_fetched(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1", "b": "2"})
    repository(tmp_path, repo.url).bring(commit, None)
    blob = repo.git("rev-parse", f"{commit}:b")
    (tmp_path / "mirror" / "objects" / blob[:2] / blob[2:]).unlink()
    there = repository(tmp_path, repo.url, offline=True)
    with pytest.raises(MirrorDamagedError, match=r"in the cache is damaged \(.*/mirror") as caught:
        checked_out(there, commit, tmp_path / "out")
    assert caught.value.hints == ("Without --offline it is fetched anew.",)
    assert (checked_out(repository(tmp_path, repo.url), commit, tmp_path / "new") / "b").exists()


def test_a_commit_that_is_in_the_mirror_needs_no_repository(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1"})
    repository(tmp_path, repo.url).bring(commit, None)
    repo.folder.rename(tmp_path / "gone")
    folder = checked_out(repository(tmp_path, repo.url, offline=True), commit, tmp_path / "out")
    assert (folder / "a").read_text() == "1"
    with pytest.raises(MirrorOfflineError, match="not in the cache"):
        repository(tmp_path, repo.url, offline=True).bring("0" * 40, None)
    for word, told in (
        ("side", "'side'"),
        ("f" * 40, f"'{'f' * 40}'"),
        (None, "its default branch"),
    ):
        with pytest.raises(MirrorOfflineError, match=f"{told} is not in the cache, and --offline"):
            Repository(Git(repo.url, VARIABLES), f"{tmp_path}/none", offline=True).resolve(word)
    with pytest.raises(GitFailedError, match=r"does not appear to be a git repository|not found"):
        repository(tmp_path, repo.url).bring("0" * 40, None)


def test_a_commit_of_no_branch_is_fetched_by_itself(tmp_path: Path, repo: Repo) -> None:
    repo.commit({"a": "1"})
    lost = repo.commit({"a": "2"})
    repo.git("update-ref", "refs/pull/7/head", lost)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    there = repository(tmp_path, repo.url)
    there.bring(lost, "refs/pull/7/head")
    assert (checked_out(there, lost, tmp_path / "out") / "a").read_text() == "2"


@pytest.fixture
def nested(tmp_path: Path, repo: Repo) -> str:
    """Return a commit with a submodule, by a relative URL, that has one itself."""
    inmost, inner = Repo(tmp_path / "inmost"), Repo(tmp_path / "inner")
    inmost.commit({"deepest": "?"})
    inner.git("submodule", "--quiet", "add", inmost.url, "more of it")
    inner.commit({"deep": "!"})
    repo.git("submodule", "--quiet", "add", "--name", "a.b c", "../inner", "libs/sub")
    repo.git("submodule", "--quiet", "add", inner.url, "unwanted")
    repo.git("config", "--file", ".gitmodules", "submodule.unwanted.update", "none")
    commit = repo.commit({"a": "1"})
    inner.commit({"deep": "later"})
    return commit


def test_submodules_come_along_at_their_commits(tmp_path: Path, repo: Repo, nested: str) -> None:
    folder = checked_out(repository(tmp_path, repo.url), nested, tmp_path / "out")
    assert (folder / "libs" / "sub" / "deep").read_text() == "!"
    assert (folder / "libs" / "sub" / "more of it" / "deepest").read_text() == "?"
    assert list((folder / "unwanted").iterdir()) == []
    git = Git(repo.url, VARIABLES)
    assert git.run("status", "--porcelain", cwd=str(folder)) == ""


def test_submodules_that_were_fetched_once_need_no_network(
    tmp_path: Path, repo: Repo, nested: str
) -> None:
    checked_out(repository(tmp_path, repo.url), nested, tmp_path / "out")
    for name in ("upstream", "inner", "inmost"):
        (tmp_path / name).rename(tmp_path / f"{name} is gone")
    there = repository(tmp_path, repo.url, offline=True)
    folder = checked_out(there, nested, tmp_path / "again")
    assert (folder / "libs" / "sub" / "more of it" / "deepest").read_text() == "?"
    shutil.rmtree(tmp_path / "mirror" / "modules")
    with pytest.raises(MirrorOfflineError, match=r"inner: the commit .* is not in the cache"):
        checked_out(there, nested, tmp_path / "third")


def test_a_repository_leads_to_no_other_on_this_machine(
    tmp_path: Path, repo: Repo, nested: str
) -> None:
    """As git has it since CVE-2022-39253: file: is for URLs that people give."""
    variables = VARIABLES | {"GIT_CONFIG_COUNT": "0"}
    there = Repository(Git(repo.url, variables), f"{tmp_path}/mirror", offline=False)
    with pytest.raises(GitFailedError, match="transport 'file' not allowed"):
        checked_out(there, nested, tmp_path / "out")


def test_a_submodule_without_a_url_is_told(tmp_path: Path, repo: Repo, nested: str) -> None:
    repo.git("rm", "--quiet", "--cached", ".gitmodules")
    (repo.folder / ".gitmodules").unlink()
    there = repository(tmp_path, repo.url)
    with pytest.raises(GitFailedError, match=r"(?i)no url found for submodule path"):
        checked_out(there, repo.commit({"a": "2"}), tmp_path / "out")


def test_versions_can_be_told_from_tags_in_a_checkout(tmp_path: Path, repo: Repo) -> None:
    repo.commit({"a": "1"})
    repo.git("tag", "v1.2")
    commit = repo.commit({"a": "2"})
    folder = checked_out(repository(tmp_path, repo.url), commit, tmp_path / "out")
    told = Git(repo.url, VARIABLES).run("describe", "--tags", "--long", "--dirty", cwd=str(folder))
    assert told.startswith("v1.2-1-g")
    assert "dirty" not in told


@pytest.mark.parametrize(
    "commit", ["main", "--upload-pack=touch /x", "abc123", "0" * 39 + "g", "0" * 40]
)
def test_what_is_no_commit_of_the_repository_is_refused(
    tmp_path: Path, repo: Repo, commit: str
) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(CommitAbsentError):
        repository(tmp_path, repo.url).bring(commit, None)


@pytest.mark.parametrize("word", ["--exec=x", "a b", "a..b", "HEAD~1", "ma*n"])
def test_a_word_that_git_would_take_otherwise_is_refused(
    tmp_path: Path, repo: Repo, word: str
) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(CommitAbsentError):
        repository(tmp_path, repo.url).resolve(word)


def test_another_repository_that_a_hook_names_is_not_touched(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1"})
    other = Repo(tmp_path / "other")
    variables = VARIABLES | {"GIT_DIR": f"{other.folder}/.git", "GIT_WORK_TREE": str(other.folder)}
    there = Repository(Git(repo.url, variables), f"{tmp_path}/mirror", offline=False)
    checked_out(there, commit, tmp_path / "out")
    assert os.listdir(other.folder) == [".git"]


def test_without_git_it_says_so(tmp_path: Path) -> None:
    git = Git("https://h.example/r", VARIABLES | {"PATH": str(tmp_path)})
    with pytest.raises(GitAbsentError, match="no git command on PATH"):
        Repository(git, f"{tmp_path}/m", offline=False).bring("0" * 40, None)


def test_lfs_is_asked_for_only_where_it_is_installed(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1"})
    programs = tmp_path / "programs"  # git alone, whatever else is here
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "")
    git = Git(repo.url, VARIABLES | {"PATH": str(programs)})
    there = Repository(git, f"{tmp_path}/mirror", offline=False)
    there.bring(commit, None)
    with pytest.raises(GitFailedError, match="Git LFS, which is not installed"):
        there.check_out(commit, f"{tmp_path}/out", lfs=True)


@pytest.fixture
def large(tmp_path: Path, repo: Repo) -> str:
    """Return a commit with a file of Git LFS, which nobody installed for all repositories."""
    if Git(repo.url, VARIABLES).attempt("lfs", "version", cwd=str(tmp_path))[0]:
        pytest.skip("there is no git-lfs on PATH")
    repo.git("lfs", "install", "--local")
    repo.git("lfs", "track", "*.bin")
    return repo.commit({"large.bin": "large", "a": "1"})


def with_lfs(there: Repository, commit: str, folder: Path) -> Path:
    there.bring(commit, None)
    there.check_out(commit, str(folder), lfs=True)
    return folder


def test_files_of_lfs_stand_in_the_place_of_their_pointers(
    tmp_path: Path, repo: Repo, large: str
) -> None:
    there = repository(tmp_path, repo.url)
    assert "oid sha256:" in (checked_out(there, large, tmp_path / "out") / "large.bin").read_text()
    assert (with_lfs(there, large, tmp_path / "lfs") / "large.bin").read_text() == "large"
    repo.folder.rename(tmp_path / "gone")
    for offline in (True, False):
        there = repository(tmp_path, repo.url, offline=offline)
        folder = with_lfs(there, large, tmp_path / f"again {offline}")
        assert (folder / "large.bin").read_text() == "large"


def test_a_file_that_lfs_lacks_is_told(tmp_path: Path, repo: Repo, large: str) -> None:
    shutil.rmtree(repo.folder / ".git" / "lfs" / "objects")
    there = repository(tmp_path, repo.url)
    with pytest.raises(GitFailedError, match="git lfs failed"):
        with_lfs(there, large, tmp_path / "out")
    there = repository(tmp_path, repo.url, offline=True)
    with pytest.raises(
        LfsAbsentError, match=r"does not have large\.bin: --offline fetches nothing"
    ):
        with_lfs(there, large, tmp_path / "again")


def test_files_of_lfs_in_submodules(tmp_path: Path, repo: Repo, large: str) -> None:
    outer = Repo(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", repo.url, "sub")
    commit = outer.commit({"a": "1"})
    folder = with_lfs(repository(tmp_path, outer.url), commit, tmp_path / "out")
    assert (folder / "sub" / "large.bin").read_text() == "large"


@contextmanager
def refusing_server() -> Iterator[tuple[int, list[str | None]]]:
    """Give the port of a server that wants a password, and the ones that it was told."""
    told: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_password_reaches_the_server_and_nothing_else_and_nobody_is_asked(tmp_path: Path) -> None:
    with refusing_server() as (port, told):
        there = repository(tmp_path, f"http://me:hunter2@127.0.0.1:{port}/r.git")
        with pytest.raises(GitFailedError) as caught:
            there.bring("0" * 40, None)
    assert "Basic bWU6aHVudGVyMg==" in told
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith(f"http://127.0.0.1:{port}/r.git: git fetch failed: ")
    assert b"hunter2" not in b"".join(
        path.read_bytes() for path in (tmp_path / "mirror").rglob("*") if path.is_file()
    )
