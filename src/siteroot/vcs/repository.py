"""A repository's mirror in the cache, and checkouts of its commits.

The mirror is bare, has the branches and tags of its repository (versions are taken from them), and is fetched into only
where a commit is asked for that it lacks. One that is damaged is fetched anew. It holds the mirrors of submodules, and files of Git LFS, too: what was once checked out is checked
out again without a network. Who fetches holds a lock, which is the caller's business.
"""

import hashlib
import os
import re

from siteroot import fs

from .git import Git, GitFailedError
from .submodules import list_submodules

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/siteroot/HEAD")


#: What git says of a mirror: whether each branch and tag leads somewhere, and whether all is there that a commit holds.
_CHECK_REFS = ("fsck", "--connectivity-only", "--no-dangling")
_CHECK_CONTENT = ("rev-list", "--quiet", "--objects", "--verify-objects", "--no-walk")


class CommitAbsentError(GitFailedError):
    """A repository does not have the commit, branch or tag that was asked for."""


class LfsAbsentError(GitFailedError):
    """A commit is to be checked out with files of Git LFS, and they, or Git LFS itself, are not there."""


class MirrorDamagedError(GitFailedError):
    """A mirror in the cache is no whole repository, and nothing may be fetched."""


class MirrorOfflineError(GitFailedError):
    """A commit would have to be fetched, and nothing may be."""


