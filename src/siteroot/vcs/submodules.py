"""Which submodules a checked out tree wants: where from, and at which commit, as git itself reads .gitmodules."""

from collections.abc import Iterator

from siteroot.model.value import dataclass

from .git import Git

_LINK = "160000 commit "  # how a tree lists a submodule


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodule:
    """`path` is its folder in the tree. `url` is absolute, a relative one laid against the repository's own."""

    path: str
    url: str
    commit: str


def list_submodules(git: Git, folder: str) -> list[Submodule]:
    """Return the submodules of a checked out tree. Raises GitFailedError where one has no URL."""
    commits = dict(_links(git.run("ls-tree", "-r", "-z", "HEAD", cwd=folder)))
    if not commits:
        return []
    git.run("submodule", "--quiet", "init", cwd=folder)
    names = _settings(git, "--file=.gitmodules", "path", folder)
    urls = _settings(git, "--local", "url", folder)
    updates = _settings(git, "--local", "update", folder)
    return [
        Submodule(path=path, url=urls[name], commit=commits[path])
        for name, path in names.items()
        if path in commits and name in urls and updates.get(name) != "none"
    ]


def _links(listed: str) -> Iterator[tuple[str, str]]:
    for entry in listed.split("\0"):
        if entry.startswith(_LINK):
            commit, _, path = entry.removeprefix(_LINK).partition("\t")
            yield path, commit


def _settings(git: Git, of: str, key: str, folder: str) -> dict[str, str]:
    """Return one key of each submodule's settings, by the submodule's name."""
    words = ("config", of, "-z", "--get-regexp", rf"^submodule\..*\.{key}$")
    _, told, _ = git.attempt(*words, cwd=folder)
    pairs = (entry.partition("\n") for entry in told.split("\0") if entry)
    return {name[len("submodule.") : -len(key) - 1]: value for name, _, value in pairs}
