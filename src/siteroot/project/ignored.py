"""Whether a folder holds nothing that anybody would keep: what git ignores there (gitignore(5)).

A member's folder that was removed often stays with its `__pycache__`; uv passes over it, and so does siteroot. Only
`.gitignore` files of the workspace are read, not the person's own.
"""

import posixpath
import re

from siteroot.model.value import dataclass
from siteroot.ports import ProjectFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    folder: str  # where the .gitignore lies
    shape: re.Pattern[str]  # of a path relative to that
    folders_only: bool
    keeps: bool  # "!": what an earlier rule ignores is kept


def holds_only_ignored(files: ProjectFiles, root: str, folder: str) -> bool:
    """Whether no file below `folder` is one that git would keep; an empty folder holds none."""
    rules: tuple[_Rule, ...] = ()
    above = posixpath.relpath(folder, root).split("/")[:-1]
    for depth in range(len(above) + 1):
        rules += _read_rules(files, posixpath.join(root, *above[:depth]))
    return _only_ignored(files, folder, rules)


def _only_ignored(files: ProjectFiles, folder: str, rules: tuple[_Rule, ...]) -> bool:
    rules += _read_rules(files, folder)
    for name in files.names(folder) or ():
        path = posixpath.join(folder, name)
        is_folder = files.is_folder(path)
        if _is_ignored(rules, path, is_folder=is_folder):
            continue
        if not is_folder or not _only_ignored(files, path, rules):
            return False
    return True


def _is_ignored(rules: tuple[_Rule, ...], path: str, *, is_folder: bool) -> bool:
    for rule in reversed(rules):
        if rule.folders_only and not is_folder:
            continue
        if rule.shape.fullmatch(posixpath.relpath(path, rule.folder)):
            return not rule.keeps
    return False


def _read_rules(files: ProjectFiles, folder: str) -> tuple[_Rule, ...]:
    content = files.read(posixpath.join(folder, ".gitignore")) or b""
    rules = (_rule(line, folder) for line in content.decode(errors="replace").splitlines())
    return tuple(rule for rule in rules if rule is not None)


def _rule(line: str, folder: str) -> _Rule | None:
    line = line.rstrip()
    if not line or line.startswith("#"):
        return None
    keeps = line.startswith("!")
    pattern = line.removeprefix("!").removeprefix("\\")
    folders_only = pattern.endswith("/")
    pattern = pattern.rstrip("/")
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    shape = _shape(pattern.removeprefix("/"))
    return _Rule(folder=folder, shape=shape, folders_only=folders_only, keeps=keeps)


def _shape(pattern: str) -> re.Pattern[str]:
    """Return the expression of a pattern; here `*` does not cross a slash."""
    out: list[str] = []
    for piece in re.split(r"(\*\*/|/\*\*$|\*|\?|\[[^]]+\])", pattern):
        match piece:
            case "**/":
                out.append("(?:.*/)?")
            case "/**":
                out.append("/.*")
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case _ if piece.startswith("[") and piece.endswith("]"):
                out.append(
                    f"[{'^' if piece[1] in '!^' else ''}{re.escape(piece[1:-1].lstrip('!^')).replace(chr(92) + '-', '-')}]"
                )
            case _:
                out.append(re.escape(piece))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")  # a pattern that git would not understand either
