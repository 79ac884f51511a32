"""Where the parts of a distribution lie in a site root."""

from collections.abc import Mapping
from enum import Enum

from .value import dataclass


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies below a folder, both relative to one root: "../../../x" does not lie below ".."."""
    if not path.startswith(f"{folder}/" if folder else ""):
        return False
    rest = path[len(folder) + 1 :] if folder else path
    return rest not in ("", "..") and not rest.startswith("../")


class LayoutKind(Enum):
    """The four layouts of a site root."""

    TARGET = "target"
    PREFIX = "prefix"
    PYPACKAGES = "pypackages"
    INTERPRETER = "interpreter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A root's folder and, for each scheme, where it lies relative to that.

    `root` is absolute and resolved. `folders` has purelib, platlib, scripts, headers and data; "" is the root, and
    only an interpreter's folders may lead out of it ("../../../bin"). Headers go to `folders["headers"]/NAME`.
    `virtual` says that an interpreter's folders are a virtual environment's, for nobody but Python.
    """

    kind: LayoutKind
    root: str
    folders: Mapping[str, str]
    virtual: bool = False

    @property
    def movable(self) -> bool:
        """Whether everything lies below the root, so that it can be moved as one folder."""
        return self.kind is not LayoutKind.INTERPRETER