class Repository:
    """One repository. `mirror` is where its mirror lies, or will."""

    def __init__(self, git: Git, mirror: str, *, offline: bool) -> None:
        self._git = git
        self._mirror = mirror
        self._offline = offline

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self._git.shown

    def resolve(self, requested: str | None) -> str:
        """Return the commit that a branch, tag or (short) commit is now, the default branch's for None.

        Fetches first, unless it is a whole commit, which becomes no other, that the mirror has.
        """
        if requested in ("HEAD", "@"):  # the mirror's own is another one
            requested = None
        if requested is not None:
            self._check_word(requested)
            if _COMMIT.fullmatch(requested) and self._find(requested) == requested:
                return requested
        if not self._offline:
            self._renew()
        names = [f"refs/tags/{requested}", f"refs/heads/{requested}", f"{requested}"]
        for name in ["refs/siteroot/HEAD"] if requested is None else names:
            if commit := self._find(name):
                return commit
        if self._offline:
            raise self._absent_offline(
                "its default branch" if requested is None else repr(requested[:80])
            )
        if requested is not None and self._fetch_one(requested):
            return self._find(f"refs/siteroot/{requested}") or requested
        raise CommitAbsentError(
            f"has no branch, tag or commit {(requested or 'HEAD')[:80]!r}", where=self._git.shown
        )

    def bring(self, commit: str, requested: str | None) -> None:
        """Have a commit in the mirror. Raises CommitAbsentError, MirrorOfflineError, GitFailedError."""
        if not _COMMIT.fullmatch(commit):
            raise CommitAbsentError(
                f"the lock names no commit: {commit[:80]!r}", where=self._git.shown
            )
        if self._find(commit) == commit:
            return
        if self._offline:
            raise self._absent_offline(f"the commit {commit}")
        self._renew()
        if self._find(commit) == commit:
            return
        # of a pull request, or of a branch that was moved since
        for word in (commit, *([requested] if requested and requested.startswith("refs/") else [])):
            self._check_word(word)
            if self._fetch_one(word) and self._find(commit) == commit:
                return
        raise CommitAbsentError(
            f"does not have the commit {commit}, which is wanted of it", where=self._git.shown
        )

    def check_out(self, commit: str, folder: str, *, lfs: bool) -> None:
        """Make a folder that holds the tree of a commit that the mirror has, with its submodules.

        Raises LfsAbsentError, CommitAbsentError, MirrorOfflineError, GitFailedError.
        """
        git = self._git
        if lfs and git.attempt("lfs", "version", cwd=self._mirror)[0]:
            raise LfsAbsentError(
                "is to be checked out with Git LFS, which is not installed", where=git.shown
            )
        try:
            self._clone(commit, folder)
        except GitFailedError as error:
            self._replace_damaged(error, _CHECK_REFS, (*_CHECK_CONTENT, commit))
            fs.remove_tree(folder)
            self.bring(commit, None)
            self._clone(commit, folder)
        if lfs:
            self._bring_lfs(folder)
        for each in list_submodules(git, folder):
            key = hashlib.sha256(each.url.encode()).hexdigest()
            inner = Repository(
                git.of_submodule(each.url), f"{self._mirror}/modules/{key}", offline=self._offline
            )
            inner.bring(each.commit, None)
            inner.check_out(each.commit, f"{folder}/{each.path}", lfs=lfs)

    def _clone(self, commit: str, folder: str) -> None:
        """Check out a commit without its submodules and files of Git LFS."""
        git, parent = self._git, os.path.dirname(folder)
        # its objects stay in the mirror: links to them are not to be had on every disk
        words = ("clone", "--quiet", "--shared", "--no-checkout", "--", self._mirror, folder)
        git.run(*words, cwd=parent)
        git.run("remote", "set-url", "origin", git.url, cwd=folder)
        # `git checkout` says nothing of files that it cannot have
        git.run("update-ref", "--no-deref", "HEAD", commit, cwd=folder)
        git.run("reset", "--quiet", "--hard", cwd=folder)

    def _bring_lfs(self, folder: str) -> None:
        """Put files of Git LFS in the place of their pointers."""
        git = self._git
        # nobody may have done so for all repositories, and then pointers would stay without a word
        git.run("lfs", "install", "--local", "--skip-repo", cwd=folder)
        git.run("config", "--local", "lfs.storage", f"{self._mirror}/lfs", cwd=folder)
        git.run("lfs", "checkout" if self._offline else "pull", cwd=folder)
        listed = git.run("lfs", "ls-files", cwd=folder).splitlines()
        pointers = [
            path for _, sign, path in (line.split(" ", 2) for line in listed) if sign == "-"
        ]
        if pointers:
            raise LfsAbsentError(
                f"Git LFS does not have {pointers[0]}"
                + (f", and {len(pointers) - 1} more" if len(pointers) > 1 else "")
                + (": --offline fetches nothing" if self._offline else ""),
                where=git.shown,
            )

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit that the mirror has, None where it has no such file."""
        words = ("cat-file", "blob", f"{commit}:{path}")
        code, out, _ = self._git.attempt(*words, cwd=self._mirror)
        return None if code else out.encode("utf-8", "surrogateescape")

    def _find(self, name: str) -> str:
        """Return the commit that a name is in the mirror, "" where there is none."""
        if not os.path.isdir(self._mirror):
            return ""
        code, out, _ = self._git.attempt(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{name}^{{commit}}",
            cwd=self._mirror,
        )
        return "" if code else out.strip()

    def _renew(self) -> None:
        """Have all branches and tags as they are now; those that are gone go, another's name may be below theirs."""
        try:
            self._fetch(*_REFS)
        except GitFailedError as error:
            if not self._unlock():
                self._replace_damaged(error, _CHECK_REFS)
            self._fetch(*_REFS)

    def _unlock(self) -> bool:
        """Remove what a git that was killed has locked, for whoever may fetch is alone; whether there was any."""
        places = [
            f"{folder}/{name}"
            for folder, _, names in os.walk(self._mirror)
            for name in names
            if name.endswith(".lock")
        ]
        for place in places:
            fs.remove_file(place)
        return bool(places)

    def _replace_damaged(self, error: GitFailedError, *checks: tuple[str, ...]) -> None:
        """Clear away a mirror that a check finds damaged. Raises the error where the mirror is not to blame."""
        asked = (self._git.attempt(*check, cwd=self._mirror) for check in checks)
        complaint = next((complaint for code, _, complaint in asked if code), None)
        if complaint is None:
            raise error
        if self._offline:
            raise MirrorDamagedError(
                f"its mirror in the cache is damaged ({complaint}): {self._mirror}",
                where=self._git.shown,
                hints=("Without --offline it is fetched anew.",),
            ) from error
        fs.remove_tree(self._mirror)

    def _fetch(self, *refs: str) -> None:
        if not os.path.isfile(f"{self._mirror}/HEAD"):
            fs.make_folder(self._mirror)
            self._git.run("init", "--quiet", "--bare", "--template=", ".", cwd=self._mirror)
        words = ("--quiet", "--force", "--prune", "--no-tags", "--no-write-fetch-head")
        self._git.run("fetch", *words, "--end-of-options", self._git.url, *refs, cwd=self._mirror)

    def _fetch_one(self, word: str) -> bool:
        """Fetch what nobody advertises; whether the server gives it."""
        try:
            self._fetch(f"+{word}:refs/siteroot/{word}")
        except GitFailedError:
            return False
        return True

    def _absent_offline(self, what: str) -> MirrorOfflineError:
        return MirrorOfflineError(
            f"{what} is not in the cache, and --offline fetches nothing", where=self._git.shown
        )

    def _check_word(self, word: str) -> None:
        """Refuse what git could take for an option or a pattern."""
        if word.startswith("-") or re.search(r"[\s*?\[\\:^~\0]|\.\.", word):
            raise CommitAbsentError(
                f"{word[:80]!r} is no branch, tag or commit", where=self._git.shown
            )
