"""Commits out of real repositories: what is fetched when, what comes out, and what is refused."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from siteroot.vcs.git import Git, GitAbsentError, GitFailedError
from siteroot.vcs.repository import CommitAbsentError, MirrorOfflineError, Repository
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


def test_a_commit_that_is_in_the_mirror_needs_no_repository(tmp_path: Path, repo: Repo) -> None:
    commit = repo.commit({"a": "1"})
    repository(tmp_path, repo.url).bring(commit, None)
    repo.folder.rename(tmp_path / "gone")
    folder = checked_out(repository(tmp_path, repo.url, offline=True), commit, tmp_path / "out")
    assert (folder / "a").read_text() == "1"
    with pytest.raises(MirrorOfflineError, match="not in the cache"):
        repository(tmp_path, repo.url, offline=True).bring("0" * 40, None)
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


def test_submodules_come_along(tmp_path: Path, repo: Repo) -> None:
    inner = Repo(tmp_path / "inner")
    inner.commit({"deep": "!"})
    repo.git("submodule", "--quiet", "add", inner.url, "sub")
    commit = repo.commit({"a": "1"})
    folder = checked_out(repository(tmp_path, repo.url), commit, tmp_path / "out")
    assert (folder / "sub" / "deep").read_text() == "!"


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
    there = repository(tmp_path, repo.url)
    there.bring(commit, None)
    if Git(repo.url, VARIABLES).attempt("lfs", "version", cwd=str(tmp_path))[0] == 0:
        pytest.skip("git-lfs is installed here")
    with pytest.raises(GitFailedError, match="Git LFS, which is not installed"):
        there.check_out(commit, f"{tmp_path}/out", lfs=True)


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
