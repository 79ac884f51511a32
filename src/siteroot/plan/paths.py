"""Relative paths of a root, where "" is the root itself and only an interpreter's may begin with ".."."""

from collections.abc import Collection, Iterable


def join_path(folder: str, path: str) -> str:
    """Join two relative paths."""
    return f"{folder}/{path}" if folder and path else folder or path


def parent(path: str) -> str:
    """Return the folder that a path lies in."""
    return path.rpartition("/")[0]


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return every folder above the paths, "" and those that are nothing but ".." left out."""
    folders: set[str] = set()
    for lowest in {path.rpartition("/")[0] for path in paths}:
        folder = lowest
        while folder and folder not in folders and not is_ascent(folder):
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def is_ascent(path: str) -> bool:
    """Whether a path only leads upward ("../.."): such folders are never made or removed."""
    return path == ".." or path.endswith("/..")


class Tree:
    """Files by their paths, and what the folders that they lie in hold: made once, asked for what lies near a change."""

    __slots__ = ("files", "names")

    def __init__(self, *holdings: Collection[str]) -> None:
        """Make it of some collections of paths; those whose neighbours lie in one folder, as in a RECORD, go faster."""
        self.files: set[str] = set().union(*holdings)
        #: What each folder holds, by its path, and so each folder above those, up to the root or to what only ascends.
        self.names: dict[str, set[str]] = {}
        names = self.names
        last, held = "", names.setdefault("", set())
        for files in holdings:
            for path in files:
                folder, _, name = path.rpartition("/")
                if folder != last:
                    last = folder
                    held = names[folder] if folder in names else names.setdefault(folder, set())
                held.add(name)
        for lowest in tuple(names):
            folder = lowest
            while folder and not is_ascent(folder):
                above, _, name = folder.rpartition("/")
                held = names.setdefault(above, set())
                if name in held:
                    break
                held.add(name)
                folder = above

    def folders(self) -> set[str]:
        """Return the folders as `folders_of` would."""
        return {folder for folder in self.names if folder and not is_ascent(folder)}

    def beside(self, folders: Iterable[str]) -> set[str]:
        """Return the paths, of files and folders, that lie in one of these folders."""
        names = self.names
        return {join_path(folder, name) for folder in folders for name in names.get(folder, ())}

    def files_in(self, folders: Iterable[str]) -> set[str]:
        """Return the files that lie in one of these folders."""
        return self.files & self.beside(folders)


def depth_first(folders: Iterable[str]) -> list[str]:
    """Return folders with the deepest first, and by name."""
    return sorted(folders, key=lambda folder: (-folder.count("/") - bool(folder), folder))


def pycache_of(module: str) -> tuple[str, str]:
    """Return the `__pycache__` folder of a `.py` path and what the names of its bytecode begin with (PEP 3147)."""
    folder, _, name = module.rpartition("/")
    return join_path(folder, "__pycache__"), name[:-3] + "."


def is_bytecode_of(path: str, modules: set[str]) -> bool:
    """Whether a path is that of bytecode of one of the modules."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".pyc") or folder.rpartition("/")[2] != "__pycache__":
        return False
    return join_path(parent(folder), name.partition(".")[0] + ".py") in modules
